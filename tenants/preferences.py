"""What can be set: the schemas of a tenant's settings and of the system's, with their defaults."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from tenants.documents import Document


def _known(time_zone: str) -> str:
    if time_zone not in available_timezones():
        raise ValueError(f"there is no time zone {time_zone!r}")
    return time_zone


MOST_INVITATION_DAYS = 90
"""How long an invitation may be open."""

TimeZone = Annotated[str, AfterValidator(_known)]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]


class TenantPreferences(Document):
    """What a tenant's owner sets; `features` (by name, on or off) is for the system to override."""

    locale: Locale = "en"
    time_zone: TimeZone = "UTC"
    features: dict[str, bool] = Field(default_factory=dict)


class SystemPreferences(Document):
    """What holds for every tenant."""

    invitation_days: int = Field(default=7, ge=1, le=MOST_INVITATION_DAYS)
    login_failure_days: int = Field(default=90, ge=1, le=3650)
