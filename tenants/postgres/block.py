"""What a transaction is told at its beginning, for whom it is and in whose name; and questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus


def enter_tenant(
    tenant_id: UUID, actor_id: UUID | None, request_id: str, reader: bool, *, using: str
) -> bool | None:
    """Begin the tenant's block, READ ONLY for readers and when the tenant is suspended, as it says.

    It says None for a tenant there is not.

    The settings that row security and the history of changes read are local to the
    transaction: a pooled connection never carries them to its next borrower.
    """
    with connections[using].cursor() as cursor:
        values = [tenant_id, actor_id, request_id, reader]
        cursor.execute("SELECT enter_tenant(%s, %s, %s, %s)", values)
        [(suspended,)] = cursor.fetchall()
    return cast("bool | None", suspended)


def enter_any_tenant(
    tenant_id: UUID, actor_id: UUID | None, request_id: str, reader: bool, *, using: str
) -> bool:
    """The same, and a suspended tenant can be written, by all but readers: False."""
    with connections[using].cursor() as cursor:
        if reader:
            cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SELECT use_tenant(%s)", [tenant_id])
    name_actor(actor_id, request_id, using=using)
    return False


def begin(actor_id: UUID | None, request_id: str, *, using: str) -> None:
    """Begin a transaction in somebody's name, of no tenant yet."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name_actor(%s, %s)", [actor_id, request_id])


def name_actor(actor_id: UUID | None, request_id: str, *, using: str) -> None:
    """Say in whose name the transaction goes on, unless it can only be rolled back."""
    driver = connections[using].connection
    if driver is None or driver.info.transaction_status != TransactionStatus.INTRANS:
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name_actor(%s, %s)", [actor_id, request_id])


def become_inspector(*, using: str) -> None:
    """Make the transaction one that reads all tenants and writes nothing."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SET LOCAL ROLE inspector")


@contextmanager
def one_snapshot(*, using: str) -> Iterator[None]:
    """Transactions that begin in this block read what was there at their first query."""
    connections[using].ensure_connection()
    driver = connections[using].connection
    before, driver.isolation_level = driver.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        yield
    finally:
        if not driver.closed:
            driver.isolation_level = before


@contextmanager
def asked(using: str) -> Iterator[CursorWrapper]:
    """A cursor to ask the catalog with, for the time of the block."""
    with connections[using].cursor() as cursor:
        yield cursor
