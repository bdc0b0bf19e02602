"""The rules of the cascade one by one, and the mistakes it must not repeat."""

import ast
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from budgets import cascade as module
from budgets.cascade import MAX_MINOR, WHOLE, Claim, Plan, Reason, Slot, cascade


def only(
    amount: int,
    *,
    filter: Claim,
    hold: Claim | None = None,
    balance: int = 0,
    target: int | None = None,
    locked: bool = False,
) -> tuple[int, str]:
    """What the only bucket keeps, and why."""
    plan = cascade(amount, [Slot("it", 0, balance, target, filter, hold, locked)])
    assert plan.remainder == amount - plan.steps[0].kept
    return plan.steps[0].kept, plan.steps[0].reason.value


class TestMistakesOfTheSpecification:
    def test_a_flat_hold_above_the_money_there_is_takes_only_that_money(self) -> None:
        assert only(300, filter=Claim(), hold=Claim(flat=1000)) == (300, "hold_floor")

    def test_a_flat_filter_above_the_money_there_is_takes_only_that_money(self) -> None:
        assert only(300, filter=Claim(flat=1000)) == (300, "filter")

    def test_a_target_lowered_under_the_balance_gives_no_negative_space(self) -> None:
        plan = cascade(1000, [Slot("it", 0, 700, 500, Claim(share=WHOLE))])

        assert (plan.steps[0].space, plan.steps[0].kept, plan.remainder) == (0, 0, 1000)

    def test_twenty_nine_percent_of_100_is_29_where_floats_say_28(self) -> None:
        assert only(100, filter=Claim(share=290_000)) == (29, "filter")
        assert int(100 * 0.29) == 28

    def test_a_large_share_is_exact_where_64_bit_products_and_doubles_are_not(self) -> None:
        assert only(10**15 + 1, filter=Claim(share=999_999))[0] == 999_999_000_000_000
        assert only(MAX_MINOR, filter=Claim(share=WHOLE))[0] == MAX_MINOR

    @pytest.mark.parametrize("value", [1.0, 0.5, Decimal(1), True, "1", None])
    def test_money_and_shares_are_ints_and_nothing_else(self, value: Any) -> None:
        builds: list[Callable[[], object]] = [
            lambda: Claim(flat=value),
            lambda: Claim(share=value),
            lambda: Slot("it", value, 0, 0, Claim()),
            lambda: Slot("it", 0, value, 0, Claim()),
            lambda: cascade(value, []),
        ]
        for build in builds:
            with pytest.raises(ValueError, match="whole number"):
                build()

    @pytest.mark.parametrize("target", [1.0, True, "1", -1])
    def test_a_target_is_an_int_or_none(self, target: Any) -> None:
        with pytest.raises(ValueError, match="target must be a whole number"):
            Slot("it", 0, 0, target, Claim())

    def test_dollars_and_percent_are_two_fields_and_never_both(self) -> None:
        with pytest.raises(ValueError, match="not both"):
            Claim(flat=1, share=1)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_a_deposit_of_zero_or_less_is_refused(self, amount: int) -> None:
        with pytest.raises(ValueError, match="amount must be a whole number from 1"):
            cascade(amount, [])

    @pytest.mark.parametrize("claim", [{"flat": -1}, {"share": -1}, {"share": WHOLE + 1}])
    def test_a_negative_claim_or_one_above_100_percent_is_refused(
        self, claim: dict[str, int]
    ) -> None:
        with pytest.raises(ValueError, match="must be a whole number from 0"):
            Claim(**claim)

    @pytest.mark.parametrize(("priority", "balance"), [(-1, 0), (0, -1)])
    def test_a_negative_priority_or_balance_is_refused(self, priority: int, balance: int) -> None:
        with pytest.raises(ValueError, match="must be a whole number from 0, not -1"):
            Slot("it", priority, balance, 0, Claim())


class TestAShare:
    def test_is_of_what_arrives_not_of_the_deposit(self) -> None:
        half = Claim(share=500_000)

        plan = cascade(1000, [Slot(n, n, 0, None, half) for n in range(3)])

        assert plan.changes == {0: 500, 1: 250, 2: 125}
        assert plan.remainder == 125

    def test_rounds_down_and_the_dust_flows_on(self) -> None:
        third = Claim(share=333_333)

        plan = cascade(100, [Slot(n, n, 0, None, third) for n in range(3)])

        assert plan.changes == {0: 33, 1: 22, 2: 14}
        assert plan.remainder == 31

    def test_of_one_millionth_needs_a_million_to_be_one(self) -> None:
        assert only(999_999, filter=Claim(share=1)) == (0, "nothing_wanted")
        assert only(1_000_000, filter=Claim(share=1)) == (1, "filter")


class TestAHold:
    def test_wins_when_it_asks_for_more_than_the_filter(self) -> None:
        assert only(100, filter=Claim(flat=10), hold=Claim(share=200_000)) == (20, "hold_floor")

    def test_leaves_the_reason_to_the_filter_when_both_ask_for_the_same(self) -> None:
        assert only(100, filter=Claim(flat=20), hold=Claim(share=200_000)) == (20, "filter")

    def test_is_a_floor_and_no_ceiling(self) -> None:
        assert only(100, filter=Claim(flat=30), hold=Claim(share=200_000)) == (30, "filter")

    def test_is_no_reservation_so_an_earlier_filter_of_everything_starves_it(self) -> None:
        greedy = Slot("greedy", 0, 0, None, Claim(share=WHOLE))
        held = Slot("held", 1, 0, None, Claim(), Claim(flat=50))

        plan = cascade(100, [held, greedy])

        assert plan.changes == {"greedy": 100}
        assert plan.steps[1].reason is Reason.EXHAUSTED


class TestAReason:
    def test_is_capacity_limit_when_the_target_lets_in_less_than_was_wanted(self) -> None:
        assert only(100, filter=Claim(flat=60), target=50) == (50, "capacity_limit")
        assert only(100, filter=Claim(), hold=Claim(flat=60), target=50) == (50, "capacity_limit")

    def test_is_the_filter_when_the_space_is_just_enough(self) -> None:
        assert only(100, filter=Claim(flat=50), target=50) == (50, "filter")

    def test_is_nothing_wanted_for_a_filter_of_zero(self) -> None:
        assert only(100, filter=Claim()) == (0, "nothing_wanted")
        assert only(100, filter=Claim(), hold=Claim()) == (0, "nothing_wanted")

    def test_is_full_at_the_target_above_it_and_without_any_capacity(self) -> None:
        assert only(100, filter=Claim(flat=1), balance=50, target=50) == (0, "full")
        assert only(100, filter=Claim(flat=1), balance=51, target=50) == (0, "full")
        assert only(100, filter=Claim(flat=1), target=0) == (0, "full")
        assert only(100, filter=Claim(), target=0) == (0, "full")

    def test_is_locked_before_it_is_full(self) -> None:
        assert only(100, filter=Claim(flat=1), target=0, locked=True) == (0, "locked")

    def test_is_locked_or_full_before_it_is_exhausted_and_that_before_nothing_wanted(self) -> None:
        everything = Claim(share=WHOLE)
        slots = [
            Slot("first", 0, 0, None, everything),
            Slot("locked", 1, 0, None, everything, locked=True),
            Slot("full", 2, 5, 5, everything),
            Slot("asks", 3, 0, None, everything),
            Slot("asks nothing", 4, 0, None, Claim()),
        ]

        plan = cascade(1, slots)

        reasons = [step.reason.value for step in plan.steps]
        assert reasons == ["filter", "locked", "full", "exhausted", "exhausted"]

    def test_of_a_locked_or_full_bucket_comes_with_what_it_would_have_asked(self) -> None:
        locked = Slot("locked", 0, 0, 9, Claim(share=500_000), Claim(flat=70), locked=True)
        full = Slot("full", 1, 9, 9, Claim(share=500_000), Claim(flat=70))

        plan = cascade(100, [locked, full])

        told = [(step.available, step.filter, step.hold, step.space) for step in plan.steps]
        assert told == [(100, 50, 70, 9), (100, 50, 70, 0)]
        assert plan.remainder == 100


class TestATarget:
    def test_of_none_is_no_limit(self) -> None:
        assert only(10**15, filter=Claim(share=WHOLE), balance=10**15)[0] == 10**15

    def test_reached_is_reported_once_and_in_priority_order(self) -> None:
        slots = [
            Slot("second", 9, 0, 10, Claim(flat=10)),
            Slot("first", 2, 5, 10, Claim(flat=99)),
            Slot("full before", 1, 10, 10, Claim(flat=10)),
            Slot("locked", 3, 0, 10, Claim(flat=10), locked=True),
            Slot("short of it", 10, 0, 10, Claim(flat=9)),
        ]

        plan = cascade(100, slots)

        assert plan.filled == ("first", "second")


class TestWhatIsAmbiguous:
    def test_two_buckets_of_one_priority_are_refused(self) -> None:
        slots = [Slot(key, 1, 0, None, Claim(), locked=True) for key in ("a", "b")]

        with pytest.raises(ValueError, match="'a' and 'b' share priority 1"):
            cascade(100, slots)

    def test_two_buckets_of_one_key_are_refused(self) -> None:
        with pytest.raises(ValueError, match="same key"):
            cascade(100, [Slot("a", n, 0, None, Claim()) for n in range(2)])


def test_no_buckets_leave_everything_as_remainder() -> None:
    assert cascade(100, []) == Plan(100, (), 100)


def test_priorities_may_have_gaps_and_start_anywhere() -> None:
    slots = [Slot(n, n, 0, None, Claim(flat=60)) for n in (10, 9, 2)]

    assert cascade(100, iter(slots)).changes == {2: 60, 9: 40}


def test_the_cascade_imports_only_the_standard_library() -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))

    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}

    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names
