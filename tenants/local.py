"""The language and the clock of the tenant in force: those of its settings, unless a block says.

local()        what holds here
localised()    a block in which other ones hold: what a command's flags say
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
def _known(locale: str, time_zone: str) -> Local:
    """With English for a locale, and UTC for a time zone, that is not known any more."""
    default = Local()
    return Local(
        locale if locales.find(locale) else default.locale,
        time_zone if time_zone in available_timezones() else default.time_zone,
    )


_said: ContextVar[dict[str, str]] = ContextVar("said", default={})  # noqa: B039  # never changed


def local() -> Local:
    """How the tenant in force writes and which clock it goes by; one statement in each block.

    Outside every block, and while inspecting, English and UTC.
    """
    said = _said.get()
    return Local(**said) if len(said) == 2 else replace(_settings(), **said)


@contextmanager
def localised(*, locale: str | None = None, time_zone: str | None = None) -> Iterator[None]:
    """In the block these hold, whatever a tenant has set; None leaves what held before."""
    said = {"locale": locale, "time_zone": time_zone}
    token = _said.set(_said.get() | {name: told for name, told in said.items() if told})
    try:
        yield
    finally:
        _said.reset(token)


def _settings() -> Local:
    """As the tenant has set it; the defaults where there is no one tenant."""
    try:
        block = tenancy()
    except NoTenant:
        return Local()
    if block.tenant_id is None:
        return Local()
    settings = apps.get_model("tenants.TenantSettings").objects.in_force()
    return _known(settings.values.locale, settings.values.time_zone)
