"""Times that no row may have, beside the last ones that it may."""

from datetime import UTC, datetime, timedelta, timezone

from tenants.schema.times import END, FIRST

AHEAD, BEHIND = (timezone(timedelta(hours=hours)) for hours in (14, -12))
TICK = timedelta(microseconds=1)

UNWRITABLE = (
    datetime(1, 1, 1, tzinfo=AHEAD),  # a year before the first that Python knows, in UTC
    datetime(9999, 12, 31, 23, tzinfo=BEHIND),  # and one after the last
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    FIRST - TICK,
    (FIRST - TICK).astimezone(AHEAD),
    END,
    END.astimezone(BEHIND),
)
WRITABLE = (FIRST, FIRST.astimezone(BEHIND), END - TICK, (END - TICK).astimezone(AHEAD))

UNREADABLE = (
    "infinity",
    "-infinity",
    "10000-01-01Z",
    "0001-12-31 23:00:00+00 BC",
    "0001-01-01Z",
    "9999-12-31 23:59:59Z",
)
"""What PostgreSQL stores, and Python cannot read, or not in every time zone."""
