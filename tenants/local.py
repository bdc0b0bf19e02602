"""The language and the clock of the tenant in force: those of its settings, unless a block says.

local()        what holds here
localised()    a block in which other ones hold: what a command's flags say
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, available_timezones

from tenants import locales
from tenants.context import Tenancy, tenancy
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

    def known(self) -> "Local":
        """With English for a locale, and UTC for a time zone, that is not known any more."""
        default = Local()
        return Local(
            self.locale if locales.find(self.locale) else default.locale,
            self.time_zone if self.time_zone in available_timezones() else default.time_zone,
        )


_said: ContextVar[dict[str, str]] = ContextVar("said", default={})  # noqa: B039  # never changed
_read: ContextVar[tuple[Tenancy, Local] | None] = ContextVar("read", default=None)


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


def forget() -> None:
    """Read the settings anew: they were changed."""
    _read.set(None)


def _settings() -> Local:
    """As the tenant has set it; the defaults where there is no one tenant."""
    try:
        block = tenancy()
    except NoTenant:
        return Local()
    if block.tenant_id is None:
        return Local()
    if (read := _read.get()) is None or read[0] is not block:
        from tenants.models import TenantSettings

        row = TenantSettings.objects.current()
        told = Local(row.values.locale, row.values.time_zone)
        _read.set(read := (block, told.known()))
    return read[1]
