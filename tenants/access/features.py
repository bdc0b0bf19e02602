"""Features of the tenant in force: those of its plan, and its overrides."""

from typing import TYPE_CHECKING

from django.apps import apps

from tenants.access.plans import get_plan, require_known
from tenants.refusals import NotInPlan

if TYPE_CHECKING:
    from tenants.models import TenantSettings


def has_feature(name: str) -> bool:
    """Whether the tenant has a feature, by its settings or else by its plan in force.

    Raises UnknownFeature.
    """
    require_known(name)
    settings = _settings()
    overridden: bool | None = settings.values.features.get(name)
    plan = settings.tenant.plan_in_force
    return name in get_plan(plan).features if overridden is None else overridden


def require_feature(name: str) -> None:
    """Raise NotInPlan unless the tenant has the feature; UnknownFeature for an unknown one."""
    if not has_feature(name):
        plan = _settings().tenant.plan_in_force
        raise NotInPlan(f"the plan {plan} does not include {name}", feature=name, plan=plan)


def _settings() -> "TenantSettings":
    return apps.get_model("tenants.TenantSettings").objects.current()
