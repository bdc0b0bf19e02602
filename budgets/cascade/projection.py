"""When each bucket fills: the cascade repeated over a stream of deposits.

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
"""How many deposits of a stream are computed: a hundred years of monthly pay."""


class FillOutlook(StrEnum):
    """The state of a bucket at the end of the stream."""

    FULL = "full"  # before the first deposit
    FILLS = "fills"
    SHORT = "short"  # below its target at the end
    UNLIMITED = "unlimited"  # without a target


@dataclass(frozen=True, slots=True)
class Forecast[K: Hashable]:
    """The forecast for one bucket; `day` and `nth` (from 1) name the deposit that fills it."""

    key: K
    outlook: FillOutlook
    balance: int
    space: int | None
    day: date | None = None
    nth: int | None = None


@dataclass(frozen=True, slots=True)
class Projection[K: Hashable]:
    """A divided stream: a forecast for each bucket in priority order, and the unallocated rest.

    `balance` and `space` are at the end; `cut` is True if the stream had more deposits.
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
    """Compute when each of `slots` fills; `deposits` are (day, minor units) in order of time.

    Only the first `most` are computed, so the stream may be infinite.

    >>> from budgets.cascade import Claim
    >>> rent = Slot("rent", 0, balance=0, target=500_00, filter=Claim(flat=200_00))
    >>> fund = Slot("fund", 1, balance=0, target=9_000_00, filter=Claim(share=500_000))
    >>> projection = project(monthly(300_00, date(2027, 1, 31), times=4), [rent, fund])
    >>> [(f.key, str(f.outlook), str(f.day), f.nth, f.balance) for f in projection.forecasts]
    [('rent', 'fills', '2027-03-31', 3, 50000), ('fund', 'short', 'None', None, 35000)]
    >>> projection.deposited, projection.remainder
    (120000, 35000)

    Raises ValueError unless the days are in order, and the errors of `cascade`.
    """
    stream = iter(deposits)
    slots = sorted(slots, key=lambda slot: slot.priority)
    full = {slot.key for slot in slots if slot.space == 0}
    filled: dict[K, tuple[date, int]] = {}
    days: list[date] = []
    deposited = remainder = 0
    for day, amount in islice(stream, most):
        if days and day < days[-1]:
            raise ValueError(f"deposits must be in order of time: {day} follows {days[-1]}")
        days.append(day)
        plan, slots = settled(amount, slots)
        filled |= dict.fromkeys(plan.filled, (day, len(days)))
        deposited, remainder = deposited + amount, remainder + plan.remainder
    forecasts = tuple(_forecast(slot, slot.key in full, filled.get(slot.key)) for slot in slots)
    last_day = days[-1] if days else None
    cut = next(stream, None) is not None
    return Projection(forecasts, len(days), deposited, remainder, last_day, cut)


def settled[K: Hashable](amount: int, slots: Iterable[Slot[K]]) -> tuple[Plan[K], list[Slot[K]]]:
    """The plan for one deposit, and the slots with the balances after it."""
    before = list(slots)
    plan = cascade(amount, before)
    changes = plan.changes
    return plan, [
        replace(slot, balance=slot.balance + changes[slot.key]) if slot.key in changes else slot
        for slot in before
    ]


def monthly(amount: int, first: date, *, times: int) -> Iterator[tuple[date, int]]:
    """A deposit of `amount` every month from `first` on; in short months on the last day.

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
        return Forecast(slot.key, FillOutlook.FILLS, slot.balance, slot.space, *filled)
    if slot.target is None:
        outlook = FillOutlook.UNLIMITED
    else:
        outlook = FillOutlook.FULL if was_full else FillOutlook.SHORT
    return Forecast(slot.key, outlook, slot.balance, slot.space)
