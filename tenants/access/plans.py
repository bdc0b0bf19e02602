"""Plans: the features that each includes, and the quotas that it allows.

One table, which the setting TENANT_PLANS may replace. New tenants have the first plan. A feature
is known when some plan includes it; the apps declare the quotas (`tenants.access.quotas`).
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
class TenantPlan:
    """Features and quotas. A quota that is missing or None has no limit."""

    features: frozenset[str] = frozenset()
    quotas: Mapping[str, int | None] = field(default_factory=dict)


type Plans = Mapping[str, TenantPlan | AbstractSet[str]]
"""Plans by name; a set is a plan with these features and no quotas."""

FREE = frozenset({"api"})
TEAM = FREE | {"audit_export", "webhooks"}
BUSINESS = TEAM | {"single_sign_on"}

PLANS: Plans = {
    "free": TenantPlan(
        features=FREE,
        quotas={
            "members": 20,
            "budgets": 100,
            "buckets_per_budget": 200,
            "schedules": 100,
            "imports_per_month": 100,
        },
    ),
    "team": TenantPlan(
        features=TEAM,
        quotas={
            "members": 200,
            "budgets": 1_000,
            "buckets_per_budget": 500,
            "schedules": 1_000,
            "imports_per_month": 1_000,
        },
    ),
    "business": TenantPlan(features=BUSINESS),
}


def plans() -> Mapping[str, TenantPlan]:
    """The plans by name, as the settings choose."""
    table: Plans = import_string(getattr(settings, "TENANT_PLANS", "tenants.access.plans.PLANS"))
    return {
        name: plan if isinstance(plan, TenantPlan) else TenantPlan(frozenset(plan))
        for name, plan in table.items()
    }


def default_plan() -> str:
    """The plan of a new tenant."""
    return next(iter(plans()))


def get_plan(name: str) -> TenantPlan:
    """The plan with that name. Raises UnknownPlan."""
    if not _is_name(name) or (plan := plans().get(name)) is None:
        raise UnknownPlan(f"there is no plan {name!r}: say {', '.join(plans())}", plan=name)
    return plan


def plan_at(now: datetime, plan: str, trial_plan: str, trial_ends_at: datetime | None) -> str:
    """The name of the plan in force: the trial's before it ends, then the tenant's own.

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
