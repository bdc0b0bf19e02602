"""Settings of a tenant and of the system: one row each, a typed document and its version."""

from typing import ClassVar
from uuid import UUID

from django.db import models

from tenants.access.preferences import SystemPreferences, TenantPreferences
from tenants.managers.configuration import SystemSettingsManager, TenantSettingsManager
from tenants.models.base import VERBS_ALONE, Dated, TenantModel
from tenants.schema.constraints import RowTrigger
from tenants.schema.documents import DocumentField


class TenantSettings(TenantModel):
    """A tenant's settings; only `TenantSettings.objects.change` changes them."""

    values = DocumentField(TenantPreferences, help_text="as its schema declares")
    version = models.PositiveIntegerField(default=0, help_text="how often it was changed")

    plain_writes = VERBS_ALONE
    objects: ClassVar[TenantSettingsManager] = TenantSettingsManager()

    class Meta:
        verbose_name_plural = "tenant settings"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant"], name="tenants_tenantsettings_once"),
        ]

    def __str__(self) -> str:
        return f"settings, version {self.version}"


class SystemSettings(Dated):
    """The system's settings; only `SystemSettings.objects.change` changes them."""

    id = models.UUIDField(primary_key=True, default=UUID(int=1), editable=False)
    values = DocumentField(SystemPreferences, help_text="as its schema declares")
    version = models.PositiveIntegerField(default=0, help_text="how often it was changed")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[SystemSettingsManager] = SystemSettingsManager()

    class Meta:
        verbose_name_plural = "system settings"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(id=UUID(int=1)), name="tenants_systemsettings_once"
            ),
            RowTrigger(
                name="tenants_systemsettings_history",
                function="tenants_record_global_change",
                when="AFTER INSERT OR DELETE OR UPDATE",
                args=["tenants.systemsettings", "updated_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"system settings, version {self.version}"
