"""The check of a statement against its own balances, before anything is booked. Pure.

Two kinds of balances are checked: those beside the lines (see `running`), and those before and
after the lines of a statement in the file (`PageBalances`). Lines that are not booked, and
balances in another currency, are left out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from budgets.statements.lines import Line, PageBalances
from budgets.statements.misfits import Cause, Misfit
from budgets.statements.running import RunningRows, check


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check.

    `misfit` is None if the balances fit, or if there are none. `unchecked` has the numbers of the
    lines at the edge of running balances: an error there may not show.
    """

    misfit: Misfit | None = None
    unchecked: frozenset[int] = frozenset()


class Witness:
    """Takes the lines of a file one by one, and then compares them with the file's balances."""

    def __init__(self, balances: Iterable[PageBalances], currency: str, decimals: int) -> None:
        self._pages = {
            each.page: (each.opening, each.closing)
            for each in balances
            if each.opening is not None
            and each.closing is not None
            and (not each.currency or not currency or each.currency == currency)
        }
        self._totals: Counter[int] = Counter()
        self._rows: dict[str, RunningRows] = {}
        self._decimals = decimals

    def add(self, line: Line) -> None:
        """Take a line in the currency of the account."""
        if line.page in self._pages:
            if not line.not_booked:
                self._totals[line.page] += line.amount
            return
        rows = self._rows.get(line.account)
        if rows is None:
            rows = self._rows[line.account] = RunningRows()
        rows.add(line)

    def verdict(self, lines: Callable[[], Iterator[Line]]) -> Verdict:
        """The verdict on all lines; `lines` reads them again, to find the cause of a misfit."""
        running = [check(rows, self._decimals) for rows in self._rows.values()]
        misfits = [each.misfit for each in running if each.misfit]
        misfit = misfits[0] if misfits else self._page_misfit(lines)
        return Verdict(misfit, frozenset().union(*(each.edges for each in running)))

    def _page_misfit(self, lines: Callable[[], Iterator[Line]]) -> Misfit | None:
        for page, (opening, closing) in self._pages.items():
            expected = opening + self._totals[page]
            if expected != closing:
                on_page = [line for line in lines() if line.page == page]
                line, cause = _explain(opening, closing, on_page)
                return Misfit(line, expected, closing, cause, self._decimals)
        return None


def _explain(opening: int, closing: int, lines: Sequence[Line]) -> tuple[int | None, Cause]:
    """The number of the line to look at, and the likely cause; else the last line."""
    booked = [line for line in lines if not line.not_booked]
    over = closing - opening - sum(line.amount for line in booked)
    whole = (
        (Cause.SIGNS_REVERSED, closing - opening == -sum(line.amount for line in booked)),
        (Cause.FEE, 0 != over == -sum(abs(line.fee) for line in booked)),
    )
    for cause, fits in whole:
        if fits and booked:
            return booked[0].number, cause
    for line in lines:
        if line.not_booked and line.amount == over:
            return line.number, Cause.PENDING
    for cause, number in _suspects(opening, closing, over, booked):
        return number, cause
    return (lines[-1].number if lines else None), Cause.UNKNOWN


def _suspects(
    opening: int, closing: int, over: int, booked: Sequence[Line]
) -> Iterator[tuple[Cause, int]]:
    """Single lines that explain the difference, the likeliest cause first."""
    extra = [line for line in booked if line.amount == -over]
    for line in extra:
        if line.amount in (opening, closing):
            yield Cause.BALANCE_ROW, line.number
    for line, other in pairwise(booked):
        if other in extra and (line.amount, line.posted) == (other.amount, other.posted):
            yield Cause.REPEATED_LINE, other.number
    for line in booked:
        if line.amount * 2 == -over:
            yield Cause.DEBIT_CREDIT_SWAPPED, line.number
    for line in extra:
        yield Cause.PENDING, line.number
    for line in booked:
        if line.amount == over:
            yield Cause.DROPPED_REPETITION, line.number
