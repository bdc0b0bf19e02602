"""When buckets fill for a stream of deposits."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.cascade import Claim, Slot, cascade
from budgets.cascade.projection import MOST_DEPOSITS, FillOutlook, monthly, project
from budgets.errors import BadAmount, BadQuestion
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Entry, Movement
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory

NEW_YEAR = date(2027, 1, 1)


def slot(key="rent", *, balance=0, target=100, priority=0, locked=False, **claim):
    return Slot(key, priority, balance, target, Claim(**(claim or {"flat": 40})), None, locked)


class TestForecast:
    @pytest.mark.parametrize(
        ("case", "outlook", "month", "balance", "space"),
        [
            (slot(), FillOutlook.FILLS, 3, 100, 0),
            (slot(flat=100), FillOutlook.FILLS, 2, 100, 0),
            (slot(flat=10), FillOutlook.SHORT, None, 40, 60),
            (slot(balance=100), FillOutlook.FULL, None, 100, 0),
            (slot(balance=130), FillOutlook.FULL, None, 130, 0),
            (slot(target=0), FillOutlook.FULL, None, 0, 0),
            (slot(target=None), FillOutlook.UNLIMITED, None, 160, None),
            (slot(locked=True), FillOutlook.SHORT, None, 0, 100),
            (slot(locked=True, balance=100), FillOutlook.FULL, None, 100, 0),
            (slot(flat=0), FillOutlook.SHORT, None, 0, 100),
        ],
    )
    def test_says_when_a_bucket_fills_or_why_not(self, case, outlook, month, balance, space):
        [told] = project(monthly(50, NEW_YEAR, times=4), [case]).forecasts

        assert (told.outlook, told.balance, told.space) == (outlook, balance, space)
        assert (told.day, told.nth) == (month and date(2027, month, 1), month)

    def test_comes_in_priority_order(self):
        slots = [slot("second", priority=5), slot("first", priority=1)]

        told = project([], slots)

        assert [forecast.key for forecast in told.forecasts] == ["first", "second"]

    def test_of_a_bucket_behind_waits_for_the_one_before(self):
        slots = [slot("first", share=1_000_000), slot("second", priority=1, flat=30, target=60)]

        told = project(monthly(50, NEW_YEAR, times=5), slots)

        assert [(forecast.key, forecast.nth) for forecast in told.forecasts] == [
            ("first", 2),
            ("second", 4),
        ]
        assert (told.deposits, told.deposited, told.remainder) == (5, 250, 90)


class TestStream:
    def test_may_be_of_several_deposits_a_day_and_of_different_sums(self):
        deposits = [(NEW_YEAR, 30), (NEW_YEAR, 80), (NEW_YEAR + timedelta(days=9), 40)]

        told = project(deposits, [slot()])

        assert told.forecasts[0].nth == 3
        assert (told.last_day, told.cut) == (date(2027, 1, 10), False)

    def test_may_be_of_nothing(self):
        told = project([], [slot()])

        assert (told.deposits, told.last_day, told.cut) == (0, None, False)
        assert told.forecasts[0].outlook is FillOutlook.SHORT

    def test_may_be_endless_and_is_then_cut(self):
        told = project(((NEW_YEAR + timedelta(days=n), 1) for n in count()), [slot(flat=1)])

        assert (told.deposits, told.cut) == (MOST_DEPOSITS, True)
        assert told.forecasts[0].nth == 100

    def test_of_just_the_most_is_not_cut(self):
        assert not project([(NEW_YEAR, 1)] * 3, [slot()], most=3).cut
        assert project([(NEW_YEAR, 1)] * 4, [slot()], most=3).cut

    def test_goes_forward_in_time(self):
        with pytest.raises(ValueError, match="in order of time"):
            project([(NEW_YEAR, 1), (NEW_YEAR - timedelta(days=1), 1)], [slot()])

    @pytest.mark.parametrize(
        ("first", "days"),
        [
            (date(2027, 11, 30), ["2027-11-30", "2027-12-30", "2028-01-30", "2028-02-29"]),
            (date(2027, 1, 1), ["2027-01-01", "2027-02-01", "2027-03-01", "2027-04-01"]),
        ],
    )
    def test_by_the_month_keeps_its_day_where_the_month_has_it(self, first, days):
        assert [str(day) for day, _ in monthly(1, first, times=4)] == days


SUMS = st.integers(0, 30) | st.integers(0, 10**15)
CLAIMS = st.builds(Claim, flat=SUMS) | st.builds(Claim, share=st.integers(0, 1_000_000))
ROWS = st.tuples(SUMS, st.none() | SUMS, CLAIMS, st.none() | CLAIMS, st.booleans())
SLOTS = st.lists(ROWS, max_size=6).map(
    lambda rows: [Slot(number, number, *row) for number, row in enumerate(rows)]
)


@settings(max_examples=200, deadline=None)
@given(SLOTS, st.lists(st.integers(1, 60) | st.integers(1, 10**15), max_size=12))
def test_it_is_the_cascade_again_and_again(slots, amounts):
    days = [NEW_YEAR + timedelta(days=n) for n in range(len(amounts))]

    told = project(zip(days, amounts, strict=True), slots)

    standing, rest = slots, 0
    full: dict[int, int | None] = {}
    for nth, amount in enumerate(amounts, start=1):
        plan = cascade(amount, standing)
        kept = {step.key: step.kept for step in plan.steps}
        standing = [replace(one, balance=one.balance + kept[one.key]) for one in standing]
        rest += plan.remainder
        for one in standing:
            if one.space == 0:
                full.setdefault(one.key, nth)
    full |= {one.key: None for one in slots if one.space == 0}
    assert [forecast.balance for forecast in told.forecasts] == [one.balance for one in standing]
    assert [forecast.nth for forecast in told.forecasts] == [full.get(one.key) for one in slots]
    assert (told.remainder, told.deposited) == (rest, sum(amounts))
    held = sum(one.balance for one in standing) - sum(one.balance for one in slots)
    assert held + told.remainder == told.deposited


class TestOfABudget:
    def test_is_what_the_deposits_then_do(self, budget):
        BucketFactory(budget=budget, filter=Claim(share=333_333), target=100)
        BucketFactory(budget=budget, filter=Claim(flat=25), target=60, locked=True)
        BucketFactory(budget=budget, filter=Claim(flat=25), hold=Claim(share=500_000), target=70)
        Movement.objects.deposit(budget, 55)

        told = Budget.objects.projection(budget, monthly(80, NEW_YEAR, times=6))

        became: dict[UUID, int] = {}
        for nth in range(1, 7):
            movement = Movement.objects.deposit(budget, 80)
            entries = Entry.objects.filter(movement=movement, became_full=True)
            became |= dict.fromkeys(entries.values_list("bucket", flat=True), nth)
        for forecast in told.forecasts:
            after = Bucket.objects.get(pk=forecast.key.pk)
            assert (forecast.balance, forecast.nth) == (after.balance, became.get(after.pk))
        assert len(became) == 2

    def test_passes_closed_buckets_by_and_writes_nothing(self, budget):
        closed = BucketFactory(budget=budget)
        Bucket.objects.close(closed, Disposition.MONEY)
        BucketFactory(budget=budget, name="open", filter=Claim(flat=5), target=5)

        told = Budget.objects.projection(budget, [(NEW_YEAR, 100)])

        assert [forecast.key.name for forecast in told.forecasts] == ["open"]
        assert not budget.movements.exists()

    @pytest.mark.parametrize("amount", [0, -5, 1.5, True, 2**63])
    def test_refuses_what_is_no_amount(self, budget, amount):
        with pytest.raises(BadAmount):
            Budget.objects.projection(budget, [(NEW_YEAR, amount)])

    def test_refuses_a_stream_that_goes_back(self, budget):
        with pytest.raises(BadQuestion):
            Budget.objects.projection(budget, [(NEW_YEAR, 1), (date(2026, 1, 1), 1)])

    @pytest.mark.parametrize("many", [1, 20])
    def test_takes_one_statement(self, budget, many):
        fill_with_buckets(budget, many)

        with statements(1):
            Budget.objects.projection(budget, [(NEW_YEAR, 1)] * many)
