"""Which tenant is in force: a contextvar and a transaction that begin and end together.

run_for(tenant, work)     the door for views and tasks: opens the block, retries the whole
acting_for(tenant)        the block itself
acting_in_turn()          one transaction of the system's over several tenants' blocks
inspecting()              read-only, across tenants, as the role inspector
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import partial
from typing import cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from tenants.errors import NotAllowed, NoTenant, TenantMismatch, TenantSuspended, UnknownTenant
from tenants.postgres import block
from tenants.postgres.retry import retried
from tenants.postgres.storable import UNSTORABLE
from tenants.refusals import UnknownRole

READERS = frozenset({"viewer"})
"""Roles whose transactions are read-only."""
LONGEST_REQUEST_ID = 200
"""Characters: what the columns take."""
ROLES = READERS | {"owner", "editor", "service"}
"""Every role there is: see `tenants.access.roles.Role`."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """What is in force: `tenant_id` is None while inspecting.

    `role` is that of the member who acts; None is the system itself, which may do all.
    """

    tenant_id: UUID | None
    using: str
    actor_id: UUID | None = None
    request_id: str = ""
    role: str | None = None
    suspended: bool = False

    def require_writable(self) -> None:
        """Raise TenantSuspended, or NotAllowed for a role that may only read.

        PostgreSQL refuses too: the transaction is READ ONLY.
        """
        if self.suspended:
            raise TenantSuspended
        if self.role in READERS:
            raise NotAllowed("write", self.role)


_current: ContextVar[Tenancy | None] = ContextVar("tenancy", default=None)
_origin: ContextVar[tuple[UUID | None, str]] = ContextVar("origin", default=(None, ""))


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


def request_id_of(given: object) -> str:
    """A request's id as it is kept: what is too long or no text is cut, for no work fails by it."""
    return UNSTORABLE.sub("?", str(given))[:LONGEST_REQUEST_ID]


@contextmanager
def attributed(*, actor: UUID | models.Model | None = None, request_id: str = "") -> Iterator[None]:
    """Blocks that begin within are in the name of this actor and request, unless they say.

    For middleware, tasks and commands: whoever knows who asks, and no tenant yet.
    """
    outer_actor, outer_request = _origin.get()
    token = _origin.set((_id(actor) or outer_actor, request_id_of(request_id) or outer_request))
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
    request_id: str = "",
    role: str | None = None,
    even_suspended: bool = False,
    using: str = DEFAULT_DB_ALIAS,
) -> Iterator[None]:
    """Run the block as one transaction that sees and writes one tenant's rows.

    `tenant` and `actor` (a user) are ids or instances; a tenant's id may be text, as tasks get it.
    Ledger and history record the actor and the `request_id` (its first 200 characters), which
    default to those of `attributed`. `role` is the acting member's:
    without one the block is the system's own, which may do all. What the row policies read is
    local to the transaction, so a pooled connection never carries it to the next borrower; that
    is why the block must be the outermost transaction (Django raises RuntimeError otherwise).
    Entering the same tenant again is free; another raises TenantMismatch. A suspended tenant
    can be read and not written, except to reactivate it: `even_suspended`, which is not
    looked for and may be about to be founded. Raises UnknownTenant for any other that is not
    there, and for anything but an id, such as a slug.
    """
    if role is not None and (not isinstance(role, str) or role not in ROLES):
        raise UnknownRole(f"there is no role {role!r}: {', '.join(sorted(ROLES))}")
    tenant_id, actor_id, request_id = _tenant_id(tenant), _id(actor), request_id_of(request_id)
    if (outer := _current.get()) is not None:
        if (outer.tenant_id, outer.using) != (tenant_id, using):
            raise TenantMismatch
        if role not in (None, outer.role):
            raise TenantMismatch("a block cannot take on another role")
        with _renamed(outer, actor_id or outer.actor_id, request_id or outer.request_id):
            yield
        return
    usual_actor, usual_request = _origin.get()
    entered = Tenancy(tenant_id, using, actor_id or usual_actor, request_id or usual_request, role)
    with transaction.atomic(using=using, durable=True), _entered(entered, even_suspended):
        yield


@contextmanager
def _entered(wanted: Tenancy, even_suspended: bool) -> Iterator[None]:
    """Tell PostgreSQL, and hear whether the tenant is suspended. Raises UnknownTenant."""
    tenant_id = cast(UUID, wanted.tenant_id)
    enter = block.enter_any_tenant if even_suspended else block.enter_tenant
    reader = wanted.role in READERS
    suspended = enter(tenant_id, wanted.actor_id, wanted.request_id, reader, using=wanted.using)
    if suspended is None:
        raise UnknownTenant(f"there is no tenant {tenant_id}")
    with _in_force(replace(wanted, suspended=suspended)):
        yield


@contextmanager
def _renamed(outer: Tenancy, actor_id: UUID | None, request_id: str) -> Iterator[None]:
    """The same block in another's name, for a while."""
    inner = replace(outer, actor_id=actor_id, request_id=request_id)
    if inner == outer:
        yield
        return
    block.name_actor(actor_id, request_id, using=outer.using)
    try:
        with _in_force(inner):
            yield
    finally:
        block.name_actor(outer.actor_id, outer.request_id, using=outer.using)


@contextmanager
def acting_in_turn(
    *, using: str = DEFAULT_DB_ALIAS
) -> Iterator[Callable[[UUID], AbstractContextManager[None]]]:
    """One transaction in which the system acts for one tenant after another: all of it or nothing.

    For what concerns a person in all their tenants. `with turn(tenant_id): ...`, of what is
    yielded, is that tenant's block, a suspended one's too; between the turns tenants' models
    raise NoTenant. Take the turns in the order of the ids: then two of these wait for each other
    without a deadlock. Actor and request are those of `attributed`. Raises TenantMismatch inside
    a block.
    """
    if _current.get() is not None:
        raise TenantMismatch("turns are taken outside of any block")
    named = Tenancy(None, using, *_origin.get())
    with transaction.atomic(using=using, durable=True):
        block.begin(named.actor_id, named.request_id, using=using)
        yield partial(_turn, named)


def _turn(named: Tenancy, tenant_id: UUID) -> AbstractContextManager[None]:
    return _entered(replace(named, tenant_id=tenant_id), even_suspended=True)


@contextmanager
def inspecting(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Run the block as one READ ONLY transaction over all tenants, as the role inspector.

    For the admin's view and for commands; managers add no filter in it. Raises
    TenantMismatch inside a tenant's block.
    """
    if _current.get() is not None:
        raise TenantMismatch("inspecting() cannot begin inside another block")
    with _in_force(Tenancy(None, using)), transaction.atomic(using=using, durable=True):
        block.become_inspector(using=using)
        yield


def run_for[T](
    tenant: UUID | str | models.Model,
    work: Callable[[], T],
    *,
    actor: UUID | models.Model | None = None,
    request_id: str = "",
    role: str | None = None,
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
        with acting_for(tenant, actor=actor, request_id=request_id, role=role, using=using):
            return work()

    return retried(once, using=using)


@contextmanager
def _in_force(tenancy: Tenancy) -> Iterator[None]:
    token = _current.set(tenancy)
    try:
        yield
    finally:
        _current.reset(token)


def _tenant_id(named: object) -> UUID:
    """Raises UnknownTenant for anything but an id."""
    found = named.pk if isinstance(named, models.Model) else named
    try:
        return found if isinstance(found, UUID) else UUID(cast(str, found))
    except (AttributeError, TypeError, ValueError):
        wrong = f"{named!r} is no tenant's id: Tenant.objects.id_of(slug) finds it"
        raise UnknownTenant(wrong) from None


def _id(named: UUID | models.Model | None) -> UUID | None:
    return named.pk if isinstance(named, models.Model) else named
