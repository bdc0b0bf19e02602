"""The managers of tenants and of their slugs: what there is before a tenant is in force."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.models import Group, Permission
from django.db import connection, models
from django.db.models.functions import Coalesce, Now

from tenants.context import acting_for, inspecting
from tenants.errors import ConstraintBroken, SlugTaken, UnknownTenant
from tenants.managers import TenantManager
from tenants.plans import features_of
from tenants.roles import require, verb

if TYPE_CHECKING:
    from tenants.models import Tenant, TenantSlug, User


class TenantsManager(TenantManager["Tenant"]):
    """Tenants: each sees itself. The look-ups cross, and return ids only."""

    def create_tenant(self, slug: str, name: str = "") -> "Tenant":
        """Found a tenant, in a transaction of its own.

        Raises SlugTaken, and ValueRefused for what can be no slug.
        """
        tenant = self.model(slug=slug, name=name or slug)
        tenant.clean_fields()
        with acting_for(tenant.pk, even_suspended=True):  # it is not there yet
            try:
                tenant.claim_slug()
            except ConstraintBroken as error:
                raise SlugTaken(f"there is a tenant {slug!r} already") from error
            tenant.save(force_insert=True)
        return tenant

    @verb("plan.change")
    def change_plan(self, plan: str) -> "Tenant":
        """Put the tenant in force on a declared plan: for the system to do, not for its members.

        Raises UnknownPlan and NotAllowed.
        """
        features_of(plan)
        tenant: Tenant = self.select_for_update(no_key=True).get()
        tenant.plan = plan
        tenant.save(update_fields=["plan", "updated_at"])
        return tenant

    def suspend(self, tenant: "Tenant | UUID") -> None:
        """Let the tenant be read and not written, from now on; safe to repeat."""
        self._set_suspended(tenant, Coalesce("suspended_at", Now()))

    def reactivate(self, tenant: "Tenant | UUID") -> None:
        """Let it be written again; safe to repeat."""
        self._set_suspended(tenant, None)

    def _set_suspended(self, tenant: "Tenant | UUID", when: Any) -> None:
        """In a transaction of its own. Raises UnknownTenant, and NotAllowed to its members."""
        with acting_for(tenant, even_suspended=True):
            require("tenant.suspend")
            if not self.update(suspended_at=when, updated_at=Now()):
                raise UnknownTenant

    def every_id(self, *, writable: bool = False) -> list[UUID]:
        """The ids of all tenants, or of those that are not suspended. Outside of blocks.

        For tasks and commands that walk over them.
        """
        with inspecting():
            tenants = self.filter(suspended_at=None) if writable else self.all()
            return list(tenants.order_by("pk").values_list("pk", flat=True))

    def by_slug(self) -> "models.QuerySet[Tenant]":
        """All that are to be seen, in the order of their slugs."""
        return self.order_by("slug")

    def slugs_of(self, ids: Collection[UUID]) -> "dict[UUID, str]":
        """The slugs of tenants, by id; of those that are to be seen."""
        return dict(self.filter(pk__in=ids).values_list("pk", "slug"))

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


class TenantSlugManager(models.Manager["TenantSlug"]):
    """The directory of slugs: role app may enter one, role inspector reads them."""

    def claim(self, slug: str, holder: UUID) -> None:
        """Enter a slug. Raises ConstraintBroken when it is taken."""
        entry: TenantSlug = self.model(slug=slug, holder=holder)
        self.bulk_create([entry])

    def first_slugs(self, most: int) -> list[str]:
        """The first slugs there are, in their order."""
        return list(self.order_by("slug").values_list("slug", flat=True)[:most])

    def holder_of(self, slug: str) -> UUID | None:
        """The id of the tenant that has a slug, if there is one."""
        return self.filter(slug=slug).values_list("holder", flat=True).first()


def inspectors() -> Group:
    """The group whose members may look at everything in the admin, and change nothing.

    Made, or given the permissions there are by now: safe to repeat.
    """
    group, _ = Group.objects.get_or_create(name="Inspectors")
    group.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return group
