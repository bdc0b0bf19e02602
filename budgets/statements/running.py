"""The check of a column of running balances, line by line. Pure.

A column counts as running balances if at least half of its steps fit the amounts, whatever their
sign. A column of other balances, such as those in another currency, proves nothing.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from budgets.statements.lines import Line
from budgets.statements.misfits import Cause, Misfit

_BOOKED, _BALANCE = 1, 2
_GIVE_UP = 10_000
"""Rows after which a file without any balance is not watched any more."""


class RunningRows:
    """The rows of one account with their balances, in the file's order."""

    def __init__(self) -> None:
        self.numbers, self.amounts, self.balances, self.fees, self.days = (
            array("q") for _ in range(5)
        )
        self.kinds = array("b")
        self.has_balances = False

    def add(self, line: Line) -> None:
        """Keep a line; nothing if no line of many had a balance."""
        if not self.has_balances:
            if len(self.kinds) >= _GIVE_UP:
                return
            self.has_balances = line.balance is not None
        self.numbers.append(line.number)
        self.amounts.append(line.amount)
        self.balances.append(line.balance or 0)
        self.fees.append(abs(line.fee))
        self.days.append(line.posted.toordinal())
        self.kinds.append(
            (0 if line.not_booked else _BOOKED) | (0 if line.balance is None else _BALANCE)
        )

    def orders(self) -> Iterator[Sequence[int]]:
        """Positions from the oldest row to the newest, in each order that the days allow."""
        booked = [day for day, kind in zip(self.days, self.kinds, strict=True) if kind & _BOOKED]
        rising = all(day <= later for day, later in pairwise(booked))
        falling = all(day >= later for day, later in pairwise(booked))
        forward = range(len(self.kinds))
        orders = [forward] * (rising or not falling) + [forward[::-1]] * (falling or not rising)
        yield from orders
        if rising != falling:  # the days go one way, the rows of a day may go the other way
            days = groupby(orders[0], key=self.days.__getitem__)
            yield [at for _, block in days for at in reversed(list(block))]


@dataclass(slots=True)
class _Step:
    """The rows between two balances: `bare` ones have no balance, `left_out` are not booked."""

    number: int
    day: int
    balance: int
    total: int
    fee: int
    first: int
    last: int
    bare: int
    left_out: int


def _steps(rows: RunningRows, order: Iterable[int]) -> Iterator[_Step]:
    """The rows in that order; rows of a day that show the same balance are one step."""
    step: _Step | None = None
    bare = fee = left_out = 0
    for at in order:
        kind, amount = rows.kinds[at], rows.amounts[at]
        if not kind & _BOOKED:
            left_out += amount
            continue
        fee += rows.fees[at]
        if not kind & _BALANCE:
            bare += amount
            continue
        day, balance = rows.days[at], rows.balances[at]
        if step and (step.day, step.balance) == (day, balance):
            step.total += bare + amount
            step.fee, step.bare, step.left_out = step.fee + fee, step.bare + bare, left_out
            step.number, step.last = rows.numbers[at], amount
        else:
            if step:
                yield step
            number, total = rows.numbers[at], bare + amount
            step = _Step(number, day, balance, total, fee, amount, amount, bare, left_out)
        bare = fee = left_out = 0
    if step:
        yield step


@dataclass(slots=True)
class _Tally:
    """How many steps fit the amounts as they are, negated, less the fees, one step late."""

    count: int = 0
    fits: int = 0
    negated: int = 0
    less_fee: int = 0
    late: int = 0
    akin: int = 0
    breaks: tuple[_Step, _Step] | None = None
    after: _Step | None = None

    def add(self, before: _Step, step: _Step) -> None:
        """Count a step."""
        change, total = step.balance - before.balance, step.total
        if self.breaks and not self.after:
            self.after = step
        if not change and not total:
            return
        self.count += 1
        self.fits += change == total
        self.negated += change == -total
        self.less_fee += change == total - step.fee
        self.late += change == before.total
        self.akin += abs(change) == abs(total) or change == total - step.fee
        if change != total and not self.breaks:
            self.breaks = before, step


def _tally(rows: RunningRows, order: Sequence[int]) -> _Tally:
    tally = _Tally()
    for before, step in pairwise(_steps(rows, order)):
        tally.add(before, step)
    return tally


@dataclass(frozen=True, slots=True)
class Running:
    """The result for one account: its misfit, and the numbers of the lines not fully checked."""

    misfit: Misfit | None = None
    edges: frozenset[int] = frozenset()


def check(rows: RunningRows, decimals: int) -> Running:
    """Compare the balances of the rows with their amounts."""
    if not rows.has_balances:
        return Running()
    best = _Tally()
    best_order: Sequence[int] = ()
    for order in rows.orders():
        tally = _tally(rows, order)
        is_late = tally.late == tally.count > 1 and tally.negated != tally.count
        if tally.count and tally.fits == tally.count:
            return Running(edges=_edges(rows, order))
        if is_late and rows.days[order[0]] != rows.days[order[-1]]:
            return Running(edges=_edges(rows, order))  # each balance is that before the line
        if (tally.fits, tally.negated, tally.akin) > (best.fits, best.negated, best.akin):
            best, best_order = tally, order
    if best.breaks is None or best.akin * 2 < best.count:
        return Running()
    return Running(_misfit(best, best.breaks, decimals), _edges(rows, best_order))


def _misfit(tally: _Tally, breaks: tuple[_Step, _Step], decimals: int) -> Misfit:
    before, step = breaks  # the first step of all, if all signs are reversed
    if tally.negated == tally.count:
        cause = Cause.SIGNS_REVERSED
    elif tally.less_fee == tally.count:
        cause = Cause.FEE
    else:
        cause = _cause(before, step, tally.after)
    return Misfit(step.number, before.balance + step.total, step.balance, cause, decimals)


def _cause(before: _Step, step: _Step, after: _Step | None) -> Cause:
    """The likely cause of one step that does not fit."""
    change = step.balance - before.balance
    over = change - step.total
    several = step.first != step.total or step.bare != 0
    goes_on = after is not None and after.balance - step.balance == after.total
    if over == -step.balance:
        return Cause.BALANCE_ROW
    if several and step.first == step.last == -over:
        return Cause.REPEATED_LINE
    if over == step.left_out != 0 or (several and over in (-step.bare, -step.last, -step.first)):
        return Cause.PENDING
    if change == 0 and goes_on:
        return Cause.PENDING
    if change == -step.total:
        return Cause.DEBIT_CREDIT_SWAPPED
    if step.fee and over == -step.fee:
        return Cause.FEE
    return Cause.DROPPED_REPETITION if over in (step.total, before.total) else Cause.UNKNOWN


def _edges(rows: RunningRows, order: Sequence[int]) -> frozenset[int]:
    """The first step's rows, and the last row with all after it: no balance stands beyond them."""
    edges: set[int] = set()
    first: tuple[int, int] | None = None
    for at in order:
        if rows.kinds[at] & _BALANCE and rows.kinds[at] & _BOOKED:
            here = rows.days[at], rows.balances[at]
            if first and here != first:
                break
            first = here
        edges.add(rows.numbers[at])
    for at in reversed(order):
        edges.add(rows.numbers[at])
        if rows.kinds[at] == _BALANCE | _BOOKED:
            break
    return frozenset(edges)
