"""What every entry is given by PostgreSQL: the seq of its movement."""

import pytest
from django.core.management import call_command

from budgets.cascade import Claim
from budgets.models import Budget, Entry, Movement
from tenants.context import acting_for
from tenants.postgres.base import as_owner
from tests.factories import BucketFactory, BudgetFactory

pytestmark = pytest.mark.usefixtures("own_database", "committed")


def migrate(*to: str) -> None:
    with as_owner():
        call_command("migrate", "budgets", *to, verbosity=0)


def test_entries_from_before_there_was_a_column_have_it_too(tenant):
    with acting_for(tenant):
        budget = BudgetFactory()
        rent = BucketFactory(budget=budget, filter=Claim(flat=1))
        for amount in (5, 1, 3):
            Movement.objects.deposit(budget, amount)
        Movement.objects.withdraw(rent, 2)

    migrate("0009")
    migrate()

    with acting_for(tenant):
        seqs = Entry.objects.order_by("movement_seq").values_list("movement_seq", flat=True)
        assert list(seqs) == [1, 1, 2, 3, 3, 4]
        assert not Entry.objects.misplaced().exists()
        assert Budget.objects.balances_at(budget, seq=3).total == 9


def test_it_is_there_as_soon_as_the_movement_is(tenant):
    with acting_for(tenant):
        budget = BudgetFactory()
        Movement.objects.deposit(budget, 5)
        second = Movement.objects.deposit(budget, 6)

        [entry] = second.entries.all()

    assert entry.movement_seq == second.seq == 2
