"""What a block puts in force, and the ids that blocks take."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.db import models

from tenants.errors import NotAllowed, TenantSuspended, UnknownTenant
from tenants.postgres.untrusted import UNSTORABLE

READERS = frozenset({"viewer"})
"""Roles whose transactions are read-only."""
ROLES = READERS | {"owner", "editor", "service"}
"""Every role there is: see `tenants.access.roles.Role`."""
LONGEST_REQUEST_ID = 200
"""Characters: what the columns take."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """What a block puts in force: `tenant_id` is None while inspecting.

    `role` is the role of the acting member; None is the system, which may use every verb.
    """

    tenant_id: UUID | None
    using: str
    actor_id: UUID | None = None
    request_id: str = ""
    role: str | None = None
    suspended: bool = False

    def require_writable(self) -> None:
        """Raise TenantSuspended, or NotAllowed for a role that may only read.

        PostgreSQL refuses as well: the transaction is READ ONLY.
        """
        if self.suspended:
            raise TenantSuspended
        if self.role in READERS:
            raise NotAllowed("write", self.role)


def request_id_of(given: object) -> str:
    """A request's id as it is stored: cut, and without characters that PostgreSQL refuses."""
    return UNSTORABLE.sub("?", str(given))[:LONGEST_REQUEST_ID]


def tenant_id_of(tenant: object) -> UUID:
    """The id of a tenant. Raises UnknownTenant for what is not an id."""
    found = tenant.pk if isinstance(tenant, models.Model) else tenant
    try:
        return found if isinstance(found, UUID) else UUID(cast(str, found))
    except (AttributeError, TypeError, ValueError):
        wrong = f"{tenant!r} is not a tenant's id: Tenant.objects.id_of(slug) finds it"
        raise UnknownTenant(wrong) from None


def pk_of(row: UUID | models.Model | None) -> UUID | None:
    """The id of a row or of what is an id already; None of None."""
    return row.pk if isinstance(row, models.Model) else row
