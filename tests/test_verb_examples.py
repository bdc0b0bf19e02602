"""Every public verb of a manager has an example in its docstring, and the example is true.

An example runs in the block of a tenant, as the system, and is rolled back. What it can name is
made by `scene` below. One that begins with `# outside of blocks` runs outside, and is committed.
"""

import doctest
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import transaction

from budgets.cascade import Claim
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition, Overflow
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.models import Membership, Tenant, User

WITHOUT_A_ROLE = {
    "Budget": (
        "balances_at",
        "dashboard",
        "get_by_name",
        "months",
        "months_by_currency",
        "projection",
        "what_if",
    ),
    "Bucket": ("get_by_name", "meant"),
    "ImportProfile": ("get_by_name", "matching"),
    "Invitation": ("accept",),
    "Membership": ("leave", "of", "role_of"),
    "Movement": (
        "get_by_id",
        "meant",
        "preview",
        "preview_into",
        "replay",
        "slots_before",
        "tenants_of",
        "unrepeatable",
    ),
    "Schedule": ("get_by_name", "preview", "upcoming"),
    "Statement": ("get_by_name", "review"),
    "SystemSettings": ("change", "current"),
    "Tenant": (
        "create_tenant",
        "id_of",
        "id_of_external_id",
        "ids_of_user",
        "reactivate",
        "suspend",
    ),
    "TenantSettings": ("current",),
    "UserSession": ("revoke", "revoke_all"),
    "User": ("create_superuser", "create_user", "deactivate", "get_by_name", "restore"),
}
"""Verbs and reads that are not marked with a role, by model."""

OUTSIDE = "# outside of blocks"


def verbs() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Each public verb of a manager of ours, under `Model.objects.verb`."""
    for model in apps.get_app_config("tenants").get_models():
        yield from _verbs_of(model)
    for model in apps.get_app_config("budgets").get_models():
        yield from _verbs_of(model)


def _verbs_of(model: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    manager = model._default_manager
    for name in sorted(dir(type(manager))):
        method = getattr(type(manager), name)
        marked = hasattr(method, "verb") or name in WITHOUT_A_ROLE.get(model.__name__, ())
        if marked and not name.startswith("_"):
            yield f"{model.__name__}.objects.{name}", method


VERBS = dict(verbs())


def scene(tenant: Tenant) -> dict[str, Any]:
    """What an example can name: a household, its buckets after one deposit, and two users."""
    household = Budget.objects.create_budget("Household", "EUR")
    rent = Bucket.objects.create_bucket(household, "Rent", filter=Claim(flat=725_00), target=900_00)
    fun = Bucket.objects.create_bucket(household, "Fun", filter=Claim(share=100_000))
    salary = Movement.objects.deposit(household, 1_000_00, key="salary-may")
    for bucket in (rent, fun):
        bucket.refresh_from_db()
    household.refresh_from_db()
    ana, ben = (
        User.objects.create_user(f"{name}-{uuid4().hex[:8]}@example.com") for name in ("ana", "ben")
    )
    ana_member = Membership.objects.join(ana, "owner")
    return {
        **{model.__name__: model for model in apps.get_app_config("tenants").get_models()},
        **{model.__name__: model for model in apps.get_app_config("budgets").get_models()},
        **{cls.__name__: cls for cls in (Claim, Decimal, Deposit, Disposition, Overflow)},
        **{"UTC": UTC, "date": date, "datetime": datetime, "timedelta": timedelta},
        **{"tenant": tenant, "acting_for": acting_for},
        **{"household": household, "rent": rent, "fun": fun, "salary": salary},
        "money": household.buckets.money(),
        **{"ana": ana, "ben": ben, "ana_member": ana_member},
    }


def example_of(name: str, method: Callable[..., Any], names: dict[str, Any]) -> doctest.DocTest:
    """The example in the docstring of a method."""
    [found] = doctest.DocTestFinder(recurse=False).find(method, name, globs=names)
    return found


@pytest.mark.parametrize("name", VERBS)
def test_the_example_of_a_verb_comes_out_as_it_says(tenant, name):
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    with acting_for(tenant):
        names = scene(tenant)
        example = example_of(name, VERBS[name], names)
        if OUTSIDE not in (VERBS[name].__doc__ or ""):
            with transaction.atomic():
                runner.run(example)
                transaction.set_rollback(True)
    if OUTSIDE in (VERBS[name].__doc__ or ""):
        runner.run(example)

    assert runner.tries, f"{name} has no example"
    assert runner.failures == 0


def test_a_verb_that_has_no_role_is_there():
    listed = {
        f"{model}.objects.{name}" for model, names in WITHOUT_A_ROLE.items() for name in names
    }

    assert listed <= VERBS.keys()
