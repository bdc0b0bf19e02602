"""Connections of each kind, and what is done with them: called in a client."""

from collections.abc import Callable
from uuid import UUID

import psycopg
from django.db import connection

from bench.performance.measure import Slice, slice_of
from tenants.context import run_for

ONE = "SELECT 1"


class _State:
    url: str
    through: str
    tenant: UUID
    bare: psycopg.Connection
    pooled: psycopg.Connection | None = None


def prepare(url: str, through: str, tenant: UUID) -> None:
    """Open the connections that stay open; `through` is the DSN of a pooler or empty."""
    _State.url, _State.through, _State.tenant = url, through, tenant
    _State.bare = psycopg.connect(url, autocommit=True)
    if through:
        _State.pooled = psycopg.connect(through, autocommit=True)


def _ask(session: psycopg.Connection) -> None:
    session.execute(ONE).fetchall()


def _connect(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        _ask(session)


def _cursor() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ONE)
        cursor.fetchall()


def _pool() -> None:
    _cursor()
    connection.close()  # gives it back to the pool


def _pooler() -> None:
    if _State.pooled is not None:
        _ask(_State.pooled)


WORKS: dict[str, Callable[[], object]] = {
    "bare": lambda: _ask(_State.bare),
    "connect": lambda: _connect(_State.url),
    "cursor": _cursor,
    "pool": _pool,
    "block": lambda: run_for(_State.tenant, lambda: None),
    "block_query": lambda: run_for(_State.tenant, _cursor),
    "pooler": _pooler,
    "pooler_connect": lambda: _connect(_State.through),
}


def work_slice(name: str, seconds: float) -> Slice:
    """One slice of that work."""
    work = WORKS[name]
    return slice_of(lambda number: work(), seconds)
