"""The app's configuration."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

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
        from budgets import audit

        yield from audit.breaks_of(tenant)
