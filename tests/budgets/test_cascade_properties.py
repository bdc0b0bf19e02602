"""What holds of the cascade for any budget and any deposit, over thousands of random cases."""

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.cascade import MAX_MINOR, WHOLE, Claim, Plan, Reason, Slot, cascade

# Small sums meet each other's edges often; large ones are where floats and 64 bits would fail.
SUMS = st.integers(0, 30) | st.integers(0, 10**15) | st.integers(MAX_MINOR - 9, MAX_MINOR)
AMOUNTS = st.integers(1, 30) | st.integers(1, 10**15) | st.integers(MAX_MINOR - 9, MAX_MINOR)
SHARES = st.sampled_from([0, 1, 290_000, 333_333, 500_000, 999_999, WHOLE]) | st.integers(0, WHOLE)
CLAIMS = st.builds(Claim, flat=SUMS) | st.builds(Claim, share=SHARES)
LOCKED = st.sampled_from([False, False, False, True])

type Slots = list[Slot[int]]


def budgets() -> st.SearchStrategy[Slots]:
    """Slots in any order, with gaps between priorities; the key is the priority."""
    rows = st.tuples(st.integers(0, 50), SUMS, st.none() | SUMS, CLAIMS, st.none() | CLAIMS, LOCKED)
    return st.lists(rows, max_size=6, unique_by=lambda row: row[0]).map(
        lambda rows: [Slot(row[0], *row) for row in rows]
    )


def held(plan: Plan[int]) -> dict[int, int]:
    """What every bucket kept, zeros included."""
    return {step.key: step.kept for step in plan.steps}


def by_fractions(amount: int, slots: Slots) -> tuple[dict[int, int], int]:
    """The rules of the design once more, in exact fractions: an oracle that shares no code."""
    kept = {}
    available = amount
    for slot in sorted(slots, key=lambda slot: slot.priority):
        if slot.locked or (slot.target is not None and slot.balance >= slot.target):
            continue
        wanted = 0
        for claim in filter(None, (slot.filter, slot.hold)):
            share = floor(Fraction(claim.share, 10**6) * available)
            wanted = max(wanted, min(claim.flat, available), share)
        if slot.target is not None:
            wanted = min(wanted, slot.target - slot.balance)
        if wanted:
            kept[slot.key] = wanted
        available -= wanted
    return kept, available


thousands = settings(max_examples=600, deadline=None)  # together: more than 6,000


class TestForAnyBudgetAndDeposit:
    @thousands
    @given(AMOUNTS, budgets())
    def test_no_cent_is_made_or_lost(self, amount: int, slots: Slots) -> None:
        plan = cascade(amount, slots)

        assert sum(plan.changes.values()) + plan.remainder == amount
        assert plan.remainder >= 0

    @thousands
    @given(AMOUNTS, budgets())
    def test_it_agrees_with_exact_fractions(self, amount: int, slots: Slots) -> None:
        plan = cascade(amount, slots)

        assert (plan.changes, plan.remainder) == by_fractions(amount, slots)

    @thousands
    @given(AMOUNTS, budgets())
    def test_a_bucket_keeps_only_what_arrives_and_passes_on_the_rest(
        self, amount: int, slots: Slots
    ) -> None:
        plan = cascade(amount, slots)

        assert all(0 <= step.kept <= step.available for step in plan.steps)
        arrivals = [step.available for step in plan.steps] + [plan.remainder]
        left = [amount] + [step.available - step.kept for step in plan.steps]
        assert arrivals == left

    @thousands
    @given(AMOUNTS, budgets())
    def test_no_bucket_is_filled_over_its_target(self, amount: int, slots: Slots) -> None:
        kept = held(cascade(amount, slots))

        for slot in slots:
            if slot.target is not None:
                assert slot.balance + kept[slot.key] <= max(slot.balance, slot.target)

    @thousands
    @given(AMOUNTS, budgets(), st.randoms(use_true_random=False))
    def test_the_order_of_the_input_does_not_matter(
        self, amount: int, slots: Slots, random: Any
    ) -> None:
        shuffled = random.sample(slots, len(slots))

        assert cascade(amount, shuffled) == cascade(amount, slots)

    @thousands
    @given(AMOUNTS, budgets(), st.integers(0, 50), SUMS, CLAIMS, st.booleans())
    def test_adding_a_locked_or_full_bucket_changes_nothing(
        self, amount: int, slots: Slots, priority: int, balance: int, claim: Claim, locked: bool
    ) -> None:
        others = [slot for slot in slots if slot.priority != priority]
        target = None if locked else balance
        idle = Slot(priority, priority, balance, target, claim, claim, locked)

        plan, before = cascade(amount, [idle, *others]), cascade(amount, others)

        assert plan.changes == before.changes
        assert plan.remainder == before.remainder
        assert plan.filled == before.filled

    @thousands
    @given(AMOUNTS, AMOUNTS, budgets())
    def test_nobody_gets_less_from_a_larger_deposit(self, one: int, two: int, slots: Slots) -> None:
        less, more = (cascade(amount, slots) for amount in sorted((one, two)))

        assert all(held(less)[key] <= held(more)[key] for key in held(less))
        assert less.remainder <= more.remainder

    @thousands
    @given(AMOUNTS, budgets(), budgets(), st.integers(0, 50))
    def test_a_lower_priority_never_changes_a_higher_one(
        self, amount: int, slots: Slots, others: Slots, border: int
    ) -> None:
        upper = [slot for slot in slots if slot.priority < border]
        lower = [slot for slot in others if slot.priority >= border]

        plan = cascade(amount, upper + lower)

        assert plan.steps[: len(upper)] == cascade(amount, upper).steps

    @thousands
    @given(AMOUNTS, budgets())
    def test_every_bucket_has_one_step_in_priority_order_with_its_reason(
        self, amount: int, slots: Slots
    ) -> None:
        plan = cascade(amount, slots)

        assert [step.key for step in plan.steps] == sorted(slot.key for slot in slots)
        assert all(step.kept == 0 for step in plan.steps if step.reason in NOTHING)
        assert all(step.kept > 0 for step in plan.steps if step.reason not in NOTHING)
        assert plan.lines == tuple(step for step in plan.steps if step.kept > 0)

    @thousands
    @given(AMOUNTS, budgets())
    def test_filled_are_the_buckets_below_their_target_before_and_at_it_after(
        self, amount: int, slots: Slots
    ) -> None:
        plan = cascade(amount, slots)

        assert plan.filled == tuple(
            slot.key
            for slot in sorted(slots, key=lambda slot: slot.priority)
            if slot.target is not None
            and slot.balance < slot.target
            and slot.balance + held(plan)[slot.key] == slot.target
        )

    @settings(max_examples=25, deadline=None)
    @given(st.integers(1, 10**15), st.integers(0, 3000), st.integers(0, 10**13))
    def test_a_thousand_buckets_lose_no_cent_either(
        self, amount: int, share: int, target: int
    ) -> None:
        slots = [
            Slot(n, n, n % 7, None if n % 3 else target, Claim(share=share), Claim(flat=n))
            for n in range(1000)
        ]

        plan = cascade(amount, slots)

        assert (plan.changes, plan.remainder) == by_fractions(amount, slots)
        assert sum(held(plan).values()) + plan.remainder == amount


@pytest.mark.parametrize("amount", [1, 2, 9, 100, 10**15])
def test_it_agrees_with_exact_fractions_on_every_pair_of_a_grid(amount: int) -> None:
    claims = [Claim(), Claim(flat=7), Claim(share=333_333), Claim(share=WHOLE)]
    kinds = [
        (balance, target, filter_, hold, locked)
        for balance, target in [(0, None), (0, 0), (0, 5), (4, 5), (6, 5)]
        for filter_ in claims
        for hold in (None, *claims)
        for locked in (False, True)
        if not (locked and hold)
    ]

    for one, other in product(kinds, kinds):
        slots = [Slot(0, 0, *one), Slot(1, 1, *other)]
        plan = cascade(amount, slots)
        assert (plan.changes, plan.remainder) == by_fractions(amount, slots), slots


NOTHING = {Reason.LOCKED, Reason.FULL, Reason.EXHAUSTED, Reason.NOTHING_WANTED}


def after(plan: Plan[int], slots: Slots) -> Slots:
    """The slots once the plan has been applied."""
    return [replace(slot, balance=slot.balance + held(plan)[slot.key]) for slot in slots]


def test_two_deposits_are_not_one_of_their_sum_because_a_flat_filter_fires_for_each() -> None:
    slots = [Slot(0, 0, 0, None, Claim(flat=100))]

    first = cascade(500, slots)
    second = cascade(500, after(first, slots))

    assert first.remainder + second.remainder == 800
    assert cascade(1000, slots).remainder == 900
