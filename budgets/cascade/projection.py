"""When each bucket fills: the cascade, repeated over a stream of deposits.

Pure arithmetic: no Django, no clock, no I/O. Money is an int of minor units (cents).
"""

from calendar import monthrange
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import islice

from budgets.cascade import Plan, Slot, cascade

MOST_DEPOSITS = 1_200
"""How much of a stream is looked at: a hundred years of monthly pay."""


class Outlook(StrEnum):
    """What becomes of a bucket while the stream lasts."""

    FULL = "full"  # before it begins
    FILLS = "fills"
    SHORT = "short"  # still below its target when the stream ends
    UNLIMITED = "unlimited"  # no target, so never full


@dataclass(frozen=True, slots=True)
class Forecast[K: Hashable]:
    """How one bucket fares; `day` and `nth` (from 1) are the deposit that fills it, if one does."""

    key: K
    outlook: Outlook
    balance: int
    space: int | None
    day: date | None = None
    nth: int | None = None


@dataclass(frozen=True, slots=True)
class Projection[K: Hashable]:
    """A stream of deposits divided: a forecast for each bucket in priority order, and the rest.

    `balance` and `space` are those at the end; `cut` says that the stream went on.
    """

    forecasts: tuple[Forecast[K], ...]
    deposits: int
    deposited: int
    remainder: int
    last_day: date | None
    cut: bool


def project[K: Hashable](
    deposits: Iterable[tuple[date, int]], slots: Iterable[Slot[K]], *, most: int = MOST_DEPOSITS
) -> Projection[K]:
    """Tell when each of `slots` fills if `deposits`, days and sums in order, come in.

    Only the first `most` are looked at, so the stream may be endless.

    >>> from budgets.cascade import Claim
    >>> rent = Slot("rent", 0, balance=0, target=500_00, filter=Claim(flat=200_00))
    >>> fund = Slot("fund", 1, balance=0, target=9_000_00, filter=Claim(share=500_000))
    >>> told = project(monthly(300_00, date(2027, 1, 31), times=4), [rent, fund])
    >>> [(f.key, str(f.outlook), str(f.day), f.nth, f.balance) for f in told.forecasts]
    [('rent', 'fills', '2027-03-31', 3, 50000), ('fund', 'short', 'None', None, 35000)]
    >>> told.deposited, told.remainder
    (120000, 35000)

    Raises ValueError for a day before the one it follows, and what `cascade` does.
    """
    stream = iter(deposits)
    standing = sorted(slots, key=lambda slot: slot.priority)
    full = {slot.key for slot in standing if slot.space == 0}
    filled: dict[K, tuple[date, int]] = {}
    days: list[date] = []
    deposited = remainder = 0
    for day, amount in islice(stream, most):
        if days and day < days[-1]:
            raise ValueError(f"a stream goes forward in time: {day} comes after {days[-1]}")
        days.append(day)
        plan, standing = settled(amount, standing)
        filled |= dict.fromkeys(plan.filled, (day, len(days)))
        deposited, remainder = deposited + amount, remainder + plan.remainder
    forecasts = tuple(_forecast(slot, slot.key in full, filled.get(slot.key)) for slot in standing)
    last_day = days[-1] if days else None
    cut = next(stream, None) is not None
    return Projection(forecasts, len(days), deposited, remainder, last_day, cut)


def settled[K: Hashable](amount: int, slots: Iterable[Slot[K]]) -> tuple[Plan[K], list[Slot[K]]]:
    """The plan for one deposit, and the slots as it leaves them: ready for the next one."""
    before = list(slots)
    plan = cascade(amount, before)
    changes = plan.changes
    return plan, [
        replace(slot, balance=slot.balance + changes[slot.key]) if slot.key in changes else slot
        for slot in before
    ]


def monthly(amount: int, first: date, *, times: int) -> Iterator[tuple[date, int]]:
    """A stream of `amount` every month from `first` on; the 31st is a short month's last day.

    >>> [str(day) for day, _ in monthly(100, date(2026, 12, 31), times=3)]
    ['2026-12-31', '2027-01-31', '2027-02-28']
    """
    for month in range(first.month - 1, first.month - 1 + times):
        year, month = first.year + month // 12, month % 12 + 1
        yield date(year, month, min(first.day, monthrange(year, month)[1])), amount


def _forecast[K: Hashable](
    slot: Slot[K], was_full: bool, filled: tuple[date, int] | None
) -> Forecast[K]:
    if filled is not None:
        return Forecast(slot.key, Outlook.FILLS, slot.balance, slot.space, *filled)
    if slot.target is None:
        outlook = Outlook.UNLIMITED
    else:
        outlook = Outlook.FULL if was_full else Outlook.SHORT
    return Forecast(slot.key, outlook, slot.balance, slot.space)
