"""Tenants, and the directories of their slugs and external ids."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.access.plans import default_plan, plan_at
from tenants.managers.directory import TenantExternalIdManager, TenantSlugManager
from tenants.managers.tenants import TenantsManager
from tenants.models.base import VERBS_ALONE, Contracted, Dated, TenantOwned
from tenants.schema.constraints import Grants, RowSecurity, RowTrigger

LONGEST_EXTERNAL_ID = 255

# UPDATE by column, without the key: UPDATE on the table would allow LOCK TABLE.
_PRIVILEGES = (
    "SELECT, INSERT, UPDATE (slug, name, plan, trial_plan, trial_ends_at, external_id,"
    " suspended_at, created_at, updated_at)"
)


class TenantSlug(Dated):
    """The directory of slugs, which are unique across tenants.

    Global, because a unique constraint on a tenants' table must begin with the tenant. Role app
    can enter a slug for the tenant in force, and cannot read any: `tenant_of_slug` finds one.
    """

    slug = models.SlugField(primary_key=True, help_text="one tenant has it, whatever the tenant")
    holder = models.UUIDField(help_text="the tenant that has it")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[TenantSlugManager] = TenantSlugManager()

    class Meta:
        constraints: ClassVar = [RowSecurity(name="tenants_tenantslug_isolation", column="holder")]

    def __str__(self) -> str:
        return self.slug


class TenantExternalId(Dated):
    """The directory of external ids; a tenant has one at most.

    Role app reads and changes the entry of the tenant in force only; `tenant_of_external_id`
    finds the tenant outside of blocks.
    """

    external_id = models.CharField(
        primary_key=True, max_length=LONGEST_EXTERNAL_ID, help_text="one tenant has it"
    )
    holder = models.UUIDField(help_text="the tenant that has it")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[TenantExternalIdManager] = TenantExternalIdManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["holder"], name="tenants_tenantexternalid_once"),
            models.CheckConstraint(
                condition=~models.Q(external_id=""), name="tenants_tenantexternalid_named"
            ),
            RowSecurity(name="tenants_tenantexternalid_isolation", column="holder"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Tenant(Dated, Contracted, TenantOwned):
    """The unit of isolation. `Tenant.objects.create_tenant(slug, name)` creates one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(db_index=False, help_text="its name in commands and addresses")
    name = models.CharField(max_length=255, help_text="what people call it")
    plan = models.CharField(
        max_length=40, default=default_plan, help_text="one of the declared plans"
    )
    trial_plan = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="the plan it tries, or tried last",
    )
    trial_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="until when the plan it tries counts; then its own does"
    )
    external_id = models.CharField(
        max_length=LONGEST_EXTERNAL_ID,
        blank=True,
        default="",
        db_default="",
        help_text="what another system calls it, such as the organization of an identity provider",
    )
    suspended_at = models.DateTimeField(
        null=True, blank=True, help_text="since when it can be read and not written"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    tenant_attname = "id"
    plain_writes = VERBS_ALONE
    objects: ClassVar[TenantsManager] = TenantsManager()

    class Meta:
        base_manager_name = "objects"
        constraints: ClassVar = [
            RowSecurity(name="tenants_tenant_isolation", column="id"),
            Grants(name="tenants_tenant_grants", app=_PRIVILEGES),
            models.CheckConstraint(
                condition=models.Q(trial_plan="", trial_ends_at=None)
                | models.Q(~models.Q(trial_plan=""), trial_ends_at__isnull=False),
                name="tenants_tenant_trial",
            ),
            RowTrigger(
                name="tenants_tenant_history",
                function="tenants_record_change",
                when="AFTER INSERT OR DELETE OR UPDATE",
                args=["tenants.tenant", "updated_at"],
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def plan_at(self, now: datetime) -> str:
        """The name of the plan in force at that time: during a trial, the trial's."""
        return plan_at(now, self.plan, self.trial_plan, self.trial_ends_at)

    @property
    def plan_in_force(self) -> str:
        """The name of the plan in force now."""
        return self.plan_at(timezone.now())

    @property
    def status(self) -> str:
        """ "suspended", else "trial" while one runs, else "active": derived from the times."""
        if self.suspended_at is not None:
            return "suspended"
        on_trial = self.trial_ends_at is not None and timezone.now() < self.trial_ends_at
        return "trial" if on_trial else "active"
