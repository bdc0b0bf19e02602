"""Statements against their own balances: what fits, what does not, and why."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.statements import Line, Misfit, PageBalances, Survey, survey

EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "300"))
START = date(2026, 5, 1)


@dataclass(frozen=True)
class Given:
    """A file of these lines."""

    content: Sequence[Line]
    pages: Sequence[PageBalances] = ()

    def lines(self, decimals: int) -> Iterator[Line]:
        yield from self.content

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        yield from self.pages


def line(number: int, amount: int, balance: int | None, day: int = 1, **values: object) -> Line:
    made = Line(number, "7", START + timedelta(day - 1), amount, "EUR", f"text {number}", "")
    return made._replace(balance=balance, **values)  # type: ignore[arg-type]


def rows(*pairs: tuple[int, int | None], each: int = 1) -> list[Line]:
    """Lines of (amount, balance), each on a day of its own or `each` on a day."""
    return [
        line(number, amount, balance, 1 + (number - 1) // each)
        for number, (amount, balance) in enumerate(pairs, 1)
    ]


def renumbered(lines: Iterable[Line]) -> list[Line]:
    return [each._replace(number=number) for number, each in enumerate(lines, 1)]


def surveyed(lines: Sequence[Line], *pages: PageBalances, currency: str = "EUR") -> Survey:
    return survey(Given(lines, pages), 2, currency)


def misfit(lines: Sequence[Line], *pages: PageBalances) -> Misfit | None:
    return surveyed(lines, *pages).misfit


def cause(lines: Sequence[Line], *pages: PageBalances) -> tuple[int | None, str]:
    found = misfit(lines, *pages)
    assert found is not None
    return found.line, str(found.cause)


PLAIN = rows((10_00, 110_00), (-3_00, 107_00), (5_00, 112_00), (-2_00, 110_00), (7_00, 117_00))


class TestRunningBalancesThatFit:
    @pytest.mark.parametrize(
        "lines",
        [
            PLAIN,
            renumbered(reversed(PLAIN)),
            rows((10, 110), (-3, 107), (5, 112), (-2, 110), (7, 117), each=2),
            renumbered(reversed(rows((10, 110), (-3, 107), (5, 112), (-2, 110), each=4))),
        ],
        ids=["oldest first", "newest first", "several a day", "one day, newest first"],
    )
    def test_in_either_order(self, lines: list[Line]) -> None:
        assert misfit(lines) is None

    def test_newest_day_first_with_the_oldest_line_of_a_day_first(self) -> None:
        lines = rows((10, 110), (-3, 107), (5, 112), (-2, 110), (7, 117), (1, 118), each=2)
        days = [list(block) for _, block in groupby(lines, key=lambda each: each.posted)]

        found = surveyed(renumbered(each for block in reversed(days) for each in block))

        assert (found.misfit, found.unchecked) == (None, frozenset({2, 5}))

    def test_one_balance_for_all_lines_of_a_day(self) -> None:
        shown = rows((10, 107), (-3, 107), (5, 110), (-2, 110), (7, 117), (1, 118), each=2)
        last = rows((10, None), (-3, 107), (5, None), (-2, 110), (7, None), (1, 118), each=2)

        assert misfit(shown) is None
        assert misfit(last) is None
        assert misfit(renumbered(reversed(last))) is None

    def test_the_balance_before_each_line(self) -> None:
        lines = rows((5, 100), (5, 105), (5, 110), (-3, 115), (-3, 112))

        found = surveyed(lines)

        assert (found.misfit, found.unchecked) == (None, frozenset({1, 5}))
        assert misfit([each._replace(posted=START) for each in lines]) is not None

    def test_the_balance_before_each_line_or_reversed_signs_is_no_witness_of_either(self) -> None:
        assert cause(rows((5, 100), (-5, 105), (5, 100), (-5, 105))) == (2, "signs_reversed")

    def test_lines_of_nothing_prove_nothing(self) -> None:
        assert misfit(rows((0, 100), (0, 100), (5, 300))) is None

    def test_pending_lines_are_not_counted(self) -> None:
        lines = [*PLAIN[:2], line(3, 99, 999, 3, not_booked="pending"), *PLAIN[2:]]

        assert misfit(renumbered(lines)) is None

    def test_accounts_are_checked_one_by_one(self) -> None:
        other = [each._replace(account="8", balance=(each.balance or 0) + 55) for each in PLAIN]

        assert misfit([each for pair in zip(PLAIN, other, strict=True) for each in pair]) is None


class TestOtherColumns:
    """Balances that are not running balances of the lines are no misfit."""

    @pytest.mark.parametrize(
        "balances",
        [
            [1123, 1090, 1144, 1122, 1199],
            [500, 500, 500, 500, 500],
            [0, 0, 0, 0, 0],
            [1123_00, 1120_00, 1444_00, 1122_00, 1199_00],
        ],
        ids=["another currency", "the balance of today", "empty", "one step fits by chance"],
    )
    def test_prove_nothing(self, balances: list[int]) -> None:
        found = surveyed(
            [each._replace(balance=b) for each, b in zip(PLAIN, balances, strict=True)]
        )

        assert (found.misfit, found.unchecked) == (None, frozenset())

    def test_lines_in_another_currency_are_left_out_and_not_booked(self) -> None:
        foreign = line(3, 5, 777, 3, currency="USD")
        found = surveyed(renumbered([*PLAIN[:2], foreign, *PLAIN[2:]]))

        assert found.misfit is None
        assert [each.not_booked for each in found.lines()] == ["", "", "in USD", "", "", ""]
        assert (found.total, found.outgoing) == (6, 3)


class TestRunningBalancesThatDoNotFit:
    def test_name_the_line_and_what_was_expected(self) -> None:
        lines = [*PLAIN[:2], PLAIN[2]._replace(amount=50_00), *PLAIN[3:]]

        found = misfit(lines)

        assert found is not None
        assert (found.line, found.expected, found.found) == (3, 157_00, 112_00)
        assert str(found).startswith(
            "line 3: the lines lead to a balance of 157.00, the file says 112.00; "
        )

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ([each._replace(amount=-each.amount) for each in PLAIN], (2, "signs_reversed")),
            (
                rows((10_00, 110_00), (-3_00, 107_00), (5_00, 112_00), (2_00, 110_00)),
                (4, "debit_credit_swapped"),
            ),
            (rows((1, 101), (3, 98), (5, 93), (2, 95), (7, 88)), (2, "debit_credit_swapped")),
            (rows((10, 110), (5, 115), (5, 125), (7, 132)), (3, "dropped_repetition")),
            (rows((10, 110), (5, 115), (5, 115), (7, 122), each=4), (3, "repeated_line")),
            (rows((10, 110), (5, 115), (9, 115), (7, 122)), (3, "pending")),
            (rows((10, 110), (5, 115), (9, None), (7, 122)), (4, "pending")),
            (rows((10, 110), (5, 115), (115, 115), (7, 122)), (3, "balance_row")),
            (rows((10, 110), (5, 115), (7, 130), (8, 138)), (3, "unknown")),
        ],
        ids=[
            "reversed",
            "one flipped",
            "no signs",
            "a repetition dropped",
            "a line twice",
            "pending",
            "pending without a balance",
            "a balance as money",
            "a sum misread",
        ],
    )  # fmt: skip
    def test_name_the_likely_cause(self, lines: list[Line], expected: tuple[int, str]) -> None:
        assert cause(lines) == expected

    def test_name_a_column_of_fees(self) -> None:
        lines = rows((10_00, 110_00), (5_00, 113_50), (-3_00, 110_50), (20_00, 129_50))
        fees = [0, 1_50, 0, -1_00]
        lines = [each._replace(fee=fee) for each, fee in zip(lines, fees, strict=True)]

        assert cause(lines) == (2, "fee")

    def test_name_a_line_that_was_left_out_although_it_counts(self) -> None:
        lines = rows((10, 110), (5, 115), (9, 124), (7, 131))
        lines[2] = lines[2]._replace(not_booked="pending")

        assert cause(lines) == (4, "pending")


class TestOpeningAndClosingBalance:
    LINES = rows((11, None), (-3, None), (5, None))

    def page(self, opening: int | None, closing: int | None, **values: str) -> PageBalances:
        return PageBalances(1, "7", opening, closing, **values)  # type: ignore[arg-type]

    def test_fit(self) -> None:
        assert misfit(self.LINES, self.page(100, 113)) is None

    def test_leave_pending_lines_out(self) -> None:
        pending = line(4, 99, None, not_booked="pending")

        assert misfit([*self.LINES, pending], self.page(100, 113)) is None

    @pytest.mark.parametrize(
        "page", [(None, 5), (5, None)], ids=["no opening balance", "no closing balance"]
    )
    def test_prove_nothing_alone(self, page: tuple[int | None, int | None]) -> None:
        assert misfit(self.LINES, self.page(*page)) is None

    def test_of_another_currency_prove_nothing(self) -> None:
        assert misfit(self.LINES, self.page(1, 2, currency="USD")) is None
        assert misfit(self.LINES, self.page(1, 2, currency="EUR")) is not None

    def test_belong_to_their_page(self) -> None:
        second = [each._replace(page=2, number=each.number + 3) for each in self.LINES]
        pages = [self.page(100, 113), PageBalances(2, "7", 113, 127)]

        assert cause([*self.LINES, *second], *pages) == (6, "unknown")

    def test_of_a_page_without_lines_name_no_line(self) -> None:
        assert cause([], self.page(100, 113)) == (None, "unknown")

    @pytest.mark.parametrize(
        ("lines", "closing", "expected"),
        [
            (LINES, 87, (1, "signs_reversed")),
            (LINES, 119, (2, "debit_credit_swapped")),
            (LINES, 102, (1, "pending")),
            (LINES, 118, (3, "dropped_repetition")),
            ([*LINES, line(4, 5, None, 3)], 113, (4, "repeated_line")),
            ([line(1, 100, None), *LINES[1:]], 102, (1, "balance_row")),
            ([*LINES[:2], LINES[2]._replace(not_booked="pending")], 113, (3, "pending")),
            ([LINES[0]._replace(fee=2), *LINES[1:]], 111, (1, "fee")),
        ],
    )
    def test_name_the_likely_cause(
        self, lines: list[Line], closing: int, expected: tuple[int, str]
    ) -> None:
        assert cause(lines, self.page(100, closing)) == expected


AMOUNTS = st.integers(-500_00, 500_00).filter(bool)


@st.composite
def statements(draw: st.DrawFn, least: int = 4) -> list[Line]:
    """Lines with running balances from the oldest to the newest."""
    amounts = draw(st.lists(AMOUNTS, min_size=least, max_size=12))
    steps = draw(st.lists(st.integers(0, 2), min_size=len(amounts), max_size=len(amounts)))
    opening = draw(st.integers(-1000_00, 1000_00))
    return [
        line(number, amount, balance, day)
        for number, (amount, balance, day) in enumerate(
            zip(
                amounts,
                list(accumulate(amounts, initial=opening))[1:],
                accumulate(steps, initial=1),
                strict=False,
            ),
            1,
        )
    ]


def mutated(draw: st.DataObject, lines: list[Line], at: int) -> list[Line]:
    """The lines with one changed, flipped, dropped or doubled."""
    changed = draw.draw(AMOUNTS.filter(lambda amount: amount != lines[at].amount))
    kinds = {
        "change": [lines[at]._replace(amount=changed)],
        "flip": [lines[at]._replace(amount=-lines[at].amount)],
        "drop": [],
        "double": [lines[at], lines[at]],
    }
    kind = draw.draw(st.sampled_from(sorted(kinds)))
    return renumbered([*lines[:at], *kinds[kind], *lines[at + 1 :]])


class TestEveryMutation:
    @given(st.data(), statements(least=1), st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_of_a_file_with_opening_and_closing_balance_is_held(
        self, data: st.DataObject, lines: list[Line], beside: bool
    ) -> None:
        assert lines[0].balance is not None
        opening, closing = lines[0].balance - lines[0].amount, lines[-1].balance
        page = PageBalances(1, "7", opening, closing)
        if not beside:
            lines = [each._replace(balance=None) for each in lines]
        assert misfit(lines, page) is None

        at = data.draw(st.integers(0, len(lines) - 1))

        assert misfit(mutated(data, lines, at), page) is not None

    @given(st.data(), statements(least=5), st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None)
    def test_of_running_balances_is_held_but_for_the_edges(
        self, data: st.DataObject, lines: list[Line], newest_first: bool
    ) -> None:
        order = renumbered(reversed(lines)) if newest_first else lines
        whole = surveyed(order)
        assert whole.misfit is None
        inner = [
            at for at, each in enumerate(order)
            if each.number not in whole.unchecked
        ]  # fmt: skip
        assert len(inner) >= len(lines) - 2

        at = data.draw(st.sampled_from(inner))

        assert misfit(mutated(data, order, at)) is not None


class TestTheEdges:
    def test_are_the_first_line_and_the_last(self) -> None:
        assert surveyed(PLAIN).unchecked == {1, 5}
        assert surveyed(renumbered(reversed(PLAIN))).unchecked == {1, 5}

    def test_have_all_lines_before_the_first_balance_and_after_the_last(self) -> None:
        lines = rows((1, None), (10, 110), (-3, 107), (5, 112), (9, None))

        assert surveyed(lines).unchecked == {1, 2, 4, 5}

    def test_are_checked_by_opening_and_closing_balance(self) -> None:
        assert surveyed(PLAIN, PageBalances(1, "7", 100_00, 117_00)).unchecked == frozenset()
