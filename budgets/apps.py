"""The app's configuration."""

from typing import ClassVar

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """Buckets, and a ledger that cannot lose a cent."""

    name = "budgets"
    commented = True
    time_zones: ClassVar = {"budgets_schedule": "time_zone"}  # for `check --database`
