"""The schemas of a tenant's settings and of the system's, with their defaults."""

from typing import Annotated
from zoneinfo import available_timezones

from django.apps import apps
from pydantic import AfterValidator, Field, ValidationInfo

from tenants import locales
from tenants.schema.documents import STORED, Document

MOST_INVITATION_DAYS = 90
"""The longest time that an invitation is open."""

MOST_OF_A_QUOTA = 10**9
"""The largest number a quota can be; null is no limit."""


def _zone(name: str, info: ValidationInfo) -> str:
    if info.context != STORED and name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}")
    return name


def _locale(name: str, info: ValidationInfo) -> str:
    if info.context != STORED and locales.find(name) is None:
        raise ValueError(f"there is no locale {name!r}: say en, de, fr_CH ...")
    return name


def _currency(code: str, info: ValidationInfo) -> str:
    """The apps that know money decide: their config has `knows_currency(code)`."""
    if info.context != STORED:
        for config in apps.get_app_configs():
            if (knows := getattr(config, "knows_currency", None)) and not knows(code):
                raise ValueError(f"{code!r} is not a currency in use: say EUR, JPY ...")
    return code


TimeZone = Annotated[str, AfterValidator(_zone)]
Locale = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"), AfterValidator(_locale)
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)]
Amount = Annotated[int, Field(ge=0, le=MOST_OF_A_QUOTA)]


class TenantPreferences(Document):
    """What a tenant's owner sets; `features` and `quotas` override the plan, for the system.

    `locale` is how sums are written and read, `time_zone` when a day and a month begin, unless
    a block sets others: see `tenants.local`. `currency` (ISO 4217) is the default of new budgets.
    `features` are on or off by name; `quotas` are numbers by name, null for no limit.
    """

    locale: Locale = "en"
    time_zone: TimeZone = "UTC"
    currency: Currency | None = None
    features: dict[str, bool] = Field(default_factory=dict)
    quotas: dict[str, Amount | None] = Field(default_factory=dict)


class SystemPreferences(Document):
    """What holds for every tenant."""

    invitation_days: int = Field(default=7, ge=1, le=MOST_INVITATION_DAYS)
    login_failure_days: int = Field(default=90, ge=1, le=3650)
