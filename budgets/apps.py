"""The app's configuration."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, override

from django.apps import AppConfig

if TYPE_CHECKING:
    from tenants.models import Tenant


class BudgetsConfig(AppConfig):
    """Buckets, and a ledger that cannot lose a cent."""

    name = "budgets"
    commented = True
    time_zones: ClassVar = {"budgets_schedule": "time_zone"}  # for `check --database`

    def faults_of(self, tenant: "Tenant") -> "Iterator[object]":
        """What an audit finds in a tenant's ledger: asked by `loaddata --tenant` before COMMIT."""
        from budgets.jobs import audit

        yield from audit.breaks_of(tenant)

    @override
    def ready(self) -> None:
        from budgets.managers import quotas  # noqa: F401  # declares them

    def knows_currency(self, code: str) -> bool:
        """Whether a tenant can choose it for its budgets: money in use, by ISO 4217."""
        from budgets.money import currencies

        return currencies.in_use(code)
