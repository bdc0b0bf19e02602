"""A household that commands are run on: a budget with money in its buckets, and who may what."""

from typing import Any

from budgets.cascade import Claim
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from tenants.context import acting_for
from tenants.models import Change, Tenant
from tests.command_line import Ran, manage
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory

LEDGER = (Budget, Bucket, BucketVersion, Movement, Entry, Change)


class Household:
    """A budget in EUR with 500.00 in it.

    Rent    100.00 of 150.00   a flat 100.00
    Fun     200.00             half of what arrives
    Car       0.00             locked
    Money   200.00             and Gone, which is closed
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        with acting_for(tenant):
            self.budget = BudgetFactory(name="Household")
            for name, filter, rules in (
                ("Rent", Claim(flat=100_00), {"target": 150_00}),
                ("Fun", Claim(share=500_000), {}),
                ("Car", Claim(flat=1), {"locked": True}),
                ("Gone", Claim(), {}),
            ):
                BucketFactory(budget=self.budget, name=name, filter=filter, **rules)
            gone = Bucket.objects.get_by_name(self.budget, "Gone")
            Bucket.objects.close(gone, Disposition.MONEY)
            Movement.objects.deposit(self.budget, 500_00)

    def run(self, command: str, *words: object, budget: str = "household") -> Ran:
        """Run a command on the budget, without Django's checks: they are half of its time."""
        where = ("--tenant", self.tenant.slug, "--budget", budget)
        return manage(command, "--skip-checks", *words, *where)

    def member(self, role: str) -> str:
        """The address of a new member."""
        with acting_for(self.tenant):
            member: Any = MembershipFactory(role=role)
            return str(member.user.email)

    def everything(self) -> list[Any]:
        """Every row of the ledger, and of the history."""
        with acting_for(self.tenant):
            return [list(model.objects.order_by("pk").values()) for model in LEDGER]

    def balances(self) -> dict[str, int]:
        """What each open bucket holds."""
        with acting_for(self.tenant):
            return dict(self.budget.buckets.open().values_list("name", "balance"))

    def newest(self) -> Movement:
        """The last movement."""
        with acting_for(self.tenant):
            return self.budget.movements.newest()

    def bucket(self, name: str) -> Bucket:
        """The open bucket of that name."""
        with acting_for(self.tenant):
            return Bucket.objects.get_by_name(self.budget, name)
