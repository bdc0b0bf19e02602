"""What the last deposits would have done under other rules."""

import pytest

from budgets.cascade import Claim
from budgets.errors import BadQuestion, BadRule, BucketClosed, UnknownBucket
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory, BudgetFactory


def outcomes(told):
    """Kept, kept by the rules of today, and by the others."""
    return {one.bucket.name: (one.kept, one.today, one.would_keep) for one in told.outcomes}


def differences(told):
    return {one.bucket.name: one.difference for one in told.outcomes}


@pytest.fixture
def rent(budget):
    """Two deposits of 100: Rent keeps 60 and 40, Fund 40 and 30."""
    rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60), target=100)
    BucketFactory(budget=budget, name="Fund", filter=Claim(share=1_000_000), target=70)
    Movement.objects.deposit(budget, 100)
    Movement.objects.deposit(budget, 100)
    return rent


@pytest.fixture
def fund(budget, rent):
    return Bucket.objects.get_by_name(budget, "Fund")


class TestOtherRules:
    def test_are_compared_with_those_of_today(self, budget, rent):
        told = Budget.objects.what_if(budget, {rent: {"filter": Claim(flat=10)}})

        assert outcomes(told) == {
            "Rent": (100, 100, 20),
            "Fund": (70, 70, 70),
            "Money": (30, 30, 110),
        }
        assert differences(told) == {"Rent": -80, "Fund": 0, "Money": 80}

    def test_that_are_those_of_today_change_nothing(self, budget, rent, fund):
        Movement.objects.deposit(budget, 100)
        Movement.objects.withdraw(rent, 90)
        Bucket.objects.set_target(fund, 10)
        Movement.objects.deposit(budget, 100)

        told = Budget.objects.what_if(budget, {})

        assert outcomes(told) == {
            "Rent": (160, 100, 100),
            "Fund": (70, 10, 10),
            "Money": (170, 290, 290),
        }
        assert set(differences(told).values()) == {0}

    @pytest.mark.parametrize(
        ("other", "kept"),
        [
            ({"filter": Claim(share=100_000)}, {"Rent": 20, "Fund": 70, "Money": 110}),
            ({"hold": Claim(flat=90)}, {"Rent": 100, "Fund": 70, "Money": 30}),
            ({"target": 70}, {"Rent": 70, "Fund": 70, "Money": 60}),
            ({"target": None}, {"Rent": 120, "Fund": 70, "Money": 10}),
            ({"locked": True}, {"Rent": 0, "Fund": 70, "Money": 130}),
            ({"priority": 9}, {"Rent": 90, "Fund": 70, "Money": 40}),
        ],
    )
    def test_may_be_of_every_kind(self, budget, rent, other, kept):
        told = Budget.objects.what_if(budget, {rent: other})

        assert {one.bucket.name: one.would_keep for one in told.outcomes} == kept
        assert sum(kept.values()) == 200

    def test_may_change_places(self, budget, rent, fund):
        told = Budget.objects.what_if(budget, {rent: {"priority": 1}, fund: {"priority": 0}})

        assert [step.key.name for step in told.deposits[0].plan.steps] == ["Fund", "Rent"]

    def test_are_the_rules_of_today_for_the_buckets_they_do_not_name(self, budget, rent, fund):
        Bucket.objects.set_target(fund, 10)

        assert outcomes(Budget.objects.what_if(budget, {}))["Fund"] == (70, 10, 10)

    def test_do_not_outlive_the_question(self, budget, rent):
        before = list(Bucket.objects.order_by("pk").values())

        Budget.objects.what_if(budget, {rent: {"filter": Claim(flat=1), "locked": True}})

        assert list(Bucket.objects.order_by("pk").values()) == before
        assert budget.movements.count() == 2


class TestDeposits:
    def test_are_the_last_ones_on_the_balances_before_the_first_of_them(self, budget, rent):
        told = Budget.objects.what_if(budget, {rent: {"target": None}}, last=1)

        [second] = told.deposits
        assert (second.seq, second.amount, second.plan.remainder) == (2, 100, 10)
        assert outcomes(told)["Rent"] == (40, 40, 60)
        assert outcomes(told)["Fund"] == (30, 30, 30)

    def test_follow_each_other(self, budget, rent):
        told = Budget.objects.what_if(budget, {rent: {"filter": Claim(flat=55)}})

        kept = [[step.kept for step in rerun.plan.steps] for rerun in told.deposits]
        assert [rerun.seq for rerun in told.deposits] == [1, 2]
        assert kept == [[55, 45], [45, 25]]

    def test_are_not_kept_apart_by_what_moved_between(self, budget, rent, fund):
        Movement.objects.withdraw(rent, 100)
        Movement.objects.deposit_into(fund, 0 + 1_000)
        Movement.objects.deposit(budget, 100)

        told = Budget.objects.what_if(budget, {})

        assert len(told.deposits) == 3
        assert outcomes(told)["Rent"] == (160, 100, 100)

    def test_that_were_reversed_are_passed_over_unless_asked_for(self, budget, rent):
        Movement.objects.reverse_movement(budget.movements.get(seq=2))

        without = Budget.objects.what_if(budget, {}, last=2)
        with_it = Budget.objects.what_if(budget, {}, last=2, with_reversed=True)

        assert [rerun.seq for rerun in without.deposits] == [1]
        assert [rerun.seq for rerun in with_it.deposits] == [1, 2]

    def test_may_be_fewer_than_asked_or_none(self, budget):
        told = Budget.objects.what_if(budget, {}, last=5)

        assert (told.deposits, outcomes(told)) == ((), {"Money": (0, 0, 0)})

    def test_count_with_what_closed_buckets_had_kept(self, budget, rent):
        Bucket.objects.close(rent, Disposition.OUT)

        told = Budget.objects.what_if(budget, {})

        assert outcomes(told) == {
            "Fund": (70, 70, 70),
            "Money": (30, 130, 130),
            "Rent": (100, 0, 0),
        }

    def test_come_to_the_same_in_each_column(self, budget, rent, fund):
        for amount in (7, 333, 1_000_003):
            Movement.objects.deposit(budget, amount)

        told = Budget.objects.what_if(budget, {fund: {"target": None}}, last=4)

        sums = [sum(column) for column in zip(*outcomes(told).values(), strict=True)]
        assert sums == [1_000_443] * 3


class TestRefusals:
    @pytest.mark.parametrize(
        "other",
        [
            {"priority": 1},  # Fund's
            {"priority": -1},
            {"target": -1},
            {"target": 1.5},
            {"colour": "red"},
        ],
    )
    def test_of_rules_that_no_bucket_can_have(self, budget, rent, other):
        with pytest.raises(BadRule):
            Budget.objects.what_if(budget, {rent: other})

    def test_of_a_bucket_that_takes_no_part(self, budget, rent, fund):
        Bucket.objects.close(fund, Disposition.MONEY)

        for bucket, refusal in (
            (budget.buckets.money(), BadRule),
            (fund, BucketClosed),
            (BucketFactory(budget=BudgetFactory()), UnknownBucket),
        ):
            with pytest.raises(refusal):
                Budget.objects.what_if(budget, {bucket: {"locked": True}})

    @pytest.mark.parametrize("last", [0, 1_001, -3, 1.0, None])
    def test_of_a_number_of_deposits_out_of_bounds(self, budget, last):
        with pytest.raises(BadQuestion):
            Budget.objects.what_if(budget, {}, last=last)


@pytest.mark.parametrize("many", [1, 15])
def test_takes_four_statements_whatever_there_is_to_read(budget, many):
    fill_with_buckets(budget, many)
    for _ in range(many):
        Movement.objects.deposit(budget, 10)

    with statements(4):
        told = Budget.objects.what_if(budget, {}, last=many)

    assert len(told.deposits) == many
