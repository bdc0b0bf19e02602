"""When a schedule falls due: a recurrence rule, a start on a wall clock, a time zone.

A rule yields local times and each becomes a moment (UTC): a daily rule at 09:00 stays at 09:00
when clocks change. A local time that a change leaves out falls due at the change, the next
time there is; one that occurs twice falls due the first time. So moments keep the order of the
local times, and two that become the same moment are one.

A day or an hour that the rule does not name is the start's. Nothing falls due before the start,
and at the start only if the rule fits it. UNTIL is a day (its end), a local time, or a moment
with Z. Days that a month does not have are left out, as RFC 5545 says: BYMONTHDAY=-1 is the
last day of every month. Nothing falls due past the times that can be written
(`tenants.schema.times`). Refused: rules that are empty, for ever or for centuries, and what
`budgets.recurrence.rrules` refuses.
Pure: no Django, no clock.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrulestr

from budgets.errors import BadSchedule
from budgets.recurrence.rrules import DAYS, MOST, Parts, end_of, parts_of, spelled_out, text_of
from tenants.schema.times import END, instant

GRACE = timedelta(days=1)
"""How late a due time may be run where nothing is caught up."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule, its start on the wall clock (naive) and the IANA name of the clock's time zone."""

    rrule: str
    starts: datetime
    time_zone: str


def recurrence(rrule: str, starts: datetime, time_zone: str) -> Recurrence:
    """A validated recurrence, its rule in one spelling. Raises BadSchedule."""
    if starts.tzinfo or starts.microsecond:
        raise BadSchedule(f"a start is a local time to the second, not {starts}")
    if time_zone not in _known_zones():
        raise BadSchedule(f"there is no time zone {time_zone!r}: say one such as Europe/Berlin")
    try:
        instant(starts.replace(tzinfo=_zone(time_zone)))
    except ValueError as error:
        raise BadSchedule(f"a start {error}") from error
    parts = parts_of(rrule)
    checked = Recurrence(text_of(parts), starts, time_zone)
    if _is_empty(parts, starts) or next(due_times(checked), None) is None:
        raise BadSchedule(f"{checked.rrule} never falls due from {starts} on")
    return checked


def due_times(
    recurrence: Recurrence, after: datetime | None = None, until: datetime | None = None
) -> Iterator[datetime]:
    """The moments it falls due, in order: later than `after`, none later than `until` (aware).

    Lazy, and begins near `after` however long ago the start was, but for rules with a COUNT.
    Raises BadSchedule past MOST of them: a long list is never taken for a whole one.

    >>> pay_day = Recurrence("FREQ=MONTHLY;BYMONTHDAY=-1", datetime(2026, 1, 1, 9), "Europe/Rome")
    >>> [str(due) for due in due_times(pay_day, until=datetime(2026, 4, 1, tzinfo=UTC))]
    ['2026-01-31 08:00:00+00:00', '2026-02-28 08:00:00+00:00', '2026-03-31 07:00:00+00:00']
    """
    parts, zone = parts_of(recurrence.rrule), _zone(recurrence.time_zone)
    # A local time that clocks have shown or passed by `after` has fallen due by then.
    near = after and _wall(after, zone)
    ended, last, many = end_of(parts), after, 0
    for local in _local_times(parts, recurrence.starts, near):
        due = _moment(local, zone)
        if ended(local, due) or due >= END or (until is not None and due > until):
            return
        if last is None or due > last:
            if (many := many + 1) > MOST:
                raise BadSchedule(f"more than {MOST:,} due times at once")
            last = due
            yield due


def split_due(
    times: Iterable[datetime], now: datetime, most: int
) -> tuple[list[datetime], datetime | None]:
    """The due times up to `now`, at most so many, and the next one after them, if there is one.

    >>> daily = Recurrence("FREQ=DAILY", datetime(2027, 1, 1, 9), "UTC")
    >>> past, following = split_due(due_times(daily), datetime(2027, 1, 2, 12, tzinfo=UTC), 10)
    >>> [due.day for due in past], following and following.day
    ([1, 2], 3)
    """
    past: list[datetime] = []
    for due in times:
        if due > now or len(past) == most:
            return past, due
        past.append(due)
    return past, None


def is_missed(due: datetime, *, catch_up: str, now: datetime, newest: datetime) -> bool:
    """Whether a past due time is not run any more, `newest` being the last one that has passed.

    With `all` none is missed; with `last` all but the newest; with `none` those older than GRACE.
    """
    if catch_up == "last":
        return due != newest
    return catch_up == "none" and now - due > GRACE


# -- The calendar -----------------------------------------------------------------------------


def _local_times(parts: Parts, starts: datetime, near: datetime | None) -> Iterator[datetime]:
    """Local times from the start on, up to COUNT; some of those before `near` may be left out."""
    if "COUNT" in parts:
        return islice(_endless(parts, starts, starts), int(parts["COUNT"]))
    return _endless(parts, starts, near or starts)


def _endless(parts: Parts, starts: datetime, near: datetime) -> Iterator[datetime]:
    """Local times from the start on, until the last year there is."""
    rule = text_of(spelled_out(parts, starts))
    for local in rrulestr(rule, dtstart=_anchor(parts, starts, near)):
        if local.year == MAXYEAR:
            return
        if local >= starts:
            yield local


def _is_empty(parts: Parts, starts: datetime) -> bool:
    """Whether no day satisfies the rule, its end aside.

    Dates and weekdays repeat every 400 years. So the rule is tried near the last year, where
    dateutil soon stops; otherwise it searches thousands of years.
    """
    cycles = (MAXYEAR - 100 - starts.year) // 400
    late = starts.replace(year=starts.year + 400 * cycles)
    return next(_endless(parts, late, late), None) is None


def _anchor(parts: Parts, starts: datetime, near: datetime) -> datetime:
    """The first day of the period that `near` is in, or the start, if that is later.

    A period is INTERVAL days, weeks, months or years from the start's own.
    """
    freq, every = parts["FREQ"], int(parts.get("INTERVAL", 1))
    if freq in ("MONTHLY", "YEARLY"):
        return _anchor_month(starts, near, every * 12 if freq == "YEARLY" else every, freq)
    first = starts.replace(hour=0, minute=0, second=0)
    if freq == "WEEKLY":
        first -= timedelta(days=(starts.weekday() - DAYS.index(parts.get("WKST", "MO"))) % 7)
        every *= 7
    return first + max(0, (near - first).days // every) * timedelta(days=every)


def _anchor_month(starts: datetime, near: datetime, every: int, freq: str) -> datetime:
    first = starts.year * 12 + (starts.month - 1 if freq == "MONTHLY" else 0)
    passed = near.year * 12 + near.month - 1 - first
    year, month = divmod(first + max(0, passed // every) * every, 12)
    return datetime(year, month + 1, 1)


# -- The clock --------------------------------------------------------------------------------


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    """When a clock shows `local` first; or, if it is put forward past it, when that is."""
    due = local.replace(tzinfo=zone).astimezone(UTC)
    if _wall(due, zone) == local:
        return due
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)  # with the offset after the change
    gap = range(int((due - early).total_seconds()) + 1)
    change = bisect_left(gap, local, key=lambda n: _wall(early + timedelta(seconds=n), zone))
    return early + timedelta(seconds=change)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clocks of a time zone show at a moment."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _zone(name: str) -> ZoneInfo:
    """Raises BadSchedule: a zone may be gone from a newer time zone database."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadSchedule(f"there is no time zone {name!r}") from error


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())
