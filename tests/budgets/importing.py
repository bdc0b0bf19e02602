"""A budget to import statements into, for tests. No block is open."""

from dataclasses import dataclass
from typing import Any, Self

from budgets.jobs import audit
from budgets.models import Budget, Movement
from tenants.context import acting_for
from tenants.models import Tenant
from tests.command_line import Ran, manage
from tests.factories import BucketFactory, BudgetFactory


@dataclass(frozen=True)
class Importer:
    """A tenant's budget called Household, and the command that imports into it."""

    tenant: Tenant

    @classmethod
    def of(cls, tenant: Tenant, currency: str = "EUR") -> Self:
        with acting_for(tenant):
            BucketFactory(budget=BudgetFactory(name="Household", currency=currency))
        return cls(tenant)

    def run(self, file: object, *words: object) -> Ran:
        """Import the file."""
        at = ("--tenant", self.tenant.slug, "--budget", "Household")
        return manage("import_statement", *at, *words, "--", file)

    def told(self, file: object, *words: object) -> dict[str, Any]:
        """Import the file, which goes well, and return what programs are told."""
        ran = self.run(file, "--json", *words)
        assert ran.code == 0, ran.err
        answer: dict[str, Any] = ran.json
        return answer

    def statuses(self, file: object, *words: object) -> tuple[int, int, int]:
        """Import the file: how many lines were new, duplicate and skipped."""
        told = self.told(file, *words)
        return told["new"], told["duplicate"], told["skipped"]

    @property
    def amounts(self) -> list[int]:
        """What has come in, in order."""
        with acting_for(self.tenant):
            return list(Movement.objects.order_by("seq").values_list("amount", flat=True))

    @property
    def state(self) -> dict[str, Any]:
        """The budget's row, which changes with every movement and every rule."""
        with acting_for(self.tenant):
            return dict(Budget.objects.values().get())

    @property
    def breaks(self) -> list[audit.Break]:
        """What the audit finds."""
        return list(audit.breaks_of(self.tenant))
