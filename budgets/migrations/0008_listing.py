"""Budgets are listed by owner and by age, and found by a part of their name."""

from django.db import migrations

import tenants.indexes


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0007_comments"),
        ("tenants", "0007_comments"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.indexes.TrigramSearch(
                fields=("name",), name="budgets_budget_search"
            ),
        ),
    ]
