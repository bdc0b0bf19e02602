"""Tenants: what one is called, which plan it has, whether it is suspended.

Managers import no models: `apps.get_model` finds those of others.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.utils import timezone

from tenants.access.plans import get_plan
from tenants.access.roles import require, verb
from tenants.context import inspecting
from tenants.errors import ConstraintBroken, SlugTaken, UniqueBroken, UnknownTenant
from tenants.managers.base import TenantManager
from tenants.managers.verbs import Verbs
from tenants.refusals import BadTrial, ExternalIdTaken
from tenants.schema.times import instant

if TYPE_CHECKING:
    from tenants.models import Tenant, User

MOST_TRIAL_DAYS = 366
"""The longest time from now to the end of a trial."""


class TenantVerbs(Verbs):
    """Creates tenants, finds their ids, and changes plan, trial, external id and suspension."""

    if TYPE_CHECKING:
        model: "type[Tenant]"

        def _lock(self) -> "Tenant | None":
            """The tenant in force, locked."""

        def _enter_slug(self, tenant: "Tenant") -> None:
            """Enter the slug in the directory. Raises ConstraintBroken when it is taken."""

        def _enter_external_id(self, tenant: "Tenant") -> None:
            """Enter the external id in the directory. Raises UniqueBroken when it is taken."""

        def _look_up(self, function: str, argument: str | UUID) -> list[UUID]:
            """The ids that a look-up across tenants returns."""

    def create_tenant(self, slug: str, name: str = "", *, external_id: str = "") -> "Tenant":
        """Create a tenant, in its own transaction; without a name the slug is the name.

        `external_id` is its id in another system. Not safe to repeat: a second call raises
        SlugTaken. Raises ExternalIdTaken, and ValueRefused for what cannot be a slug or an
        external id.

        >>> # outside of blocks
        >>> slug = f"{tenant.slug}-2"
        >>> created = Tenant.objects.create_tenant(slug, "Rivera family")
        >>> created.slug == slug, created.name, created.plan
        (True, 'Rivera family', 'free')
        """
        tenant = self.model(slug=slug, name=name or slug, external_id=external_id)
        tenant.clean_fields()
        with self._blocks.acting_for(tenant.pk, even_suspended=True):  # it has no row yet
            try:
                self._enter_slug(tenant)
            except ConstraintBroken as error:
                raise SlugTaken(f"there is a tenant {slug!r} already") from error
            if external_id:
                self._claim_external_id(tenant)
            self._create_row(tenant)
        return tenant

    @verb("plan.change")
    def change_plan(self, plan: str) -> "Tenant":
        """Put the tenant in force on a declared plan, and end its trial. Only the system may.

        Safe to repeat. Raises UnknownPlan and NotAllowed.

        >>> Tenant.objects.change_plan("team").plan
        'team'
        """
        get_plan(plan)
        tenant = self._locked()
        tenant.plan = plan
        if tenant.trial_ends_at is not None:
            tenant.trial_ends_at = min(tenant.trial_ends_at, timezone.now())
        return self._saved(tenant, "plan", "trial_ends_at")

    @verb("plan.change")
    def start_trial(self, plan: str, until: datetime) -> "Tenant":
        """Let the tenant in force use another plan until an aware time; then its own again.

        A trial that runs is replaced. Its end writes and deletes nothing: features are off, and
        rows beyond the quotas of the tenant's own plan stay. Safe to repeat. Raises UnknownPlan,
        BadTrial for an end that is past or more than MOST_TRIAL_DAYS away, and NotAllowed.

        >>> until = datetime.now(UTC) + timedelta(days=30)
        >>> on_trial = Tenant.objects.start_trial("team", until)
        >>> on_trial.plan, on_trial.plan_in_force, on_trial.status
        ('free', 'team', 'trial')
        """
        get_plan(plan)
        ends_at = _clean_end_of_trial(until)
        tenant = self._locked()
        tenant.trial_plan, tenant.trial_ends_at = plan, ends_at
        return self._saved(tenant, "trial_plan", "trial_ends_at")

    @verb("plan.change")
    def extend_trial(self, until: datetime) -> "Tenant":
        """Move the end of the trial that runs, forward or back. Safe to repeat.

        Raises BadTrial, also when no trial runs, and NotAllowed.

        >>> now = datetime.now(UTC)
        >>> started = Tenant.objects.start_trial("team", now + timedelta(days=30))
        >>> Tenant.objects.extend_trial(now + timedelta(days=60)).trial_ends_at - now
        datetime.timedelta(days=60)
        """
        ends_at = _clean_end_of_trial(until)
        tenant = self._on_trial()
        tenant.trial_ends_at = ends_at
        return self._saved(tenant, "trial_ends_at")

    @verb("plan.change")
    def end_trial(self) -> "Tenant":
        """End the trial that runs, now. Raises NotAllowed, and BadTrial when no trial runs.

        >>> until = datetime.now(UTC) + timedelta(days=30)
        >>> started = Tenant.objects.start_trial("team", until)
        >>> Tenant.objects.end_trial().status
        'active'
        """
        tenant = self._on_trial()
        tenant.trial_ends_at = timezone.now()
        return self._saved(tenant, "trial_ends_at")

    @verb("tenant.identify")
    def set_external_id(self, external_id: str) -> "Tenant":
        """Set the id of the tenant in force in another system; "" removes it.

        Only the system may. Safe to repeat. Raises ExternalIdTaken, ValueRefused and NotAllowed.

        >>> Tenant.objects.set_external_id("org_2f9c").external_id
        'org_2f9c'
        """
        tenant = self._locked()
        tenant.external_id = external_id
        tenant.clean_fields()
        with self._all_or_nothing():
            self._claim_external_id(tenant)
            return self._saved(tenant, "external_id")

    def suspend(self, tenant: "Tenant | UUID") -> None:
        """Let nobody write the tenant's rows until it is reactivated; outside of blocks.

        Safe to repeat: the first time stays. Raises UnknownTenant.

        >>> # outside of blocks
        >>> Tenant.objects.suspend(tenant)
        >>> with acting_for(tenant):
        ...     Tenant.objects.get().status
        'suspended'
        """
        self._set_suspended(tenant, timezone.now())

    def reactivate(self, tenant: "Tenant | UUID") -> None:
        """Let the tenant's rows be written again; outside of blocks. Safe to repeat.

        Raises UnknownTenant.

        >>> # outside of blocks
        >>> Tenant.objects.reactivate(tenant)
        >>> with acting_for(tenant):
        ...     Tenant.objects.get().status
        'active'
        """
        self._set_suspended(tenant, None)

    def id_of(self, slug: str) -> UUID:
        """The id of the tenant with that slug. Raises UnknownTenant.

        >>> Tenant.objects.id_of(tenant.slug) == tenant.pk
        True
        """
        return self._found("tenant_of_slug", slug, f"there is no tenant {slug!r}")

    def id_of_external_id(self, external_id: str) -> UUID:
        """The id of the tenant with that external id. Raises UnknownTenant.

        >>> tenant = Tenant.objects.set_external_id("org_2f9c")
        >>> Tenant.objects.id_of_external_id("org_2f9c") == tenant.pk
        True
        """
        missing = f"there is no tenant with the external id {external_id!r}"
        return self._found("tenant_of_external_id", external_id, missing)

    def ids_of_user(self, user: "User | UUID") -> list[UUID]:
        """The ids of the tenants that a user is a member of, in no order.

        >>> Tenant.objects.ids_of_user(ana) == [tenant.pk], Tenant.objects.ids_of_user(ben)
        (True, [])
        """
        return self._look_up("tenants_of_user", user if isinstance(user, UUID) else user.pk)

    def id_of_invitation(self, token_hash: str) -> UUID:
        """The id of the tenant that sent an invitation, by its token's hash.

        Raises UnknownTenant.
        """
        return self._found("tenant_of_invitation", token_hash, "there is no such invitation")

    def _found(self, function: str, argument: str, missing: str) -> UUID:
        for tenant_id in self._look_up(function, argument):
            return tenant_id
        raise UnknownTenant(missing)

    def _locked(self) -> "Tenant":
        if (tenant := self._lock()) is None:
            raise UnknownTenant
        return tenant

    def _on_trial(self) -> "Tenant":
        """The tenant in force, locked. Raises BadTrial unless a trial runs."""
        tenant = self._locked()
        if tenant.trial_ends_at is None or tenant.trial_ends_at <= timezone.now():
            raise BadTrial(f"{tenant} is not on trial: start one")
        return tenant

    def _saved(self, tenant: "Tenant", *fields: str) -> "Tenant":
        self._save_row(tenant, *fields)
        return tenant

    def _claim_external_id(self, tenant: "Tenant") -> None:
        try:
            self._enter_external_id(tenant)
        except UniqueBroken as error:
            taken = f"another tenant has the external id {tenant.external_id!r}"
            raise ExternalIdTaken(taken, external_id=tenant.external_id) from error

    def _set_suspended(self, tenant: "Tenant | UUID", when: datetime | None) -> None:
        with self._blocks.acting_for(tenant, even_suspended=True):
            require("tenant.suspend")
            row = self._locked()
            row.suspended_at = when and (row.suspended_at or when)
            self._save_row(row, "suspended_at")


class TenantsManager(TenantVerbs, TenantManager["Tenant"]):
    """Tenants: each sees its own row. The look-ups cross tenants, and return ids only."""

    def every_id(self, *, writable: bool = False) -> list[UUID]:
        """The ids of all tenants, or of those that are not suspended; outside of blocks."""
        with inspecting():
            tenants = self.filter(suspended_at=None) if writable else self.all()
            return list(tenants.order_by("pk").values_list("pk", flat=True))

    def by_slug(self) -> "models.QuerySet[Tenant]":
        """All visible tenants, by slug."""
        return self.order_by("slug")

    def slugs_near(self, slug: str, most: int) -> list[str]:
        """Slugs of visible tenants that may be meant: those that begin alike, and the first ones.

        At most `most` of each kind.
        """
        slugs = self.by_slug().values_list("slug", flat=True)
        return [*slugs.filter(slug__gte=slug[:4])[:most], *slugs[:most]]

    def slugs_of(self, ids: Collection[UUID]) -> "dict[UUID, str]":
        """The slugs of visible tenants, by id."""
        return dict(self.filter(pk__in=ids).values_list("pk", "slug"))

    def _lock(self) -> "Tenant | None":
        return self.acquired().first()

    def _enter_slug(self, tenant: "Tenant") -> None:
        apps.get_model("tenants.TenantSlug").objects.claim(tenant.slug, tenant.pk)

    def _enter_external_id(self, tenant: "Tenant") -> None:
        apps.get_model("tenants.TenantExternalId").objects.replace(tenant.external_id, tenant.pk)

    def _look_up(self, function: str, argument: str | UUID) -> list[UUID]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [argument])
            return [row[0] for row in cursor.fetchall() if row[0] is not None]


def _clean_end_of_trial(until: datetime) -> datetime:
    """Raises BadTrial unless it is in the future and at most MOST_TRIAL_DAYS away."""
    try:
        until = instant(until)
    except ValueError as error:
        raise BadTrial(f"the end of a trial {error}") from error
    now = timezone.now()
    if not now < until <= now + timedelta(days=MOST_TRIAL_DAYS):
        raise BadTrial(f"a trial ends within {MOST_TRIAL_DAYS} days from now, not at {until}")
    return until
