"""Indexes for ledger pages of a range of days, by either clock; the uniques serve all others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("budgets", "0002_initial")]

    operations = [
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                fields=["tenant", "budget", "effective_at"], name="budgets_movement_effective"
            ),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                fields=["tenant", "budget", "recorded_at"], name="budgets_movement_recorded"
            ),
        ),
    ]
