"""The statements at the beginning of a transaction: its tenant, its actor, its snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus


def enter_tenant(
    tenant_id: UUID, actor_id: UUID | None, request_id: str, reader: bool, *, using: str
) -> bool | None:
    """Begin the tenant's block; True if the tenant is suspended, None if it does not exist.

    The transaction is READ ONLY for a reader and for a suspended tenant. The settings that row
    security and the history of changes read are local to the transaction, so a pooled connection
    never carries them to its next user.
    """
    with connections[using].cursor() as cursor:
        values = [tenant_id, actor_id, request_id, reader]
        cursor.execute("SELECT enter_tenant(%s, %s, %s, %s)", values)
        [(suspended,)] = cursor.fetchall()
    return cast("bool | None", suspended)


def enter_any_tenant(
    tenant_id: UUID, actor_id: UUID | None, request_id: str, reader: bool, *, using: str
) -> bool:
    """Begin the tenant's block, writable even if the tenant is suspended, except for readers.

    Always False.
    """
    if reader:
        become_reader(using=using)
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT use_tenant(%s)", [tenant_id])
    name_actor(actor_id, request_id, using=using)
    return False


def become_reader(*, using: str) -> None:
    """Make the open transaction READ ONLY."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")


def require_own(*, using: str) -> None:
    """Raise ForkedBlock if the open transaction belongs to the parent process."""
    cast(Any, connections[using]).require_own_block()


def begin(actor_id: UUID | None, request_id: str, *, using: str) -> None:
    """Begin a transaction with an actor and without a tenant."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name_actor(%s, %s)", [actor_id, request_id])


def name_actor(actor_id: UUID | None, request_id: str, *, using: str) -> None:
    """Set the actor of the open transaction, unless the transaction is already broken."""
    driver = connections[using].connection
    if driver is None or driver.info.transaction_status != TransactionStatus.INTRANS:
        return
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name_actor(%s, %s)", [actor_id, request_id])


def become_inspector(*, using: str) -> None:
    """Make the transaction READ ONLY, with access to the rows of all tenants."""
    become_reader(using=using)
    with connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE inspector")


@contextmanager
def one_snapshot(*, using: str) -> Iterator[None]:
    """Transactions that begin in this block are REPEATABLE READ."""
    connections[using].ensure_connection()
    driver = connections[using].connection
    before, driver.isolation_level = driver.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        yield
    finally:
        if not driver.closed:
            driver.isolation_level = before


@contextmanager
def catalog_cursor(using: str) -> Iterator[CursorWrapper]:
    """A cursor for queries on the catalog, open within the block."""
    with connections[using].cursor() as cursor:
        yield cursor
