"""Users, tenants, memberships and invitations in memory: for tests without a database.

    directory = MemoryDirectory()
    acme = directory.tenants.create_tenant("acme")
    ana = directory.users.create_user("ana@example.com")
    with directory.acting_for(acme):
        directory.memberships.join(ana, "owner")

The verbs are the managers' own; only the steps below them are written here. Rows are instances of
the models, and none is ever saved. A row that a verb returns is a copy: it stays as it was read.

Blocks, roles, suspension, rate limits and quotas by plan are those of production. There are no
sessions, no history, no settings (a quota is never overridden), nobody else who writes at the same
time, and no rows that belong to a member (`leave` never raises MemberInUse).
tests/tenants/contract runs the same tests on the managers and on these.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models
from django.utils import timezone

from tenants import context
from tenants.context.tenancy import Tenancy, pk_of
from tenants.errors import UnknownTenant
from tenants.managers.invitations import InvitationVerbs
from tenants.managers.members import MembershipVerbs
from tenants.managers.tenants import TenantVerbs
from tenants.managers.users import UserVerbs
from tenants.models import Invitation, Membership, SystemSettings, Tenant, User
from tenants.testing.rows import MemoryRows


class MemoryUsers(MemoryRows[User], UserVerbs):
    """Users in memory, as `User.objects`."""

    unique: ClassVar = {
        "tenants_user_email_once": lambda row: None if row.deleted_at else row.email.lower()
    }

    def get_by_name(self, email: str) -> User:
        """The active user with that address; case does not matter. Raises RowNotFound."""
        for user in self.all():
            if user.email.lower() == email.strip().lower():
                return user
        raise User.DoesNotExist(f"there is no user {email!r}")

    def is_active(self, pk: UUID) -> bool:
        """Whether an active user has that id, a member or not."""
        return bool(self._find(pk=pk))

    def _shown(self, **equal: Any) -> list[User]:
        """Of a block with a role, the members alone."""
        users = self._find(**equal)
        if context.current_role() is None:
            return users
        members = {row.user_id for row in self._directory.memberships.all()}
        return [user for user in users if user.pk in members]

    def _get(self, pk: UUID) -> User:
        for user in self._find(deleted=True, pk=pk):
            return user
        raise User.DoesNotExist(f"there is no user {pk}")

    _lock = _get


class MemoryTenants(MemoryRows[Tenant], TenantVerbs):
    """Tenants in memory, as `Tenant.objects`."""

    def every_id(self, *, writable: bool = False) -> list[UUID]:
        """The ids of all tenants, or of those that are not suspended; outside of blocks."""
        with self._blocks.inspecting():
            found = self._find(suspended_at=None) if writable else self.all()
        return sorted(tenant.pk for tenant in found)

    def slugs_of(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """The slugs of visible tenants, by id."""
        return {tenant.pk: tenant.slug for tenant in self.all() if tenant.pk in ids}

    def _lock(self) -> Tenant | None:
        return self.get_or_none()

    def _enter_slug(self, tenant: Tenant) -> None:
        self._require_unique(tenant, "tenants_tenantslug_pkey", lambda row: row.slug)

    def _enter_external_id(self, tenant: Tenant) -> None:
        key = "tenants_tenantexternalid_pkey"
        self._require_unique(tenant, key, lambda row: row.external_id or None)

    def _look_up(self, function: str, argument: str | UUID) -> list[UUID]:
        model, field, answer = {
            "tenant_of_slug": (Tenant, "slug", "pk"),
            "tenant_of_external_id": (Tenant, "external_id", "pk"),
            "tenants_of_user": (Membership, "user_id", "tenant_id"),
            "tenant_of_invitation": (Invitation, "token_hash", "tenant_id"),
        }[function]
        return [
            getattr(row, answer)
            for row in self._directory.tables[model].values()
            if argument and getattr(row, field) == argument and not getattr(row, "deleted_at", None)
        ]


class MemoryMemberships(MemoryRows[Membership], MembershipVerbs):
    """Memberships in memory, as `Membership.objects`."""

    unique: ClassVar = {
        "tenants_membership_user_once": lambda row: (
            None if row.deleted_at else (row.tenant_id, row.user_id)
        )
    }

    def of(self, user: User | UUID) -> Membership | None:
        """The membership of an active user, or None."""
        rows = self._find(user_id=pk_of(user))
        return next((row for row in rows if row.user.is_active), None)

    def by_email(self, email: str) -> list[Membership]:
        """Memberships of active users with that address; case does not matter."""
        address = email.strip().lower()
        return [
            row for row in self.all() if row.user.is_active and row.user.email.lower() == address
        ]

    def _read(self, row: Membership) -> Membership:
        row = copy(row)
        row.user = self._directory.users._get(row.user_id)
        return row

    def _lock(self, **equal: Any) -> Membership | None:
        return self.get_or_none(**equal)

    def _has_other_owner(self, membership: Membership) -> bool:
        owners = [row for row in self._find(role="owner") if row.user.is_active]
        return any(row.pk != membership.pk for row in owners)

    def _mark_deleted(self, membership: Membership, when: datetime | None = None) -> None:
        membership.deleted_at = when or timezone.now()
        self._save_row(membership, "deleted_at")

    def _ended(self, user: User, when: datetime) -> list[Membership]:
        return self._find(deleted=True, user_id=user.pk, deleted_at=when)

    def _restore(self, membership: Membership) -> None:
        membership.deleted_at = None
        self._save_row(membership, "deleted_at")


class MemoryInvitations(MemoryRows[Invitation], InvitationVerbs):
    """Invitations in memory, as `Invitation.objects`."""

    unique: ClassVar = {
        "tenants_invitation_pending_once": lambda row: (
            None if row.accepted_at else (row.tenant_id, row.email)
        )
    }

    def _pending(self, **equal: Any) -> list[Invitation]:
        return self._find(accepted_at=None, **equal)

    def _delete(self, invitation: Invitation) -> None:
        self._require_writable("delete")
        del self._table[invitation.pk]


class MemoryDirectory:
    """The data-access objects of all tenants, and the blocks of `tenants.context`, in memory."""

    def __init__(self) -> None:
        self.tables: defaultdict[type[Any], dict[UUID, Any]] = defaultdict(dict)
        self.users = MemoryUsers(self, User)
        self.tenants = MemoryTenants(self, Tenant)
        self.memberships = MemoryMemberships(self, Membership)
        self.invitations = MemoryInvitations(self, Invitation)
        self.daos: dict[str, Any] = {
            "User": self.users,
            "Tenant": self.tenants,
            "Membership": self.memberships,
            "Invitation": self.invitations,
            "SystemSettings": SimpleNamespace(current=SystemSettings),
            "UserSession": SimpleNamespace(revoke_all=lambda user: 0),
        }

    @contextmanager
    def acting_for(
        self,
        tenant: UUID | str | models.Model,
        *,
        actor: UUID | models.Model | None = None,
        member: UUID | models.Model | None = None,
        request_id: str = "",
        role: str | None = None,
        even_suspended: bool = False,
    ) -> Iterator[None]:
        """As `tenants.context.acting_for`: what raises out of the block leaves nothing written."""
        nested = context.in_block()
        wanted = context.tenancy_of(
            tenant, actor=actor, member=member, request_id=request_id, role=role
        )
        if not nested and not even_suspended:
            if (row := self.tables[Tenant].get(cast(UUID, wanted.tenant_id))) is None:
                raise UnknownTenant(f"there is no tenant {wanted.tenant_id}")
            wanted = replace(wanted, suspended=row.suspended_at is not None)
        with (
            nullcontext() if nested else self.all_or_nothing(),
            context.in_force(wanted),
            context.in_role_of(None if nested else member, self.memberships.role_of),
        ):
            yield

    def run_for[T](
        self,
        tenant: UUID | str | models.Model,
        work: Callable[[], T],
        *,
        actor: UUID | models.Model | None = None,
        member: UUID | models.Model | None = None,
        request_id: str = "",
        role: str | None = None,
    ) -> T:
        """As `tenants.context.run_for`; nothing is retried."""
        if context.in_block():
            raise RuntimeError("run_for() cannot be retried inside an open transaction")
        named: Any = {"actor": actor, "member": member, "request_id": request_id, "role": role}
        with self.acting_for(tenant, **named):
            return work()

    @contextmanager
    def acting_in_turn(
        self, *, using: str = DEFAULT_DB_ALIAS
    ) -> Iterator[Callable[[UUID], AbstractContextManager[None]]]:
        """As `tenants.context.acting_in_turn`."""
        context.require_no_block("acting_in_turn()")
        with self.all_or_nothing():
            yield lambda tenant_id: self.acting_for(tenant_id, even_suspended=True)

    @contextmanager
    def inspecting(self, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
        """As `tenants.context.inspecting`."""
        context.require_no_block("inspecting()")
        with context.in_force(Tenancy(None, using)):
            yield

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What raises out of the block leaves nothing written; rows in hand stay as they are."""
        before = {model: dict(rows) for model, rows in self.tables.items()}
        try:
            yield
        except BaseException:
            self.tables = defaultdict(dict, before)
            raise
