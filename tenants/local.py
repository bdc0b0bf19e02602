"""The locale and the time zone in force: from the tenant's settings, or set for a block.

local()        the locale and the time zone in force
localised()    a block with another locale or time zone, as for a command's flags
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from django.apps import apps

from tenants import locales
from tenants.context import tenancy
from tenants.errors import NoTenant


@dataclass(frozen=True, slots=True)
class Local:
    """`locale` is a name that `tenants.locales` finds, `time_zone` an IANA name."""

    locale: str = "en"
    time_zone: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, for datetimes."""
        return ZoneInfo(self.time_zone)


@lru_cache
def _existing(locale: str, time_zone: str) -> Local:
    """The two, with English or UTC in place of a name that does not exist any more."""
    default = Local()
    return Local(
        locale if locales.find(locale) else default.locale,
        time_zone if time_zone in available_timezones() else default.time_zone,
    )


_NONE: dict[str, str] = {}
_overrides: ContextVar[dict[str, str]] = ContextVar("overrides", default=_NONE)


def local() -> Local:
    """The locale and the time zone of the tenant in force; one statement in each block.

    Outside of blocks, and while inspecting, they are English and UTC.
    """
    overrides = _overrides.get()
    return Local(**overrides) if len(overrides) == 2 else replace(_settings(), **overrides)


@contextmanager
def localised(*, locale: str | None = None, time_zone: str | None = None) -> Iterator[None]:
    """Within the block, override the tenant's settings; None overrides nothing."""
    names = {"locale": locale, "time_zone": time_zone}
    overrides = {key: name for key, name in names.items() if name}
    token = _overrides.set(_overrides.get() | overrides)
    try:
        yield
    finally:
        _overrides.reset(token)


def _settings() -> Local:
    """The tenant's settings; the defaults without a single tenant in force."""
    try:
        block = tenancy()
    except NoTenant:
        return Local()
    if block.tenant_id is None:
        return Local()
    settings = apps.get_model("tenants.TenantSettings").objects.in_force()
    return _existing(settings.values.locale, settings.values.time_zone)
