"""Managers of settings: one row each, typed, with a version that every change counts up."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, cast

from django.db import models, transaction

from tenants.access import quotas
from tenants.access.plans import require_known
from tenants.access.roles import require, verb
from tenants.context import Tenancy, tenancy
from tenants.errors import NoTenant
from tenants.managers.base import TenantManager
from tenants.refusals import StaleSettings

if TYPE_CHECKING:
    from tenants.models import SystemSettings, TenantSettings

OVERRIDES: Mapping[str, Callable[[str], object]] = {
    "features": require_known,
    "quotas": quotas.require_known,
}
"""What the system alone sets, for it overrides the plan; and what raises for an unknown key."""


class _Row(Protocol):
    """What the two kinds of settings have in common."""

    values: Any
    version: int

    def save(self, *, using: str | None = ...) -> None: ...


def _changed[R: models.Model](
    rows: "models.Manager[R]", expect: int | None, values: dict[str, Any]
) -> R:
    """Write other values under the row's lock, which the first change makes.

    Two first changes at once meet at the row's unique key: the second waits for the first.
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
        """What is set; the defaults, at version 0, where nothing ever was."""
        return self.select_related("tenant").first() or self.model()

    def in_force(self) -> "TenantSettings":
        """The same, read once in each block and after each change. Raises NoTenant."""
        block = tenancy()
        if (read := _in_force.get()) is None or read[0] is not block:
            _in_force.set(read := (block, self.current()))
        return read[1]

    @verb("settings.change")
    def change(self, *, expect: int | None = None, **values: Any) -> "TenantSettings":
        """Set `values`, fields of TenantPreferences, and leave the others.

        Raises BadDocument, UnknownFeature, UnknownQuota, NotAllowed for features and quotas
        unless the system itself sets them, and StaleSettings when a version is expected and there
        is another.
        """
        overridden = OVERRIDES.keys() & values
        if overridden:
            require("plan.change")
        with transaction.atomic(using=self.db):
            row = _changed(self, expect, values)
            for name in sorted(overridden):
                for each in getattr(row.values, name):
                    OVERRIDES[name](each)
        _in_force.set(None)
        return row


class SystemSettingsManager(models.Manager["SystemSettings"]):
    """The settings of the whole system."""

    def current(self) -> "SystemSettings":
        """What is set; the defaults, at version 0, where nothing ever was."""
        return self.first() or self.model()

    def change(self, *, expect: int | None = None, **values: Any) -> "SystemSettings":
        """Set `values`, fields of SystemPreferences, and leave the others.

        Raises BadDocument, NotAllowed in the block of a tenant's member, and StaleSettings when
        a version is expected and there is another.
        """
        with suppress(NoTenant):  # outside every block it is the system that asks
            require("system.change")
        return _changed(self, expect, values)
