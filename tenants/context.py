"""Which tenant is in force: a contextvar and a transaction that begin and end together.

run_for(tenant, work)     the door for views and tasks: opens the block, retries the whole
acting_for(tenant)        the block itself
inspecting()              read-only, across tenants, as the role inspector
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from tenants.errors import NoTenant, TenantMismatch
from tenants.postgres.retry import retried


@dataclass(frozen=True, slots=True)
class Tenancy:
    """What is in force: `tenant_id` is None while inspecting."""

    tenant_id: UUID | None
    using: str
    actor_id: UUID | None = None
    request_id: str = ""


_current: ContextVar[Tenancy | None] = ContextVar("tenancy", default=None)


def tenancy() -> Tenancy:
    """What is in force. Raises NoTenant outside every block."""
    if (current := _current.get()) is None:
        raise NoTenant
    return current


def current_tenant_id() -> UUID:
    """The tenant in force. Raises NoTenant outside a block, and while inspecting."""
    if (tenant_id := tenancy().tenant_id) is None:
        raise NoTenant("no single tenant is in force while inspecting")
    return tenant_id


def current_actor_id() -> UUID | None:
    """The user in whose name the block acts, when it was told."""
    return tenancy().actor_id


@contextmanager
def acting_for(
    tenant: UUID | models.Model,
    *,
    actor: UUID | models.Model | None = None,
    request_id: str = "",
    using: str = DEFAULT_DB_ALIAS,
) -> Iterator[None]:
    """Run the block as one transaction that sees and writes one tenant's rows.

    `tenant` and `actor` (a user) are ids or instances; the ledger records the actor and the
    `request_id`. The setting the row policies read is local to the transaction, so a pooled
    connection never carries it to the next borrower; that is why the block must be the
    outermost transaction (Django raises RuntimeError otherwise). Entering the same tenant
    again is free; another raises TenantMismatch.
    """
    tenant_id, actor_id = _id(tenant), _id(actor)
    assert tenant_id is not None
    if (outer := _current.get()) is not None:
        if (outer.tenant_id, outer.using) != (tenant_id, using):
            raise TenantMismatch
        inner = replace(
            outer,
            actor_id=actor_id or outer.actor_id,
            request_id=request_id or outer.request_id,
        )
        with _in_force(inner):
            yield
        return
    entered = _in_force(Tenancy(tenant_id, using, actor_id, request_id))
    with entered, transaction.atomic(using=using, durable=True):
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT use_tenant(%s)", [tenant_id])
        yield


@contextmanager
def inspecting(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run the block as one READ ONLY transaction over all tenants, as the role inspector.

    For the admin's view and for commands; managers add no filter in it. Raises
    TenantMismatch inside a tenant's block.
    """
    if _current.get() is not None:
        raise TenantMismatch("inspecting() cannot begin inside another block")
    with _in_force(Tenancy(None, using)), transaction.atomic(using=using, durable=True):
        with connections[using].cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SET LOCAL ROLE inspector")
        yield


def run_for[T](
    tenant: UUID | models.Model,
    work: Callable[[], T],
    *,
    actor: UUID | models.Model | None = None,
    request_id: str = "",
    using: str = DEFAULT_DB_ALIAS,
) -> T:
    """Do `work` as one tenant, in one transaction, again while that helps.

    The door for views and tasks. `work` may run more than once, and a lost connection can
    hide a commit that did land: touch nothing but the database, and give money verbs a key.
    Raises RuntimeError inside any open transaction.
    """
    if connections[using].in_atomic_block:
        raise RuntimeError("run_for() cannot be retried inside an open transaction")

    def once() -> T:
        with acting_for(tenant, actor=actor, request_id=request_id, using=using):
            return work()

    return retried(once, using=using)


@contextmanager
def _in_force(tenancy: Tenancy) -> Iterator[None]:
    token = _current.set(tenancy)
    try:
        yield
    finally:
        _current.reset(token)


def _id(named: UUID | models.Model | None) -> UUID | None:
    return named.pk if isinstance(named, models.Model) else named
