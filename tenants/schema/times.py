"""The range of times in rows, for Python and for the CHECKs of the tables.

PostgreSQL stores years outside the range of `datetime`, and a ledger keeps its rows for ever.
"""

from datetime import UTC, datetime

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""The first time that can be stored."""

END = datetime(2200, 1, 1, tzinfo=UTC)
"""The end of the range, exclusive; well before year 9999, so that every time zone can show it."""


def instant(moment: object) -> datetime:
    """The same time in UTC.

    Raises ValueError with a predicate, such as "needs a time zone", unless `moment` is a datetime
    with a time zone, from `FIRST` on and before `END`.

    >>> str(instant(datetime.fromisoformat("2026-11-30T23:30:00-08:00")))
    '2026-12-01 07:30:00+00:00'
    """
    if not isinstance(moment, datetime):
        raise ValueError(f"must be a datetime, not {moment!r}")
    if moment.utcoffset() is None:
        raise ValueError("needs a time zone")
    if not FIRST <= moment < END:
        raise ValueError(f"must be from {FIRST:%Y} to {END.year - 1}, not {moment.isoformat()}")
    return moment.astimezone(UTC)
