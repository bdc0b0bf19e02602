"""The tenants themselves, and the directory of their slugs."""

from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7

from tenants.constraints import Grants, RowSecurity, RowTrigger
from tenants.directory import TenantSlugManager, TenantsManager
from tenants.models.base import NO_DELETE, TenantOwned
from tenants.plans import default_plan


class TenantSlug(models.Model):
    """The directory of slugs: what must be unique across tenants, and nothing else.

    Global, for a unique constraint on a tenants' table would have to begin with the tenant.
    Role app can claim a slug, for the tenant in force only, but not read any: that is what
    `tenant_of_slug` is for.
    """

    slug = models.SlugField(primary_key=True, help_text="one tenant has it, whatever the tenant")
    holder = models.UUIDField(help_text="the tenant that has it")

    objects: ClassVar[TenantSlugManager] = TenantSlugManager()

    class Meta:
        constraints: ClassVar = [RowSecurity(name="tenants_tenantslug_isolation", column="holder")]

    def __str__(self) -> str:
        return self.slug


class Tenant(TenantOwned):
    """The unit of isolation. Made by `Tenant.objects.create_tenant(slug, name)`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(db_index=False, help_text="its name in commands and addresses")
    name = models.CharField(max_length=255, help_text="what people call it")
    plan = models.CharField(
        max_length=40, default=default_plan, help_text="one of the declared plans"
    )
    suspended_at = models.DateTimeField(
        null=True, blank=True, help_text="since when it can be read and not written"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    tenant_attname = "id"
    objects: ClassVar[TenantsManager] = TenantsManager()

    class Meta:
        base_manager_name = "objects"
        constraints: ClassVar = [
            RowSecurity(name="tenants_tenant_isolation", column="id"),
            Grants(name="tenants_tenant_grants", app=NO_DELETE),
            RowTrigger(
                name="tenants_tenant_history",
                function="tenants_record_change",
                when="AFTER INSERT OR DELETE OR UPDATE",
                args=["tenants.tenant", "updated_at"],
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def claim_slug(self) -> None:
        """Enter the slug in the directory. Raises ConstraintBroken when it is taken."""
        TenantSlug.objects.claim(self.slug, self.pk)
