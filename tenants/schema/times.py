"""The times that rows may have: in one place, for Python and for the CHECKs of the tables.

PostgreSQL stores years that no `datetime` holds, and a ledger keeps what is written for ever.
"""

from datetime import UTC, datetime

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""The first moment that can be written."""

END = datetime(2200, 1, 1, tzinfo=UTC)
"""The first moment that cannot: far from the end of years, so that every time zone can show it."""


def instant(moment: object) -> datetime:
    """The same moment in UTC.

    Raises ValueError, whose text goes on after a name, unless it is a datetime with a time zone,
    from `FIRST` on and before `END`.

    >>> str(instant(datetime.fromisoformat("2026-11-30T23:30:00-08:00")))
    '2026-12-01 07:30:00+00:00'
    """
    if not isinstance(moment, datetime):
        raise ValueError(f"is a datetime, not {moment!r}")
    if moment.utcoffset() is None:
        raise ValueError("needs a time zone")
    if not FIRST <= moment < END:
        raise ValueError(f"is from {FIRST:%Y} on and before {END:%Y}, not {moment.isoformat()}")
    return moment.astimezone(UTC)
