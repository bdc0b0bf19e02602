"""The app's configuration."""

from typing import ClassVar, override

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """Buckets, and a ledger that cannot lose a cent."""

    name = "budgets"
    commented = True
    time_zones: ClassVar = {"budgets_schedule": "time_zone"}  # for `check --database`

    @override
    def ready(self) -> None:
        from budgets import quotas  # noqa: F401  # declares them

    def knows_currency(self, code: str) -> bool:
        """Whether a tenant can choose it for its budgets: money in use, by ISO 4217."""
        from budgets import currencies

        return currencies.in_use(code)
