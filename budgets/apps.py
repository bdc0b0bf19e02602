"""The AppConfig of budgets."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, override

from django.apps import AppConfig

if TYPE_CHECKING:
    from tenants.models import Tenant


class BudgetsConfig(AppConfig):
    """Envelope budgets and their double-entry ledger."""

    name = "budgets"
    commented = True
    time_zones: ClassVar = {"budgets_schedule": "time_zone"}  # for `check --database`

    def faults_of(self, tenant: "Tenant") -> "Iterator[object]":
        """The breaks of a tenant's ledger; `loaddata --tenant` calls it before COMMIT."""
        from budgets.jobs import audit

        yield from audit.breaks_of(tenant)

    @override
    def ready(self) -> None:
        from budgets.managers import quotas  # noqa: F401  # declares the quotas

    def knows_currency(self, code: str) -> bool:
        """Whether `code` is the ISO 4217 code of a currency in use, in capitals."""
        from budgets.money import currencies

        return currencies.in_use(code)
