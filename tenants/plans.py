"""Plans, and the features each includes: one table, which the setting TENANT_PLANS may replace.

The first plan is that of a new tenant. A feature is known when some plan includes it.
"""

from collections.abc import Mapping
from typing import TypeGuard

from django.conf import settings
from django.utils.module_loading import import_string

from tenants.refusals import UnknownFeature, UnknownPlan

type Plans = Mapping[str, frozenset[str]]

FREE = frozenset({"api"})
TEAM = FREE | {"audit_export", "webhooks"}
BUSINESS = TEAM | {"single_sign_on"}

PLANS: Plans = {"free": FREE, "team": TEAM, "business": BUSINESS}


def plans() -> Plans:
    """The table in force."""
    table: Plans = import_string(getattr(settings, "TENANT_PLANS", "tenants.plans.PLANS"))
    return table


def default_plan() -> str:
    """The plan of a new tenant."""
    return next(iter(plans()))


def features_of(plan: str) -> frozenset[str]:
    """What a plan includes. Raises UnknownPlan."""
    if not _is_name(plan) or plan not in plans():
        raise UnknownPlan(f"there is no plan {plan!r}: say {', '.join(plans())}", plan=plan)
    return plans()[plan]


def require_known(feature: str) -> None:
    """Raise UnknownFeature unless some plan includes it."""
    if not _is_name(feature) or not any(feature in included for included in plans().values()):
        raise UnknownFeature(f"there is no feature {feature!r}", feature=feature)


def _is_name(name: object) -> TypeGuard[str]:
    return isinstance(name, str)
