"""What was redistributed and when last: in the dashboard, and month by month."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.ledger import fill
from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tests.budgets.reading import statements
from tests.factories import BucketFactory, BudgetFactory
from tests.tenants.listing.test_plans import explained

MARCH, APRIL, JUNE = (datetime(2026, month, 15, tzinfo=UTC) for month in (3, 4, 6))


@pytest.fixture
def rent(budget):
    """An envelope that cascades pass by so far, beside 1,000 in the money bucket."""
    rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60), target=100, locked=True)
    Movement.objects.deposit(budget, 1_000, effective_at=MARCH)
    return Bucket.objects.unlock(rent)


def told(budget):
    seen = Budget.objects.dashboard(budget)
    return seen.redistributed, seen.last_redistributed_at


def by_month(budget, last=12):
    months = Budget.objects.months(budget, zone=UTC, last=last, until=date(2026, 6, 30))
    return [(m.first.month, m.redistributed, m.last_redistributed_at) for m in months]


class TestDashboard:
    def test_has_nothing_to_tell_before_the_first(self, budget, rent):
        assert told(budget) == (0, None)

    def test_tells_what_left_the_money_bucket_through_the_cascade_or_straight(self, budget, rent):
        Movement.objects.redistribute(budget, 70, effective_at=JUNE)  # the cascade keeps 60
        Movement.objects.redistribute_to(rent, 90, effective_at=APRIL)  # there is space for 40

        assert told(budget) == (100, APRIL)  # the newest, as money has its order

    def test_does_not_count_what_was_reversed_since(self, budget, rent):
        Movement.objects.redistribute_to(rent, 30, effective_at=MARCH)
        wrong = Movement.objects.redistribute_to(rent, 40, effective_at=APRIL)
        Movement.objects.reverse_movement(wrong, effective_at=JUNE)

        assert told(budget) == (30, MARCH)

    def test_counts_no_other_movement_of_the_money_bucket(self, budget, rent):
        money = budget.buckets.money()
        Movement.objects.transfer(money, rent, 10)
        Movement.objects.withdraw(money, 20)
        Bucket.objects.set_target(rent, 5)
        Movement.objects.release_excess(rent)

        assert told(budget) == (0, None)

    def test_is_of_the_budget_alone(self, budget, rent):
        other = BudgetFactory()
        Movement.objects.redistribute_to(rent, 30)

        assert told(other) == (0, None)


class TestMonths:
    def test_tell_it_of_each_month(self, budget, rent):
        first = datetime(2026, 4, 1, tzinfo=UTC)
        Movement.objects.redistribute_to(rent, 30, effective_at=APRIL)
        Movement.objects.redistribute_to(rent, 20, effective_at=first)
        Movement.objects.redistribute(budget, 50, effective_at=JUNE)

        assert by_month(budget) == [
            (3, 0, None), (4, 50, APRIL), (5, 0, None), (6, 50, JUNE),
        ]  # fmt: skip

    def test_take_a_reversal_off_in_its_own_month(self, budget, rent):
        wrong = Movement.objects.redistribute_to(rent, 30, effective_at=MARCH)
        Movement.objects.redistribute_to(rent, 40, effective_at=APRIL)
        Movement.objects.reverse_movement(wrong, effective_at=APRIL)

        assert by_month(budget)[:2] == [(3, 30, None), (4, 10, APRIL)]
        assert sum(given for _, given, _ in by_month(budget)) == told(budget)[0] == 40

    def test_add_up_the_budgets_of_a_currency_and_no_other(self, budget, rent):
        Movement.objects.redistribute_to(rent, 30, effective_at=APRIL)
        for currency in (budget.currency, "JPY"):
            other = BudgetFactory(currency=currency)
            Movement.objects.deposit(other, 9, effective_at=APRIL)
            full = BucketFactory(budget=other, filter=Claim(flat=9))
            Movement.objects.redistribute_to(full, 7, effective_at=JUNE)

        until = date(2026, 6, 30)
        euro, yen = Budget.objects.months_by_currency(zone=UTC, until=until)

        assert [month.redistributed for month in euro.months] == [0, 30, 0, 7]
        assert euro.months[-1].last_redistributed_at == JUNE
        assert sum(month.redistributed for month in yen.months) == 7


@pytest.mark.parametrize("many", [0, 1, 9])
def test_takes_no_more_statements_for_more_of_it(budget, rent, many):
    for _ in range(many):
        Movement.objects.redistribute_to(rent, 1)

    with statements(1):
        assert Budget.objects.dashboard(budget).redistributed == many
    with statements(3):
        assert Budget.objects.months(budget, zone=UTC)[-1].redistributed == many


@pytest.mark.usefixtures("own_database")
def test_of_a_long_ledger_only_redistributions_are_read(budget):
    rent = BucketFactory(budget=budget)
    fill(budget, [rent.pk, budget.buckets.money().pk], movements=5_000)
    try:
        for ask in (Budget.objects.dashboard, Budget.objects.months):
            with CaptureQueriesContext(connection) as captured:
                ask(budget)
            nodes = explained(captured.captured_queries[-1]["sql"], "ANALYZE,")

            kinds = [node for node in nodes if node.get("Index Name") == "budgets_movement_kind"]
            entries = [node for node in nodes if node.get("Relation Name") == "budgets_entry"]
            assert kinds
            assert sum(node["Actual Rows"] * node["Actual Loops"] for node in kinds) == 0
            assert sum(node["Actual Rows"] * node["Actual Loops"] for node in entries) <= 2
    finally:
        transaction.set_rollback(True)
