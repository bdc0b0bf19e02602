"""Times that PostgreSQL stores and Python cannot read: an error, or marked where pages show them.

The tables have CHECKs against them (`tenants.schema.constraints.readable_times`); this is for
rows that are older than those, or were written around them.
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
    """A time as PostgreSQL writes it, marked: `unreadable: infinity` where a datetime would be.

    Whatever the format and the time zone asked for, it is the same text. It is before or after
    every moment, as it is in PostgreSQL.
    """

    __slots__ = ()

    @override
    def __format__(self, spec: str) -> str:
        return str(self)

    def astimezone(self, zone: tzinfo | None = None) -> Self:
        """The same, as no time zone changes it."""
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
def marked() -> Iterator[None]:
    """Rows that are read in the block have an Unreadable where Python has no such time.

    For pages, which show the other rows too. Elsewhere such a row is a ValueRefused whose
    `sqlstate` is 22008.
    """
    token = _marking.set(True)
    try:
        yield
    finally:
        _marking.reset(token)


def outside(
    connection: Any, table: str, column: str, window: tuple[datetime, datetime], most: int
) -> list[tuple[UUID, str]]:
    """Rows whose time is before the window or past it, at most so many: id, and what is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT id, "{column}"::text FROM "{table}"'  # noqa: S608  # names of ours
            f' WHERE NOT ("{column}" >= %s AND "{column}" < %s) LIMIT %s',
            [*window, most],
        )
        return list(cursor.fetchall())


@cache
def adapters(use_tz: bool, zone: tzinfo | None) -> AdaptersMap:
    """Django's adapters of values; within `marked()` times are marked that cannot be read."""
    found = AdaptersMap(get_adapters_template(use_tz, zone))
    loader: Any = found.get_loader(types["timestamptz"].oid, Format.TEXT)

    class Marking(loader):  # type: ignore[misc]
        """Django's loader of moments."""

        def load(self, data: Buffer) -> datetime | Unreadable:
            """The moment; near the end of years some time zones cannot show it."""
            try:
                moment: datetime = super().load(data)
            except DataError as error:
                if not _marking.get():  # with PostgreSQL's code: nobody's value was refused
                    raise DatetimeFieldOverflow(*error.args) from error
            else:
                if not (_marking.get() and moment.year in (MINYEAR, MAXYEAR)):
                    return moment
            return Unreadable(f"unreadable: {bytes(data).decode()}")

    found.register_loader("timestamptz", Marking)
    return found
