"""Managers of settings: one typed row each, with a version that every change increments."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.db import models, transaction

from tenants.access import quotas
from tenants.access.plans import require_known
from tenants.access.roles import require, verb
from tenants.context import tenancy
from tenants.context.tenancy import Tenancy
from tenants.errors import NoTenant
from tenants.managers.base import TenantManager
from tenants.refusals import StaleSettings

if TYPE_CHECKING:
    from tenants.models import SystemSettings, TenantSettings

OVERRIDES: Mapping[str, Callable[[str], object]] = {
    "features": require_known,
    "quotas": quotas.require_known,
}
"""Fields that override the plan, so only the system sets them, with the check of their keys."""


class _Row(Protocol):
    """What both kinds of settings have."""

    values: Any
    version: int

    def save(self, *, using: str | None = ...) -> None: ...


def _change[R: models.Model](
    rows: "models.Manager[R]", expect: int | None, values: dict[str, Any]
) -> R:
    """Write other values under the row's lock; the first change inserts the row.

    Of two first changes at once, the second waits at the unique key for the first.
    """
    with transaction.atomic(using=rows.db):
        rows.bulk_create([rows.model()], ignore_conflicts=True)
        locked = rows.select_for_update().get()
        row = cast(_Row, locked)
        if expect is not None and expect != row.version:
            raise StaleSettings(
                f"the settings are at version {row.version}, not {expect}",
                expected=expect,
                version=row.version,
            )
        row.values = row.values.changed(**values)
        row.version += 1
        row.save(using=rows.db)
    return locked


_in_force: ContextVar["tuple[Tenancy, TenantSettings] | None"] = ContextVar(
    "in_force", default=None
)


class TenantSettingsManager(TenantManager["TenantSettings"]):
    """The settings of the tenant in force."""

    def current(self) -> "TenantSettings":
        """The stored settings, or the defaults at version 0.

        >>> settings = TenantSettings.objects.current()
        >>> settings.version, settings.values.locale
        (0, 'en')
        """
        return self.select_related("tenant").first() or self.model()

    def in_force(self) -> "TenantSettings":
        """The same, read once in a block and again after each change. Raises NoTenant."""
        block = tenancy()
        if (read := _in_force.get()) is None or read[0] is not block:
            _in_force.set(read := (block, self.current()))
        return read[1]

    @verb("settings.change")
    def change(self, *, expect: int | None = None, **values: Any) -> "TenantSettings":
        """Set fields of TenantPreferences; the others stay. Returns the settings.

        With `expect`, the version that was read, a repeat raises StaleSettings. Only the system
        sets `features` and `quotas`: NotAllowed otherwise. Raises BadDocument, UnknownFeature and
        UnknownQuota.

        >>> changed = TenantSettings.objects.change(locale="de", quotas={"members": 50})
        >>> changed.version, changed.values.locale
        (1, 'de')
        """
        overridden = OVERRIDES.keys() & values
        if overridden:
            require("plan.change")
        with transaction.atomic(using=self.db):
            row = _change(self, expect, values)
            for name in sorted(overridden):
                for each in getattr(row.values, name):
                    OVERRIDES[name](each)
        _in_force.set(None)
        return row


class SystemSettingsManager(models.Manager["SystemSettings"]):
    """The settings of the whole system."""

    def current(self) -> "SystemSettings":
        """The stored settings, or the defaults at version 0.

        >>> SystemSettings.objects.current().values.invitation_days
        7
        """
        return self.first() or self.model()

    def change(self, *, expect: int | None = None, **values: Any) -> "SystemSettings":
        """Set fields of SystemPreferences; the others stay. Returns the settings.

        With `expect`, the version that was read, a repeat raises StaleSettings. Raises
        BadDocument, and NotAllowed in the block of a tenant's member.

        >>> SystemSettings.objects.change(invitation_days=14).values.invitation_days
        14
        """
        with suppress(NoTenant):  # outside of blocks the caller is the system
            require("system.change")
        return _change(self, expect, values)
