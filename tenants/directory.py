"""Managers of tenants and users: what there is before a tenant is in force."""

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.auth.base_user import BaseUserManager
from django.db import connection
from django.db.models.functions import Coalesce, Lower, Now

from tenants.context import acting_for, inspecting
from tenants.errors import ConstraintBroken, SlugTaken, UnknownTenant
from tenants.managers import ContractQuerySet, TenantManager

if TYPE_CHECKING:
    from tenants.models import Tenant, User


class TenantsManager(TenantManager["Tenant"]):
    """Tenants: each sees itself. The look-ups cross, and return ids only."""

    def create_tenant(self, slug: str, name: str = "") -> "Tenant":
        """Found a tenant, in a transaction of its own.

        Raises SlugTaken, and ValidationError for a slug that is none.
        """
        tenant = self.model(slug=slug, name=name or slug)
        tenant.clean_fields()
        with acting_for(tenant.pk):
            try:
                tenant.claim_slug()
            except ConstraintBroken as error:
                raise SlugTaken(f"there is a tenant {slug!r} already") from error
            tenant.save(force_insert=True)
        return tenant

    def suspend(self, tenant: "Tenant | UUID") -> None:
        """Let the tenant be read and not written, from now on; safe to repeat."""
        self._set_suspended(tenant, Coalesce("suspended_at", Now()))

    def reactivate(self, tenant: "Tenant | UUID") -> None:
        """Let it be written again; safe to repeat."""
        self._set_suspended(tenant, None)

    def _set_suspended(self, tenant: "Tenant | UUID", when: Any) -> None:
        """In a transaction of its own. Raises UnknownTenant."""
        with acting_for(tenant, even_suspended=True):
            if not self.update(suspended_at=when, updated_at=Now()):
                raise UnknownTenant

    def every_id(self, *, writable: bool = False) -> list[UUID]:
        """The ids of all tenants, or of those that are not suspended. Outside of blocks.

        For tasks and commands that walk over them.
        """
        with inspecting():
            tenants = self.filter(suspended_at=None) if writable else self.all()
            return list(tenants.order_by("pk").values_list("pk", flat=True))

    def id_of(self, slug: str) -> UUID:
        """The id of the tenant called `slug`. Raises UnknownTenant."""
        for tenant_id in _look_up("SELECT tenant_of_slug(%s)", slug):
            return tenant_id
        raise UnknownTenant(f"there is no tenant {slug!r}")

    def ids_of_user(self, user: "User | UUID") -> list[UUID]:
        """The tenants a user is a member of, in no order."""
        pk = user if isinstance(user, UUID) else user.pk
        return _look_up("SELECT * FROM tenants_of_user(%s)", pk)

    def id_of_invitation(self, token_hash: str) -> UUID:
        """The tenant that sent the invitation with that token's hash. Raises UnknownTenant."""
        for tenant_id in _look_up("SELECT tenant_of_invitation(%s)", token_hash):
            return tenant_id
        raise UnknownTenant("there is no such invitation")


def _look_up(sql: str, argument: str | UUID) -> list[UUID]:
    """The ids a look-up returns; PostgreSQL's NULL, for none, is left out."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [argument])
        return [row[0] for row in cursor.fetchall() if row[0] is not None]


class UserQuerySet(ContractQuerySet["User"]):
    """People. Filters are adjectives."""

    def active(self) -> Self:
        """Users who have not been deleted."""
        return self.filter(deleted_at=None)

    def by_email(self, email: str) -> Self:
        """Users with that address, whatever its case."""
        return self.alias(folded=Lower("email")).filter(folded=email.strip().lower())


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Users, who log in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password nobody can log in as them.

        Raises UniqueBroken when a live user has the address.
        """
        user: User = self.model(email=self.normalize_email(email.strip()), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user who may see everything in the admin."""
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, email: str | None) -> "User":
        """The live user with that address; Django's login asks here."""
        user: User = self.active().by_email(email or "").get()
        return user
