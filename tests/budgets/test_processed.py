"""What a movement brought to envelopes, and what to the money bucket."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.cascade import WHOLE, Claim
from budgets.managers.dispositions import Disposition, Overflow
from budgets.models import Bucket, Movement
from tenants.context import acting_for
from tests.budgets.reading import statements
from tests.factories import BucketFactory, BudgetFactory, TenantFactory

CLAIMS = st.builds(Claim, flat=st.integers(0, 500)) | st.builds(Claim, share=st.integers(1, WHOLE))
RULES = st.lists(st.tuples(CLAIMS, st.none() | st.integers(0, 600)), max_size=4)
AMOUNTS = st.lists(st.integers(1, 2_000), min_size=1, max_size=4)


def figures(movement):
    return movement.processed, movement.to_money


@pytest.fixture
def rent(budget):
    return BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60), target=100)


class TestADeposit:
    def test_says_what_was_processed_and_what_went_to_the_money_bucket(self, budget, rent):
        assert figures(Movement.objects.deposit(budget, 90)) == (60, 30)
        assert figures(Movement.objects.deposit(budget, 90)) == (40, 50)
        assert figures(Movement.objects.deposit(budget, 90)) == (0, 90)

    def test_into_a_bucket_does_too(self, budget, rent):
        assert figures(Movement.objects.deposit_into(rent, 130)) == (100, 30)
        assert figures(Movement.objects.deposit_into(rent, 5, overflow=Overflow.ALLOW)) == (5, 0)


def test_other_movements_may_take_from_either(budget, rent):
    money = budget.buckets.money()
    deposit = Movement.objects.deposit_into(money, 80)
    moved = Movement.objects.redistribute_to(rent, 50)
    out = Movement.objects.withdraw(rent, 20)
    back = Movement.objects.reverse_movement(out)
    Bucket.objects.close(rent, Disposition.OUT)
    closed = Movement.objects.latest("seq")

    told = [figures(each) for each in (deposit, moved, out, back, closed)]

    assert told == [(0, 80), (50, -50), (-20, 0), (20, 0), (-50, 0)]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=RULES, amounts=AMOUNTS)
def test_the_two_come_to_the_amount_of_any_deposit(committed, rules, amounts):
    with acting_for(TenantFactory()):
        budget = BudgetFactory()
        for filter, target in rules:
            BucketFactory(budget=budget, filter=filter, target=target)

        for amount in amounts:
            movement = Movement.objects.deposit(budget, amount)

            kept = Movement.objects.replay(movement).lines
            assert movement.processed + movement.to_money == amount
            assert movement.processed == sum(step.kept for step in kept)


class TestStatements:
    def test_both_figures_of_one_movement_are_one_statement(self, budget, rent):
        movement = Movement.objects.get(pk=Movement.objects.deposit(budget, 90).pk)

        with statements(1):
            told = figures(movement)
            assert figures(movement) == told

        assert told == (60, 30)

    def test_of_movements_read_with_their_entries_they_take_none(self, budget, rent):
        for amount in (90, 80):
            Movement.objects.deposit(budget, amount)
        rows = list(Movement.objects.prefetch_related("entries__bucket").order_by("seq"))

        with statements(0):
            told = [figures(movement) for movement in rows]

        assert told == [(60, 30), (40, 40)]
