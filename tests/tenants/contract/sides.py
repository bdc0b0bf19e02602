"""The two implementations of tenants.interfaces: the managers, and the directory in memory."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

from tenants import context
from tenants.errors import RowNotFound
from tenants.interfaces import (
    InvitationRow,
    Invitations,
    MembershipRow,
    Memberships,
    TenantRow,
    Tenants,
    UserRow,
    Users,
)
from tenants.models import Invitation, Membership, Tenant, User
from tenants.testing.memory import MemoryDirectory


class Directory(Protocol):
    """The data-access objects of one side, and its blocks."""

    @property
    def users(self) -> Users: ...
    @property
    def tenants(self) -> Tenants: ...
    @property
    def memberships(self) -> Memberships: ...
    @property
    def invitations(self) -> Invitations: ...
    @property
    def acting_for(self) -> Callable[..., AbstractContextManager[None]]: ...


class Database:
    """The managers, and the blocks of tenants.context."""

    users = User.objects
    tenants = Tenant.objects
    memberships = Membership.objects
    invitations = Invitation.objects
    acting_for = staticmethod(context.acting_for)


def both_sides() -> tuple[Directory, Directory]:
    """Never called: mypy checks here that both sides keep the Protocols."""
    return Database(), MemoryDirectory()


def rows(
    user: User, tenant: Tenant, membership: Membership, invitation: Invitation
) -> tuple[UserRow, TenantRow, MembershipRow, InvitationRow]:
    """Never called: mypy checks here that the models keep the Protocols."""
    return user, tenant, membership, invitation


class Side:
    """One side, with shorthands for tests."""

    def __init__(self, directory: Directory, wait: Callable[[datetime], None]) -> None:
        self.users, self.tenants = directory.users, directory.tenants
        self.memberships, self.invitations = directory.memberships, directory.invitations
        self.acting_for, self.set_clock = directory.acting_for, wait
        self.in_memory = isinstance(directory, MemoryDirectory)

    def tenant(self) -> Any:
        return self.tenants.create_tenant(uuid4().hex)

    def user(self, **fields: Any) -> Any:
        return self.users.create_user(f"{uuid4().hex}@example.com", **fields)

    def member(self, tenant: Any, role: str = "owner", user: Any = None) -> Any:
        """The membership of a user, of a new one if none is given."""
        user = user or self.user()
        with self.acting_for(tenant):
            return self.memberships.join(user, role)

    def roles(self, tenant: Any) -> list[str]:
        with self.acting_for(tenant):
            return sorted(str(row.role) for row in self.memberships.all())

    def role_of(self, tenant: Any, user: Any) -> str | None:
        with self.acting_for(tenant):
            member = self.memberships.of(user)
        return str(member.role) if member else None

    def stored(self, tenant: Any) -> Any:
        with self.acting_for(tenant):
            return self.tenants.get()

    def is_active(self, user: Any) -> bool:
        """As the stored row says."""
        try:
            return self.users.get_by_name(user.email).pk == user.pk
        except RowNotFound:
            return False
