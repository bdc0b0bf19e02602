"""What can be set: the schemas of a tenant's settings and of the system's, with their defaults."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, ValidationInfo

from tenants import locales
from tenants.documents import STORED, Document

MOST_INVITATION_DAYS = 90
"""How long an invitation may be open."""


def _zone(name: str, info: ValidationInfo) -> str:
    if info.context != STORED and name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}")
    return name


def _locale(name: str, info: ValidationInfo) -> str:
    if info.context != STORED and locales.find(name) is None:
        raise ValueError(f"there is no locale {name!r}: say en, de, fr_CH ...")
    return name


TimeZone = Annotated[str, AfterValidator(_zone)]
Locale = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"), AfterValidator(_locale)
]


class TenantPreferences(Document):
    """What a tenant's owner sets; `features` (by name, on or off) is for the system to override.

    `locale` is how sums are written and read, `time_zone` when a day and a month begin, unless
    somebody says otherwise: see `tenants.local`.
    """

    locale: Locale = "en"
    time_zone: TimeZone = "UTC"
    features: dict[str, bool] = Field(default_factory=dict)


class SystemPreferences(Document):
    """What holds for every tenant."""

    invitation_days: int = Field(default=7, ge=1, le=MOST_INVITATION_DAYS)
    login_failure_days: int = Field(default=90, ge=1, le=3650)
