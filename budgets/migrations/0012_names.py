"""Names have the 255 characters that other systems give them."""

from django.db import migrations, models

import tenants.schema.constraints

# PostgreSQL changes no column that a trigger names: it goes, and comes back.
HISTORY = tenants.schema.constraints.RowTrigger(
    args=(
        "budgets.budget",
        "updated_at,version,last_seq,deposited,withdrawn,last_recorded_at",
    ),
    deferred=False,
    function="tenants_record_change",
    name="budgets_budget_history",
    when="AFTER INSERT OR DELETE OR UPDATE OF name, owner_id, archived_at",
)


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0011_defaults"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bucket",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AlterField(
            model_name="bucketversion",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.RemoveConstraint(model_name="budget", name="budgets_budget_history"),
        migrations.AlterField(
            model_name="budget",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AddConstraint(model_name="budget", constraint=HISTORY),
        migrations.AlterField(
            model_name="schedule",
            name="name",
            field=models.CharField(max_length=255),
        ),
    ]
