"""The next due times of a rule, and the months that it skips because they lack the day.

Pure: no Django, no clock.
"""

from calendar import day_name, month_name, monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from budgets.recurrence import Recurrence, due_times
from budgets.recurrence.rrules import DAYS, Parts, parts_of, spelled_out

YEAR = timedelta(days=366)
ALL_MONTHS = frozenset(range(1, 13))
COMMON_YEAR = 2001


@dataclass(frozen=True, slots=True)
class Skip:
    """A day that months of a rule do not have, so that nothing falls due on it there.

    `day` is as the rule writes it: 31, -30 or 5FR; `months` are those from 1 to 12 that lack it,
    always or in some years.

    >>> str(Skip("31", (2, 4))), str(Skip("29", (2,)))
    ('skips February, April (no day 31)', 'skips February except in leap years (no day 29)')
    >>> str(Skip("5FR", (1, 2, 3)))
    'skips months without a fifth Friday'
    """

    day: str
    months: tuple[int, ...]

    def __str__(self) -> str:
        if self.day[-2:] in DAYS:
            return f"skips months without a fifth {day_name[DAYS.index(self.day[-2:])]}"
        names = ", ".join(month_name[month] for month in self.months)
        leap = " except in leap years" if self.day.lstrip("+-") == "29" else ""
        return f"skips {names}{leap} (no day {self.day})"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The next due times (UTC), and what the rule skips."""

    due_times: tuple[datetime, ...]
    skips: tuple[Skip, ...]


def outlook(recurrence: Recurrence, times: Iterable[datetime], many: int) -> Outlook:
    """The first so many of `times`, and what the rule skips.

    >>> pay_day = Recurrence("FREQ=MONTHLY", datetime(2026, 1, 31, 9), "UTC")
    >>> seen = outlook(pay_day, due_times(pay_day), 3)
    >>> [f"{due:%d %b}" for due in seen.due_times]
    ['31 Jan', '31 Mar', '31 May']
    >>> [str(skip) for skip in seen.skips]
    ['skips February, April, June, September, November (no day 31)']
    """
    return Outlook(tuple(islice(times, many)), skips_of(recurrence))


def skips_of(recurrence: Recurrence) -> tuple[Skip, ...]:
    """The days that months of a rule do not have; none of a rule that takes the last day there is.

    A rule that ends within a year skips no month that it does not get to.
    """
    parts = spelled_out(parts_of(recurrence.rrule), recurrence.starts)
    months = _reached(parts, recurrence.starts) & _lived(recurrence)
    if "BYSETPOS" in parts or parts.keys() >= {"BYDAY", "BYMONTHDAY"}:
        return ()  # it picks from days that are there, or from weekdays
    lacking = {day: _lacking(day, months) for day in _days(parts)}
    return tuple(Skip(day, tuple(sorted(without))) for day, without in lacking.items() if without)


def _days(parts: Parts) -> list[str]:
    """The days of the month that a rule names: by number, or as the nth weekday of a month."""
    if parts["FREQ"] == "YEARLY" and "BYMONTH" not in parts and "BYDAY" in parts:
        return []  # the nth weekday of a year
    named = f"{parts.get('BYMONTHDAY', '')},{parts.get('BYDAY', '')}"
    return list(dict.fromkeys(filter(None, named.split(","))))


def _lacking(day: str, months: frozenset[int]) -> frozenset[int]:
    """Those of the months that do not have the day, always or in some years."""
    if day[-2:] in DAYS:
        return months if day[:-2].lstrip("+-") == "5" else frozenset()
    return frozenset(m for m in months if monthrange(COMMON_YEAR, m)[1] < abs(int(day)))


def _reached(parts: Parts, starts: datetime) -> frozenset[int]:
    """The months that a rule gets to by its own steps."""
    named = frozenset(map(int, parts["BYMONTH"].split(","))) if "BYMONTH" in parts else ALL_MONTHS
    if parts["FREQ"] != "MONTHLY":
        return named
    every = int(parts.get("INTERVAL", 1))
    return named & {(starts.month - 1 + n * every) % 12 + 1 for n in range(12)}


def _lived(recurrence: Recurrence) -> frozenset[int]:
    """The months from its first due time to its last in which it does not fall due.

    All of them, unless it ends within a year.
    """
    first = next(due_times(recurrence), None)
    if first is None or next(due_times(recurrence, first + YEAR), None) is not None:
        return ALL_MONTHS
    zone = ZoneInfo(recurrence.time_zone)
    local = [due.astimezone(zone) for due in due_times(recurrence, until=first + YEAR)]
    due = {when.year * 12 + when.month - 1 for when in local}
    return frozenset(n % 12 + 1 for n in range(min(due), max(due)) if n not in due)
