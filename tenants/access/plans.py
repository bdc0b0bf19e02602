"""Plans: the features each includes and how many of a thing it allows.

One table, which the setting TENANT_PLANS may replace. The first plan is that of a new tenant. A
feature is known when some plan includes it; what is counted, the apps declare
(`tenants.access.quotas`).
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard

from django.conf import settings
from django.utils.module_loading import import_string

from tenants.refusals import UnknownFeature, UnknownPlan


@dataclass(frozen=True)
class Plan:
    """What a plan includes. A quota that it does not name, or names with None, has no end."""

    features: frozenset[str] = frozenset()
    quotas: Mapping[str, int | None] = field(default_factory=dict)


type Plans = Mapping[str, Plan | AbstractSet[str]]
"""Plans by name; one that is just a set has these features, and no quotas."""

FREE = frozenset({"api"})
TEAM = FREE | {"audit_export", "webhooks"}
BUSINESS = TEAM | {"single_sign_on"}

PLANS: Plans = {
    "free": Plan(
        features=FREE,
        quotas={
            "members": 20,
            "budgets": 100,
            "buckets_per_budget": 200,
            "schedules": 100,
            "imports_per_month": 100,
        },
    ),
    "team": Plan(
        features=TEAM,
        quotas={
            "members": 200,
            "budgets": 1_000,
            "buckets_per_budget": 500,
            "schedules": 1_000,
            "imports_per_month": 1_000,
        },
    ),
    "business": Plan(features=BUSINESS),
}


def plans() -> Mapping[str, Plan]:
    """The table in force."""
    table: Plans = import_string(getattr(settings, "TENANT_PLANS", "tenants.access.plans.PLANS"))
    return {
        name: plan if isinstance(plan, Plan) else Plan(frozenset(plan))
        for name, plan in table.items()
    }


def default_plan() -> str:
    """The plan of a new tenant."""
    return next(iter(plans()))


def get_plan(name: str) -> Plan:
    """The plan of that name. Raises UnknownPlan."""
    if not _is_name(name) or (plan := plans().get(name)) is None:
        raise UnknownPlan(f"there is no plan {name!r}: say {', '.join(plans())}", plan=name)
    return plan


def plan_at(now: datetime, plan: str, trial_plan: str, trial_ends_at: datetime | None) -> str:
    """The name of the plan in force: the one on trial before the trial ends, the tenant's then.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> [plan_at(noon, "free", "team", noon.replace(hour=hour)) for hour in (12, 13)]
    ['free', 'team']
    """
    return trial_plan if trial_ends_at is not None and now < trial_ends_at else plan


def require_known(feature: str) -> None:
    """Raise UnknownFeature unless some plan includes it."""
    if not _is_name(feature) or not any(feature in plan.features for plan in plans().values()):
        raise UnknownFeature(f"there is no feature {feature!r}", feature=feature)


def _is_name(name: object) -> TypeGuard[str]:
    return isinstance(name, str)
