"""The managers of tenants and of their slugs: what there is before a tenant is in force."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection, models, transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from tenants.access.plans import get_plan
from tenants.access.roles import require, verb
from tenants.context import acting_for, inspecting
from tenants.errors import ConstraintBroken, SlugTaken, UniqueBroken, UnknownTenant
from tenants.managers.base import TenantManager
from tenants.refusals import BadTrial, ExternalIdTaken
from tenants.schema.times import instant

if TYPE_CHECKING:
    from tenants.models import Tenant, TenantExternalId, TenantSlug, User

MOST_TRIAL_DAYS = 366
"""How long a trial may still run."""


class TenantsManager(TenantManager["Tenant"]):
    """Tenants: each sees itself. The look-ups cross, and return ids only."""

    def create_tenant(self, slug: str, name: str = "", *, external_id: str = "") -> "Tenant":
        """Found a tenant, in a transaction of its own.

        `external_id` is what another system calls it, if one does. Raises SlugTaken,
        ExternalIdTaken, and ValueRefused for what can be no slug or no external id.
        """
        tenant = self.model(slug=slug, name=name or slug, external_id=external_id)
        tenant.clean_fields()
        with acting_for(tenant.pk, even_suspended=True):  # it is not there yet
            try:
                tenant.claim_slug()
            except ConstraintBroken as error:
                raise SlugTaken(f"there is a tenant {slug!r} already") from error
            if external_id:
                apps.get_model("tenants.TenantExternalId").objects.claim(external_id, tenant.pk)
            tenant.save(force_insert=True)
        return tenant

    @verb("plan.change")
    def change_plan(self, plan: str) -> "Tenant":
        """Put the tenant in force on a declared plan: for the system to do, not for its members.

        A trial that runs ends by it. Raises UnknownPlan and NotAllowed.
        """
        get_plan(plan)
        tenant = self.acquired().get()
        tenant.plan = plan
        if tenant.trial_ends_at is not None:
            tenant.trial_ends_at = min(tenant.trial_ends_at, timezone.now())
        return self._saved(tenant, "plan", "trial_ends_at")

    @verb("plan.change")
    def start_trial(self, plan: str, until: datetime) -> "Tenant":
        """Let the tenant in force try a plan; then its own counts again, by the clock alone.

        Nothing is deleted at the end: features are off, and what is more than the plan's own
        quotas allow stays. A trial that runs is replaced, so its end is brought forward or put
        off by starting it again. Raises UnknownPlan, BadTrial and NotAllowed.
        """
        get_plan(plan)
        ends_at = _end_of_trial(until)
        tenant = self.acquired().get()
        tenant.trial_plan, tenant.trial_ends_at = plan, ends_at
        return self._saved(tenant, "trial_plan", "trial_ends_at")

    @verb("plan.change")
    def extend_trial(self, until: datetime) -> "Tenant":
        """Give the trial that runs another end. Raises BadTrial and NotAllowed."""
        ends_at = _end_of_trial(until)
        tenant = self._on_trial()
        tenant.trial_ends_at = ends_at
        return self._saved(tenant, "trial_ends_at")

    @verb("plan.change")
    def end_trial(self) -> "Tenant":
        """End the trial that runs, now. Raises BadTrial and NotAllowed."""
        tenant = self._on_trial()
        tenant.trial_ends_at = timezone.now()
        return self._saved(tenant, "trial_ends_at")

    def _on_trial(self) -> "Tenant":
        """The tenant in force, under its lock. Raises BadTrial unless a trial runs."""
        tenant = self.acquired().get()
        if tenant.trial_ends_at is None or tenant.trial_ends_at <= timezone.now():
            raise BadTrial(f"{tenant} is not on trial: start one")
        return tenant

    @verb("tenant.identify")
    def set_external_id(self, external_id: str) -> "Tenant":
        """Note what another system calls the tenant in force; "" for nothing.

        For the system to do. Raises ExternalIdTaken, ValueRefused and NotAllowed.
        """
        tenant = self.acquired().get()
        tenant.external_id = external_id
        tenant.clean_fields()
        directory = apps.get_model("tenants.TenantExternalId").objects
        with transaction.atomic(using=self.db):  # a refusal leaves the block usable
            directory.release(tenant.pk)
            if external_id:
                directory.claim(external_id, tenant.pk)
            return self._saved(tenant, "external_id")

    def _saved(self, tenant: "Tenant", *changed: str) -> "Tenant":
        tenant.save(update_fields=[*changed])
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
            if not self.update(suspended_at=when):
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

    def id_of_external_id(self, external_id: str) -> UUID:
        """The id of the tenant that another system calls so. Raises UnknownTenant."""
        for tenant_id in _look_up("SELECT tenant_of_external_id(%s)", external_id):
            return tenant_id
        raise UnknownTenant(f"there is no tenant with the external id {external_id!r}")

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


class TenantExternalIdManager(models.Manager["TenantExternalId"]):
    """The directory of external ids: role app has the entry of the tenant in force alone."""

    def claim(self, external_id: str, holder: UUID) -> None:
        """Enter an external id. Raises ExternalIdTaken when another tenant has it."""
        entry: TenantExternalId = self.model(external_id=external_id, holder=holder)
        try:
            entry.save(force_insert=True)
        except UniqueBroken as error:
            taken = f"another tenant has the external id {external_id!r}"
            raise ExternalIdTaken(taken, external_id=external_id) from error

    def release(self, holder: UUID) -> None:
        """Strike out the entry of a tenant, if it has one."""
        self.filter(holder=holder).delete()


def _end_of_trial(until: datetime) -> datetime:
    """Raises BadTrial unless it is to come, and before MOST_TRIAL_DAYS are over."""
    try:
        until = instant(until)
    except ValueError as error:
        raise BadTrial(f"the end of a trial {error}") from error
    now = timezone.now()
    if not now < until <= now + timedelta(days=MOST_TRIAL_DAYS):
        raise BadTrial(f"a trial ends within {MOST_TRIAL_DAYS} days from now, not at {until}")
    return until


def inspectors() -> Group:
    """The group whose members may look at everything in the admin, and change nothing.

    Made, or given the permissions there are by now: safe to repeat.
    """
    group, _ = Group.objects.get_or_create(name="Inspectors")
    group.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return group
