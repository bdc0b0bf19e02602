"""The app's configuration."""

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """Buckets, and a ledger that cannot lose a cent."""

    name = "budgets"
    commented = True
