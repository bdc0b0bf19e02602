"""What buckets held, by what had happened, by what had been entered, and by seq."""

from datetime import UTC, datetime, timedelta

import pytest

from budgets.cascade import Claim
from budgets.errors import BadQuestion
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Entry, Movement
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))
INSTANT = datetime.resolution


def held(balances):
    return {bucket.name: bucket.balance for bucket in balances.buckets}


@pytest.fixture
def rent(budget):
    """June's deposit is entered before May's."""
    rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60))
    Movement.objects.deposit(budget, 100, effective_at=JUNE)
    Movement.objects.deposit(budget, 50, effective_at=MAY)
    Movement.objects.withdraw(rent, 30, effective_at=JULY)
    return rent


class TestEffective:
    @pytest.mark.parametrize(
        ("when", "rent_held", "money_held"),
        [
            (MAY - INSTANT, 0, 0),
            (MAY, 50, 0),
            (JUNE - INSTANT, 50, 0),
            (JUNE, 110, 40),
            (JULY, 80, 40),
        ],
    )
    def test_counts_what_had_happened_whenever_it_was_entered(
        self, budget, rent, when, rent_held, money_held
    ):
        told = Budget.objects.balances_at(budget, effective=when)

        assert held(told) == {"Rent": rent_held, "Money": money_held}
        assert told.total == rent_held + money_held

    def test_may_be_below_zero_when_money_is_said_to_have_gone_before_it_came(self, budget, rent):
        Movement.objects.withdraw(rent, 10, effective_at=MAY - INSTANT)

        told = Budget.objects.balances_at(budget, effective=MAY - INSTANT)

        assert held(told) == {"Rent": -10, "Money": 0}

    def test_names_the_newest_movement_it_counts(self, budget, rent):
        assert Budget.objects.balances_at(budget, effective=JUNE).seq == 2
        assert Budget.objects.balances_at(budget, effective=MAY - INSTANT).seq == 0


class TestRecorded:
    def test_is_how_the_ledger_stood_then_whatever_it_was_told_later(self, budget, rent):
        first = budget.movements.get(seq=1)
        Movement.objects.withdraw(rent, 10, effective_at=MAY)

        told = Budget.objects.balances_at(budget, recorded=first.recorded_at)

        assert (held(told), told.seq) == ({"Rent": 60, "Money": 40}, 1)

    def test_counts_nothing_recorded_an_instant_later(self, budget, rent):
        first = budget.movements.get(seq=1)

        told = Budget.objects.balances_at(budget, recorded=first.recorded_at - INSTANT)

        assert (held(told), told.seq) == ({"Rent": 0, "Money": 0}, 0)

    def test_is_now_in_the_future(self, budget, rent):
        told = Budget.objects.balances_at(budget, recorded=datetime(9999, 1, 1, tzinfo=UTC))

        assert held(told) == {bucket.name: bucket.balance for bucket in budget.buckets.all()}


class TestBySeq:
    def test_is_where_the_chain_of_each_bucket_had_come_to_at_every_movement(self, budget, rent):
        fill_with_buckets(budget, 3)
        for amount in (7, 2, 130, 1):
            Movement.objects.deposit(budget, amount)
        Movement.objects.transfer(rent, budget.buckets.money(), 55)
        Movement.objects.reverse_movement(budget.movements.get(seq=5))
        stood = dict.fromkeys(budget.buckets.values_list("pk", flat=True), 0)

        for seq in range(budget.last_movement_seq + 1):
            entries = Entry.objects.filter(movement__budget=budget, movement__seq=seq)
            stood |= dict(entries.values_list("bucket", "balance_after"))
            told = Budget.objects.balances_at(budget, seq=seq)
            assert {bucket.bucket: bucket.balance for bucket in told.buckets} == stood
            assert told.seq == seq

    def test_agrees_with_the_time_the_movement_was_recorded(self, budget, rent):
        for movement in budget.movements.all():
            at = budget.movements.filter(recorded_at__lte=movement.recorded_at).latest("seq")
            by_time = Budget.objects.balances_at(budget, recorded=movement.recorded_at)

            assert by_time == Budget.objects.balances_at(budget, seq=at.seq)


class TestClosedBuckets:
    def test_are_there_as_long_as_they_held_money(self, budget, rent):
        Bucket.objects.close(rent, Disposition.MONEY)

        before = Budget.objects.balances_at(budget, seq=3)
        after = Budget.objects.balances_at(budget, seq=4)

        assert [(bucket.name, bucket.closed, bucket.balance) for bucket in before.buckets] == [
            ("Money", False, 40),
            ("Rent", True, 80),
        ]
        assert held(after) == {"Money": 120}

    def test_count_among_the_movements_even_when_they_are_not_shown(self, budget, rent):
        Bucket.objects.close(rent, Disposition.OUT)

        told = Budget.objects.balances_at(budget, seq=4)

        assert (held(told), told.seq) == ({"Money": 40}, 4)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "as of"),
        ({"effective": MAY, "recorded": MAY}, "as of"),
        ({"effective": MAY, "seq": 0}, "as of"),
        ({"effective": datetime(2026, 5, 1)}, "effective"),
        ({"effective": MAY.date()}, "effective"),
        ({"recorded": "2026-05-01"}, "recorded"),
        ({"seq": -1}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": 2**63}, "seq"),
    ],
)
def test_a_question_that_is_none_is_refused(budget, asked, field):
    with pytest.raises(BadQuestion) as refused:
        Budget.objects.balances_at(budget, **asked)

    assert refused.value.figures["field"] == field


@pytest.mark.parametrize("asked", [{"effective": JULY}, {"recorded": JULY}, {"seq": 1}])
def test_takes_one_statement_however_long_the_ledger(budget, rent, asked):
    fill_with_buckets(budget, 20)
    Movement.objects.deposit(budget, 100, effective_at=JULY + timedelta(days=1))

    with statements(1):
        Budget.objects.balances_at(budget, **asked)
