"""A budget at a glance."""

from datetime import UTC, datetime

import pytest

from budgets.cascade import Claim
from budgets.errors import UnknownBudget
from budgets.managers.dispositions import Disposition, Overflow
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory, BudgetFactory

JUNE = datetime(2026, 6, 30, 12, tzinfo=UTC)


def states(budget):
    return {state.name: state for state in Budget.objects.dashboard(budget).buckets}


class TestBuckets:
    def test_come_in_the_order_they_are_served_the_money_bucket_last(self, budget):
        for name, priority in (("third", 7), ("first", 0), ("second", 2)):
            BucketFactory(budget=budget, name=name, priority=priority)

        assert list(states(budget)) == ["first", "second", "third", "Money"]

    def test_show_what_they_hold_and_how_full_that_is(self, budget):
        BucketFactory(budget=budget, name="third", filter=Claim(flat=100), target=300)
        BucketFactory(budget=budget, name="full", filter=Claim(flat=50), target=50)
        BucketFactory(budget=budget, name="endless", filter=Claim(flat=7))
        Movement.objects.deposit(budget, 160)

        shown = states(budget)

        figures = {
            name: (state.balance, state.target, state.space, state.fill, state.state)
            for name, state in shown.items()
        }
        assert figures == {
            "third": (100, 300, 200, 333_333, "active"),
            "full": (50, 50, 0, 1_000_000, "full"),
            "endless": (7, None, None, None, "active"),
            "Money": (3, None, None, None, "active"),
        }

    def test_may_be_more_than_full(self, budget):
        over = BucketFactory(budget=budget, name="over", target=100)
        Movement.objects.deposit_into(over, 150, overflow=Overflow.ALLOW)

        assert states(budget)["over"].fill == 1_500_000

    def test_are_locked_before_they_are_full(self, budget):
        BucketFactory(budget=budget, name="both", target=0, locked=True)

        state = states(budget)["both"]

        assert (state.state, state.locked, state.fill) == ("locked", True, 1_000_000)

    def test_show_their_rules(self, budget):
        hold = Claim(flat=725)
        BucketFactory(budget=budget, name="Rent", filter=Claim(share=300_000), hold=hold)

        rent, money = Budget.objects.dashboard(budget).buckets

        assert (rent.filter, rent.hold, rent.priority) == (Claim(share=300_000), hold, 0)
        assert (money.filter, money.hold, money.priority) == (None, None, None)

    def test_are_the_open_ones(self, budget):
        closed = BucketFactory(budget=budget)
        Movement.objects.deposit_into(closed, 5)
        Bucket.objects.close(closed, Disposition.MONEY)

        assert list(states(budget)) == ["Money"]


class TestWhatMovedLast:
    def test_is_the_newest_entry_of_each_bucket(self, budget):
        rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60))
        Movement.objects.deposit(budget, 100, memo="first")
        second = Movement.objects.withdraw(rent, 20, memo="second", effective_at=JUNE)

        shown = states(budget)

        last = shown["Rent"].last
        assert (last.movement, last.seq, last.kind) == (second.pk, 2, "withdraw")
        assert (last.amount, last.effective_at, last.memo) == (-20, JUNE, "second")
        assert (shown["Money"].last.memo, shown["Money"].last.amount) == ("first", 40)

    def test_is_nothing_before_the_first(self, budget):
        [money] = Budget.objects.dashboard(budget).buckets

        assert money.last is None


class TestTotals:
    def test_are_those_of_the_buckets_and_of_the_budget(self, budget):
        rent = BucketFactory(budget=budget, filter=Claim(flat=60), target=100)
        BucketFactory(budget=budget, filter=Claim(flat=5), target=10)
        Movement.objects.deposit(budget, 90)
        Movement.objects.withdraw(rent, 7)

        told = Budget.objects.dashboard(budget)

        assert (told.deposited, told.withdrawn, told.held) == (90, 7, 83)
        assert (told.targeted, told.missing, told.spare) == (110, 52, 25)

    def test_are_of_the_version_they_name_not_of_the_object_asked(self, budget):
        asked = Budget.objects.get(pk=budget.pk)
        Movement.objects.deposit(budget, 90)

        told = Budget.objects.dashboard(asked)

        assert (told.deposited, told.version, told.seq) == (90, budget.version, 1)
        assert (asked.deposited, told.currency, told.exponent) == (0, "EUR", 2)


@pytest.mark.parametrize("buckets", [0, 1, 40])
def test_takes_one_statement_whatever_the_number_of_buckets(budget, buckets):
    fill_with_buckets(budget, buckets)
    Movement.objects.deposit(budget, 100)

    with statements(1):
        told = Budget.objects.dashboard(budget)

    assert len(told.buckets) == buckets + 1


def test_a_budget_of_another_tenant_is_unknown(tenant, other):
    with acting_for(other):
        elsewhere = BudgetFactory()
    with acting_for(tenant):
        for read in (
            lambda: Budget.objects.dashboard(elsewhere),
            lambda: Budget.objects.balances_at(elsewhere, seq=1),
            lambda: Budget.objects.months(elsewhere),
            lambda: Budget.objects.what_if(elsewhere, {}),
            lambda: Budget.objects.projection(elsewhere, []),
        ):
            with pytest.raises(UnknownBudget):
                read()
