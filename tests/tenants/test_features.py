"""Plans: what each includes, and what was overridden for one tenant."""

import pytest
from django.test import override_settings

from tenants.access.features import has_feature, require_feature
from tenants.access.plans import PLANS, get_plan
from tenants.context import acting_for
from tenants.models import Tenant, TenantSettings
from tenants.refusals import NotInPlan, UnknownFeature, UnknownPlan

OURS = {"basic": frozenset({"reading"}), "pro": frozenset({"reading", "writing"})}


@pytest.mark.parametrize("plan", PLANS)
def test_a_tenant_has_what_its_plan_includes(acting, plan):
    Tenant.objects.change_plan(plan)

    included = {name: get_plan(name).features for name in PLANS}
    every = frozenset().union(*included.values())
    assert {name for name in every if has_feature(name)} == included[plan]


def test_a_new_tenant_has_the_first_plan(acting):
    assert Tenant.objects.get().plan == "free"


def test_what_is_not_in_the_plan_is_refused(acting):
    require_feature("api")

    with pytest.raises(NotInPlan) as caught:
        require_feature("webhooks")

    assert caught.value.figures == {"feature": "webhooks", "plan": "free"}
    assert caught.value.code == "not_in_plan"


def test_the_system_overrides_both_ways_for_one_tenant(tenant, other):
    with acting_for(tenant):
        TenantSettings.objects.change(features={"webhooks": True, "api": False})

        assert has_feature("webhooks")
        with pytest.raises(NotInPlan):
            require_feature("api")
    with acting_for(other):
        assert not has_feature("webhooks")
        assert has_feature("api")


@pytest.mark.parametrize("name", ["teleport", "", None, ["api"]])
def test_a_feature_there_is_not_is_an_error_of_its_own(acting, name):
    for ask in (has_feature, require_feature):
        with pytest.raises(UnknownFeature):
            ask(name)


@pytest.mark.parametrize("plan", ["gold", "", None, ["free"]])
def test_a_plan_there_is_not_is_refused(acting, plan):
    with pytest.raises(UnknownPlan):
        Tenant.objects.change_plan(plan)

    assert Tenant.objects.get().plan == "free"


@override_settings(TENANT_PLANS="tests.tenants.test_features.OURS")
def test_a_setting_names_another_table(acting):
    with pytest.raises(UnknownPlan):
        has_feature("reading")  # the tenant was founded under the other table

    Tenant.objects.change_plan("basic")

    assert has_feature("reading")
    assert not has_feature("writing")
    with pytest.raises(UnknownFeature):
        has_feature("api")
