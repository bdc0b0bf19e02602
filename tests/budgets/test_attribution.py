"""The audit names who is nobody: an id of a user that is no user's, in whatever table."""

from functools import partial
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import get_user_model

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for, run_for
from tenants.models import Membership, Tenant
from tests.command_line import manage
from tests.factories import TenantFactory, UserFactory

NOBODY = UUID(int=7)


def found(tenant: Tenant) -> dict[str, str]:
    """The columns that name nobody, and what is said of each."""
    breaks = list(audit.breaks_of(tenant))
    assert {each.invariant for each in breaks} <= {"unknown_user"}
    return {each.subject: each.problem for each in breaks}


def work(tenant: Tenant, actor: UUID) -> None:
    """One movement, two versions and three changes in somebody's name."""
    with acting_for(tenant, actor=actor):
        budget = Budget.objects.create_budget("Household", "EUR")
        bucket = Bucket.objects.create_bucket(budget, "Rent", filter=Claim(flat=5))
        Movement.objects.deposit_into(bucket, 5)


@pytest.fixture
def household(committed) -> Tenant:
    return TenantFactory()


def test_an_actor_who_is_a_user_is_known_and_so_is_the_system(household):
    work(household, UserFactory().pk)
    run_for(household, partial(Budget.objects.create_budget, "Second", "EUR"))

    assert found(household) == {}


def test_a_user_who_was_marked_deleted_is_known(household):
    user = UserFactory()
    work(household, user.pk)
    get_user_model().objects.filter(pk=user.pk).update(deleted_at=user.created_at)

    assert found(household) == {}


def test_an_actor_who_is_no_user_is_named_once_for_each_column(household):
    work(household, NOBODY)

    one = f"names a user who is not there, in 1 row: {NOBODY}"
    two = f"names a user who is not there, in 2 rows: {NOBODY}"
    assert found(household) == {
        "budgets_movement.actor_id": one,
        "budgets_bucketversion.actor_id": two,
        "tenants_change.actor_id": one,
    }


def test_of_many_some_are_named_and_all_are_counted(household):
    for nobody in (NOBODY, *(uuid4() for _ in range(4))):
        with acting_for(household, actor=nobody):
            Budget.objects.create_budget(f"of {nobody}", "EUR")
    with acting_for(household, actor=NOBODY):
        Budget.objects.create_budget("again", "EUR")

    told = found(household)["tenants_change.actor_id"]

    assert told.startswith(f"names 5 users who are not there, in 6 rows: {NOBODY}, ")
    assert told.endswith(", ...")
    assert told.count("-") == 12  # three ids


def test_every_column_that_names_a_user_is_looked_at():
    columns = {
        f"{field.model._meta.label_lower}.{field.name}"
        for of_tenants in (True, False)
        for field in audit.user_columns(of_tenants=of_tenants)
    }

    assert columns >= {
        "budgets.movement.actor",
        "budgets.bucketversion.actor",
        "budgets.schedule.actor",
        "budgets.schedulerun.actor",
        "tenants.change.actor",
        "tenants.globalchange.actor",
        "tenants.membership.user",
        "shop.order.customer",
    }


def test_a_membership_of_nobody_is_named_even_when_it_has_ended(household):
    with acting_for(household):
        Membership.objects.create(user_id=NOBODY, role="viewer").delete()

    assert list(found(household)) == ["tenants_membership.user_id"]


def test_the_command_says_so_and_ends_as_for_every_break(household):
    work(household, NOBODY)

    ran = manage("audit", "--tenant", household.slug, "--json")
    told = manage("audit", "--tenant", household.slug)

    assert (ran.code, ran.json["ok"]) == (1, False)
    assert {each["invariant"] for each in ran.json["breaks"]} == {"unknown_user"}
    assert {each["tenant"] for each in ran.json["breaks"]} == {household.slug}
    assert f"unknown_user {household.slug}: budgets_movement.actor_id names a user" in told.out


def test_a_user_of_that_id_mends_it(household):
    nobody = uuid4()
    work(household, nobody)
    assert found(household)

    UserFactory(id=nobody)

    assert found(household) == {}
