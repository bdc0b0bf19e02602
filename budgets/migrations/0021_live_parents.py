"""No live row under a deleted one: PostgreSQL refuses it (`tenants.schema.live_parents`)."""

from django.db import migrations

import tenants.schema.live_parents


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0020_grants"),
        ("tenants", "0020_grants"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.schema.live_parents.LiveParent(
                cascades=False, field="owner", name="budgets_budget_owner_live", soft=False
            ),
        ),
    ]
