"""What the listing of entries needs: by kind, by amount, and by a part of the memo."""

from django.db import migrations, models

import tenants.schema.searches


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0008_readable_times_of_old_rows"),
        ("tenants", "0008_extensions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["tenant", "amount"], name="budgets_entry_amount"),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                fields=["tenant", "budget", "kind", "seq"], name="budgets_movement_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("memo", "source"), name="budgets_movement_search"
            ),
        ),
    ]
