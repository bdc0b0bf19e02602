"""Times that PostgreSQL stores and Python cannot read: an error, or a marked text on pages.

The tables have CHECKs against them (`tenants.schema.constraints.readable_times`). Rows that are
older than the CHECKs, or were written while they were missing, can still have such times.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import MAXYEAR, MINYEAR, datetime, tzinfo
from functools import cache
from typing import Any, Self, override
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import get_adapters_template
from psycopg import DataError
from psycopg.adapt import AdaptersMap, Buffer
from psycopg.errors import DatetimeFieldOverflow
from psycopg.postgres import types
from psycopg.pq import Format

_marking: ContextVar[bool] = ContextVar("marking", default=False)


class Unreadable(str):
    """A marked time in PostgreSQL's notation, `unreadable: infinity`, in place of a datetime.

    The text does not depend on a format or a time zone. In comparisons it is before or after every
    datetime, as in PostgreSQL.
    """

    __slots__ = ()

    @override
    def __format__(self, spec: str) -> str:
        return str(self)

    def astimezone(self, zone: tzinfo | None = None) -> Self:
        """The same value: time zones do not apply."""
        return self

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        """The same text."""
        return str(self)

    @override
    def __lt__(self, other: object) -> bool:
        return ": -" in self or self.endswith("BC") or f": {MINYEAR:04}-" in self

    @override
    def __gt__(self, other: object) -> bool:
        return not self < other

    __le__, __ge__ = __lt__, __gt__


@contextmanager
def mark_unreadable_times() -> Iterator[None]:
    """Within the block, a time that Python cannot read is an Unreadable.

    For pages, which then still show the other rows. Outside of such blocks the row raises
    ValueRefused with the `sqlstate` 22008.
    """
    token = _marking.set(True)
    try:
        yield
    finally:
        _marking.reset(token)


def rows_outside(
    connection: Any, table: str, column: str, window: tuple[datetime, datetime], most: int
) -> list[tuple[UUID, str]]:
    """The ids and the times, as text, of at most `most` rows with a time outside of the window."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT id, "{column}"::text FROM "{table}"'  # noqa: S608  # our own names
            f' WHERE NOT ("{column}" >= %s AND "{column}" < %s) LIMIT %s',
            [*window, most],
        )
        return list(cursor.fetchall())


@cache
def adapters(use_tz: bool, zone: tzinfo | None) -> AdaptersMap:
    """Django's adapters of values, with a loader of times that obeys `mark_unreadable_times()`."""
    adapters_map = AdaptersMap(get_adapters_template(use_tz, zone))
    loader: Any = adapters_map.get_loader(types["timestamptz"].oid, Format.TEXT)

    class Marking(loader):  # type: ignore[misc]
        """Django's loader of times, which marks times that cannot be read."""

        def load(self, data: Buffer) -> datetime | Unreadable:
            """The time; in the first and the last year some time zones cannot represent it."""
            try:
                moment: datetime = super().load(data)
            except DataError as error:
                if not _marking.get():  # with PostgreSQL's code, since it is not a caller's value
                    raise DatetimeFieldOverflow(*error.args) from error
            else:
                if not (_marking.get() and moment.year in (MINYEAR, MAXYEAR)):
                    return moment
            return Unreadable(f"unreadable: {bytes(data).decode()}")

    adapters_map.register_loader("timestamptz", Marking)
    return adapters_map
