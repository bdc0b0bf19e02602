"""Comparison of PostgreSQL's and Python's definitions of the time zones in use.

PostgreSQL uses its own time zone data or that of its machine, Python uses the package `tzdata`. If
they differ, a month begins at different times in a query and in the program.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db.backends.utils import CursorWrapper

from tenants.context import inspecting
from tenants.errors import StoreError

ZONES = {"tenants_tenantsettings": "values ->> 'time_zone'"}
"""Tables with names of time zones, each with SQL for the name. Apps add tables in their AppConfig:
`time_zones = {"notes_reminder": "time_zone"}`."""

HINT = "use the same release: update the tzdata of PostgreSQL (or of its machine), or the package"
AHEAD = 10  # years
DAY = 86_400  # seconds

_OFFSETS = """
SELECT at, "offset"
FROM (
    SELECT at, "offset", lag("offset") OVER (ORDER BY at) AS before
    FROM (
        SELECT at, extract(epoch FROM (moment AT TIME ZONE %s) - (moment AT TIME ZONE 'UTC'))
        FROM (
            SELECT generate_series(0, %s, 86400) UNION SELECT unnest(%s::bigint[])
        ) AS asked (at), to_timestamp(at) AS moment
    ) AS found (at, "offset")
) AS compared
WHERE "offset" IS DISTINCT FROM before
"""


def zone_faults(cursor: CursorWrapper) -> Iterator[CheckMessage]:
    """A message for each time zone in use in which PostgreSQL and Python differ."""
    try:
        names = sorted(_in_use(cursor))
    except StoreError as error:
        text = f"the time zones in use cannot be read: {error}"
        hint = "log in as role app of tenants/postgres/sql/roles.sql"
        yield Warning(text, hint=hint, id="tenants.W041")
        return
    cursor.execute("SELECT name FROM pg_timezone_names WHERE name = ANY(%s)", [names])
    existing = {name for (name,) in cursor.fetchall()}
    for name in names:
        if text := _fault(cursor, name, name in existing):
            yield Error(text, hint=HINT, id="tenants.E040")


def _in_use(cursor: CursorWrapper) -> set[str]:
    """The names of time zones in the settings and in the rows of all tenants."""
    declared = (getattr(config, "time_zones", {}) for config in apps.get_app_configs())
    sources = {table: sql for each in (ZONES, *declared) for table, sql in each.items()}
    present = set(cursor.db.introspection.table_names(cursor)).intersection(sources)
    names = {settings.TIME_ZONE}
    if present:
        with inspecting(using=cursor.db.alias):
            for table in present:
                cursor.execute(f"SELECT DISTINCT {sources[table]} FROM {table}")  # noqa: S608
                names |= {name for (name,) in cursor.fetchall() if name}
    return names


def _fault(cursor: CursorWrapper, name: str, exists: bool) -> str:
    """The fault of a time zone in words; '' if both agree."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"Python has no time zone {name}"
    return _difference(cursor, zone) if exists else f"PostgreSQL has no time zone {name}"


def _difference(cursor: CursorWrapper, zone: ZoneInfo) -> str:
    """The first moment at which the two differ, in words; '' if they agree.

    They are compared at each day, and around each clock change of Python.
    """
    last = (int(datetime.now(UTC).timestamp()) // DAY + AHEAD * 365) * DAY
    python = _changes(zone, last)
    around = [moment for change in python for moment in (change - 1, change) if moment >= 0]
    cursor.execute(_OFFSETS, [zone.key, last, around])
    postgres = dict(cursor.fetchall())
    ours = theirs = 0.0
    for moment in sorted(python.keys() | postgres.keys()):
        ours, theirs = python.get(moment, ours), postgres.get(moment, theirs)
        if theirs != ours:
            at = datetime.fromtimestamp(moment, UTC)
            return (
                f"PostgreSQL and Python differ in {zone.key}: at {at:%Y-%m-%dT%H:%M:%SZ} "
                f"PostgreSQL has {_clock(int(theirs))}, Python has {_clock(ours)}"
            )
    return ""


@lru_cache(maxsize=8)
def _changes(zone: ZoneInfo, last: int) -> dict[int, float]:
    """The offsets from UTC by the second since 1970 from which they apply, until `last`."""
    changes = {0: _offset(zone, 0)}
    for day in range(0, last, DAY):
        before, after = _offset(zone, day), _offset(zone, day + DAY)
        if before != after:
            change = _change(zone, day, before)
            changes |= {change: _offset(zone, change), day + DAY: after}
    return changes


def _change(zone: ZoneInfo, day: int, before: float) -> int:
    """The second of a clock change on that day, or the first second of the next day."""
    seconds = range(day, day + DAY)
    return day + bisect_left(seconds, True, key=lambda at: _offset(zone, at) != before)


def _offset(zone: ZoneInfo, moment: int) -> float:
    """The offset from UTC in seconds."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return offset.total_seconds() if offset else 0


def _clock(seconds: float) -> str:
    """An offset in text form, such as UTC-07:00."""
    sign = "-" if seconds < 0 else "+"
    minutes = round(abs(seconds) / 60)
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}"
