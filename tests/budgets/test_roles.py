"""Who may do what: every verb of every manager, for every role, is what the table says."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from budgets import managers
from budgets.cascade import Claim
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement, Schedule
from budgets.roles import TABLE
from tenants.access.limits import UndeclaredVerb
from tenants.access.roles import NOBODY, Role, declare, get_verbs, may, require, verb
from tenants.context import acting_for, run_for
from tenants.errors import CodedError, NotAllowed, NoTenant
from tenants.models import (
    Invitation,
    Membership,
    SystemSettings,
    Tenant,
    TenantSettings,
    UserSession,
)
from tests.budgets.paydays import daily
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory, UserFactory

MANAGERS = [getattr(managers, name) for name in managers.__all__]
READS = {
    "BucketManager": {"get_by_name", "meant"},
    "BucketVersionManager": set(),
    "BudgetManager": {
        "get_by_name",
        "dashboard",
        "balances_at",
        "months",
        "months_by_currency",
        "projection",
        "what_if",
    },
    "EntryManager": set(),
    "ImportProfileManager": {"get_by_name", "matching"},
    "MovementManager": {
        "get_by_id",
        "meant",
        "preview",
        "preview_into",
        "replay",
        "slots_before",
        "tenants_of",
        "unrepeatable",
    },
    "ScheduleManager": {
        "all_planned",
        "get_by_name",
        "planned",
        "preview",
        "tenants_with_due",
        "upcoming",
    },
    "ScheduleRunManager": set(),
    "ScheduleVersionManager": set(),
    "StatementLineManager": set(),
    "StatementManager": {
        "balance_warnings",
        "classify",
        "deposited_from",
        "draft",
        "get_by_name",
        "reversals",
        "review",
    },
}
"""What writes nothing, and so needs no role."""


def methods(manager) -> dict[str, object]:
    """Its public methods that are ours: neither Django's nor the querysets' filters."""
    return {
        name: method
        for name, method in inspect.getmembers(manager, inspect.isfunction)
        if not name.startswith("_")
        and method.__module__.startswith("budgets.managers")
        and ".<locals>" not in method.__qualname__
        and not method.__qualname__.split(".")[0].endswith("QuerySet")
    }


WRITES = [
    (manager, name)
    for manager in MANAGERS
    for name in methods(manager)
    if name not in READS[manager.__name__]
]


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda manager: manager.__name__)
def test_every_method_is_a_read_or_a_verb_of_the_table(manager):
    ours = methods(manager)

    assert READS[manager.__name__] - ours.keys() == set(), "these are gone"
    for name, method in ours.items():
        marked = getattr(method, "verb", None)
        assert (marked in TABLE) != (name in READS[manager.__name__]), (name, marked)


def test_every_verb_of_the_table_is_some_methods():
    marked = {getattr(manager, name).verb for manager, name in WRITES}

    assert marked == TABLE.keys()


@pytest.mark.parametrize("role", [*Role, None], ids=str)
@pytest.mark.parametrize(
    ("manager", "name"), WRITES, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_role_may_what_the_table_says(tenant, manager, name, role):
    """Called without arguments: who may use it gets as far as being asked for them."""
    wanted = getattr(manager, name).verb
    expected = TypeError if role is None or role in TABLE[wanted] else NotAllowed

    with acting_for(tenant, role=role), pytest.raises(expected) as caught:
        getattr(manager(), name)()

    if expected is NotAllowed:
        assert isinstance(caught.value, NotAllowed)
        assert (caught.value.role, caught.value.verb) == (role, wanted)
    else:
        assert "missing" in str(caught.value)


@pytest.fixture
def household(tenant):
    """A budget with an envelope, some money and a schedule."""
    with acting_for(tenant):
        budget = BudgetFactory()
        bucket = BucketFactory(budget=budget, name="Rent")
        Movement.objects.deposit(budget, 500_00)
        schedule = daily(budget)
    return budget, bucket, schedule


def deeds(budget, bucket, schedule):
    """A deed of each kind, by whether it moves money or changes rules."""
    return {
        "deposit": partial(Movement.objects.deposit, budget, 1_00),
        "withdraw": partial(Movement.objects.withdraw, bucket, 1_00),
        "run": partial(Schedule.objects.run_due, schedule, schedule.next_due_at),
        "lock": partial(Bucket.objects.lock, bucket),
        "set_target": partial(Bucket.objects.set_target, bucket, 9_00),
        "create": partial(Bucket.objects.create_bucket, budget, "New", filter=Claim(flat=1)),
        "found": partial(Budget.objects.create_budget, "Second", "EUR"),
        "pause": partial(Schedule.objects.pause, schedule),
        "edit": partial(Schedule.objects.edit, schedule, amount=7),
        "close": partial(Bucket.objects.close, bucket, Disposition.MONEY),
    }


MONEY = {"deposit", "withdraw", "run"}
EVERYTHING = set(deeds(None, None, type("", (), {"next_due_at": None})))


@pytest.mark.parametrize(
    ("role", "may_do"),
    [
        (Role.OWNER, EVERYTHING),
        (Role.EDITOR, EVERYTHING),
        (Role.VIEWER, set()),
        (Role.SERVICE, MONEY),
        (None, EVERYTHING),
    ],
    ids=[*Role, "system"],
)
def test_what_a_role_may_it_can_do_to_the_end(tenant, household, role, may_do):
    done = set()
    for name, deed in deeds(*household).items():
        try:
            run_for(tenant, deed, role=role)
        except NotAllowed:
            continue
        done.add(name)

    assert done == may_do
    with acting_for(tenant, role=role):
        assert Budget.objects.get_by_name(household[0].name) == household[0]
        assert Movement.objects.preview(household[0], 1_00)


# -- The verbs of tenants -----------------------------------------------------------------------

THEIRS: dict[str, list[Callable[[Any], object]]] = {
    "members.invite": [
        lambda m: Invitation.objects.invite(f"{m.pk}@example.com", "viewer"),
        lambda m: Invitation.objects.revoke(Invitation.objects.get()),
        lambda m: Membership.objects.join(m.stranger, "viewer"),
    ],
    "members.remove": [lambda m: Membership.objects.leave(m)],
    "members.change_role": [lambda m: Membership.objects.change_role(m, "viewer")],
    "sessions.revoke": [
        lambda m: UserSession.objects.revoke_all(m.user),
        lambda m: UserSession.objects.revoke(m.user, m.pk),
    ],
    "settings.change": [lambda m: TenantSettings.objects.change(locale="de")],
    "plan.change": [
        lambda m: Tenant.objects.change_plan("team"),
        lambda m: TenantSettings.objects.change(features={"api": False}),
        lambda m: TenantSettings.objects.change(quotas={"members": 9}),
        lambda m: Tenant.objects.end_trial(),
        lambda m: Tenant.objects.extend_trial(timezone.now() + timedelta(days=2)),
        lambda m: Tenant.objects.start_trial("team", timezone.now() + timedelta(days=1)),
    ],
    "tenant.suspend": [lambda m: Tenant.objects.reactivate(m.tenant_id)],
    "tenant.identify": [lambda m: Tenant.objects.set_external_id(str(m.tenant_id))],
    "system.change": [lambda m: SystemSettings.objects.change()],
}


@pytest.mark.parametrize("role", [*Role, None], ids=str)
@pytest.mark.parametrize("name", THEIRS)
def test_a_role_may_do_what_the_tenants_table_says(tenant, name, role):
    with acting_for(tenant):
        MembershipFactory(role="owner")
        member = MembershipFactory(role="editor")
        member.stranger = UserFactory()
        Invitation.objects.invite("somebody@example.com", "viewer")
    allowed = role is None or role in get_verbs()[name]

    for deed in reversed(THEIRS[name]):
        try:
            run_for(tenant, partial(deed, member), role=role)
        except NotAllowed:
            assert not allowed
        else:
            assert allowed


def test_every_verb_of_tenants_is_tried():
    assert get_verbs().keys() - TABLE.keys() == THEIRS.keys()


@pytest.mark.parametrize("role", ["editor", "service"])
def test_everybody_who_can_write_may_leave(tenant, role):
    with acting_for(tenant):
        mine, other = MembershipFactory(role=role), MembershipFactory(role=role)

    with acting_for(tenant, actor=mine.user, role=role):
        Membership.objects.leave(mine)
        with pytest.raises(NotAllowed):
            Membership.objects.leave(other)


# -- The table ----------------------------------------------------------------------------------


def test_a_verb_nobody_declared_fails_loudly(acting):
    for use in (lambda: require("fly"), lambda: may("fly", None), lambda: verb("fly")):
        with pytest.raises(UndeclaredVerb):
            use()
    assert not issubclass(UndeclaredVerb, CodedError)


def test_a_verb_is_declared_once():
    with pytest.raises(ValueError, match="declared twice"):
        declare({"plan.change": {Role.OWNER}})

    assert get_verbs()["plan.change"] == NOBODY


def test_a_verb_needs_a_block(committed):
    with pytest.raises(NoTenant):
        require("members.invite")


@pytest.mark.parametrize(
    ("manager", "name"), WRITES, ids=lambda each: getattr(each, "__name__", each)
)
def test_a_marked_verb_keeps_its_signature_and_docstring(manager, name):
    method = getattr(manager, name)

    assert method.__doc__
    assert method.__name__ == name
    assert len(inspect.signature(method).parameters) > 1
