"""Which tenant is in force: a contextvar and a transaction that begin and end together.

run_for(tenant, work)     for views and tasks: opens the block, and retries the work
acting_for(tenant)        the block itself
acting_in_turn()          one transaction of the system over several tenants' blocks
inspecting()              read-only, across tenants, as the role inspector
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from tenants.context.tenancy import READERS, ROLES, Tenancy, pk_of, request_id_of, tenant_id_of
from tenants.errors import NoTenant, TenantMismatch, UnknownTenant
from tenants.postgres import block
from tenants.postgres.retry import retried
from tenants.refusals import UnknownRole

_current: ContextVar[Tenancy | None] = ContextVar("tenancy", default=None)
_origin: ContextVar[tuple[UUID | None, str]] = ContextVar("origin", default=(None, ""))


def tenancy() -> Tenancy:
    """What the block puts in force. Raises NoTenant outside of blocks."""
    if (current := _current.get()) is None:
        raise NoTenant
    return current


def in_block() -> bool:
    """Whether a block is open."""
    return _current.get() is not None


def current_tenant_id() -> UUID:
    """The tenant in force. Raises NoTenant outside a block, and while inspecting."""
    if (tenant_id := tenancy().tenant_id) is None:
        raise NoTenant("no single tenant is in force while inspecting")
    return tenant_id


def current_role() -> str | None:
    """The role in force; None in the system's blocks and outside of blocks."""
    current = _current.get()
    return current.role if current else None


def current_actor_id() -> UUID | None:
    """The user in whose name the block acts, if it names one."""
    return tenancy().actor_id


@contextmanager
def attributed(*, actor: UUID | models.Model | None = None, request_id: str = "") -> Iterator[None]:
    """Blocks that begin within name this actor and request, unless they name others.

    For middleware, tasks and commands, which know the actor before the tenant.
    """
    outer_actor, outer_request = _origin.get()
    token = _origin.set((pk_of(actor) or outer_actor, request_id_of(request_id) or outer_request))
    try:
        yield
    finally:
        _origin.reset(token)


def origin() -> tuple[UUID | None, str]:
    """The actor and the request id that blocks begin with: see `attributed`."""
    return _origin.get()


@contextmanager
def acting_for(
    tenant: UUID | str | models.Model,
    *,
    actor: UUID | models.Model | None = None,
    member: UUID | models.Model | None = None,
    request_id: str = "",
    role: str | None = None,
    even_suspended: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> Iterator[None]:
    """Run the block as one transaction that reads and writes one tenant's rows.

    `tenant` and `actor` (a user) are ids or instances; a tenant's id may be text, as tasks get it.
    Ledger and history record the actor and the `request_id` (its first 200 characters); the
    defaults are those of `attributed`. `member` (a user) is the actor, with the role that they have
    in this very block: raises NoMembership. `role` names a role instead, as tests do; with neither
    the block is the system's own, which may use every verb. PostgreSQL's setting is local to the
    transaction, so a pooled connection never carries it to the next borrower; therefore the block
    must be the outermost transaction (Django raises RuntimeError otherwise).

    Entering the same tenant again is free; another raises TenantMismatch. A suspended tenant can
    be read and not written. With `even_suspended` it can be written, and the tenant need not exist
    yet. Otherwise raises UnknownTenant for a tenant that does not exist, and for what is not an id,
    such as a slug.
    """
    outer = _current.get()
    block.require_own(using=using if outer is None else outer.using)
    wanted = tenancy_of(
        tenant, actor=actor, member=member, request_id=request_id, role=role, using=using
    )
    if outer is not None:
        with _renamed(outer, wanted):
            yield
        return
    with (
        transaction.atomic(using=using, durable=True),
        _entered(wanted, even_suspended),
        in_role_of(member, _role_in_block),
    ):
        yield


def tenancy_of(
    tenant: UUID | str | models.Model,
    *,
    actor: UUID | models.Model | None = None,
    member: UUID | models.Model | None = None,
    request_id: str = "",
    role: str | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Tenancy:
    """What `acting_for` puts in force with these arguments, inside the current block or outside.

    A member's role is not looked up yet. Raises UnknownRole, UnknownTenant for what is not an id,
    TenantMismatch, and TypeError for a member together with an actor or a role.
    """
    if member is not None and (actor is not None or role is not None):
        raise TypeError("member= names the actor and the role: leave out actor= and role=")
    actor = member or actor
    if role is not None and (not isinstance(role, str) or role not in ROLES):
        raise UnknownRole(f"there is no role {role!r}: {', '.join(sorted(ROLES))}")
    tenant_id, actor_id, request_id = tenant_id_of(tenant), pk_of(actor), request_id_of(request_id)
    if (outer := _current.get()) is None:
        usual_actor, usual_request = _origin.get()
        actor_id, request_id = actor_id or usual_actor, request_id or usual_request
        return Tenancy(tenant_id, using, actor_id, request_id, role)
    if (outer.tenant_id, outer.using) != (tenant_id, using):
        raise TenantMismatch
    if role not in (None, outer.role):
        raise TenantMismatch("a block cannot take on another role")
    if member is not None and (outer.role is None or outer.actor_id != actor_id):
        raise TenantMismatch("a block cannot take on another member")
    actor_id, request_id = actor_id or outer.actor_id, request_id or outer.request_id
    return replace(outer, actor_id=actor_id, request_id=request_id)


@contextmanager
def _entered(wanted: Tenancy, even_suspended: bool) -> Iterator[None]:
    """Enter the tenant in PostgreSQL, which answers whether it is suspended.

    Raises UnknownTenant.
    """
    tenant_id = cast(UUID, wanted.tenant_id)
    enter = block.enter_any_tenant if even_suspended else block.enter_tenant
    reader = wanted.role in READERS
    suspended = enter(tenant_id, wanted.actor_id, wanted.request_id, reader, using=wanted.using)
    if suspended is None:
        raise UnknownTenant(f"there is no tenant {tenant_id}")
    with in_force(replace(wanted, suspended=suspended)):
        yield


def _role_in_block(member: UUID | models.Model) -> str:
    """The role of a member; the transaction of a reader is READ ONLY from now on."""
    using = tenancy().using
    memberships: Any = apps.get_model("tenants.Membership").objects
    role: str = memberships.db_manager(using).role_of(member)
    if role in READERS:
        block.become_reader(using=using)
    return role


@contextmanager
def in_role_of(member: UUID | models.Model | None, role_of: Callable[[Any], str]) -> Iterator[None]:
    """Put a member's role in force, looked up in the open block. Without a member, do nothing."""
    if member is None:
        yield
        return
    with in_force(replace(tenancy(), role=role_of(member))):
        yield


@contextmanager
def _renamed(outer: Tenancy, inner: Tenancy) -> Iterator[None]:
    """The same block with another actor or request."""
    if inner == outer:
        yield
        return
    block.name_actor(inner.actor_id, inner.request_id, using=outer.using)
    try:
        with in_force(inner):
            yield
    finally:
        block.name_actor(outer.actor_id, outer.request_id, using=outer.using)


@contextmanager
def acting_in_turn(
    *, using: str = DEFAULT_DB_ALIAS
) -> Iterator[Callable[[UUID], AbstractContextManager[None]]]:
    """One transaction in which the system acts for one tenant after another: all of it or nothing.

    For what concerns a user in all their tenants. Yields `turn`: `with turn(tenant_id): ...` is
    that tenant's block, also of a suspended tenant; between turns, tenants' models raise
    NoTenant. Take the turns in the order of the ids: then two of these wait for each other without
    a deadlock. Actor and request are those of `attributed`. Raises TenantMismatch inside a block.
    """
    require_no_block("acting_in_turn()")
    named = Tenancy(None, using, *_origin.get())
    with transaction.atomic(using=using, durable=True):
        block.begin(named.actor_id, named.request_id, using=using)
        yield partial(_turn, named)


def _turn(named: Tenancy, tenant_id: UUID) -> AbstractContextManager[None]:
    return _entered(replace(named, tenant_id=tenant_id), even_suspended=True)


@contextmanager
def inspecting(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run the block as one READ ONLY transaction over all tenants, as the role inspector.

    For the admin and for commands; managers add no filter in it. Raises TenantMismatch inside a
    block.
    """
    require_no_block("inspecting()")
    with in_force(Tenancy(None, using)), transaction.atomic(using=using, durable=True):
        block.become_inspector(using=using)
        yield


def run_for[T](
    tenant: UUID | str | models.Model,
    work: Callable[[], T],
    *,
    actor: UUID | models.Model | None = None,
    member: UUID | models.Model | None = None,
    request_id: str = "",
    role: str | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> T:
    """Do `work` as one tenant, in one transaction, and try again after a retryable error.

    For views and tasks. `work` may run more than once, and a lost connection can hide a commit
    that happened: touch nothing but the database, and give money verbs a key. Each try looks the
    role of `member` up anew. Raises RuntimeError inside any open transaction.
    """
    block.require_own(using=using)
    if connections[using].in_atomic_block:
        raise RuntimeError("run_for() cannot be retried inside an open transaction")

    named: Any = {"actor": actor, "member": member, "request_id": request_id, "role": role}

    def once() -> T:
        with acting_for(tenant, using=using, **named):
            return work()

    return retried(once, using=using)


def require_no_block(name: str) -> None:
    """Raise TenantMismatch inside a block: `name` says what cannot begin there."""
    if in_block():
        raise TenantMismatch(f"{name} cannot begin inside another block")


@contextmanager
def in_force(tenancy: Tenancy) -> Iterator[None]:
    """Put a tenancy in force for Python alone: for the blocks above, and for those in memory."""
    token = _current.set(tenancy)
    try:
        yield
    finally:
        _current.reset(token)
