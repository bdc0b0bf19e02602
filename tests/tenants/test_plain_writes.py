"""A model with verbs is written by its verbs alone, in every block that has a role.

The system itself, without a role, stays free; a model without verbs is written by each role that
may write at all.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.checks import Error

from budgets.models import Bucket, Budget, Movement
from examples.shop.models import Category
from tenants.access.roles import Role, statements_of_a_verb
from tenants.checks.isolation import faults_of
from tenants.context import acting_for
from tenants.errors import NotAllowed
from tenants.models import (
    Invitation,
    Membership,
    Tenant,
    TenantOwned,
    TenantSettings,
)
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory

WRITERS = [Role.OWNER, Role.EDITOR, Role.SERVICE]
WITH_VERBS = [
    model
    for app in ("budgets", "tenants")
    for model in apps.get_app_config(app).get_models()
    if issubclass(model, TenantOwned) and model.plain_writes is not None
]
WAYS: dict[str, Callable[[Any], object]] = {
    "create": lambda rows: rows.create(),
    "bulk_create": lambda rows: rows.bulk_create([rows.model()]),
    "upsert": lambda rows: rows.bulk_create(
        [rows.model()], update_conflicts=True, unique_fields=["id"], update_fields=["created_at"]
    ),
    "update": lambda rows: rows.update(updated_at=None),
    "update some": lambda rows: rows.filter(pk=uuid4()).update(updated_at=None),
    "delete": lambda rows: rows.all().delete(),
    "delete some": lambda rows: rows.filter(pk=uuid4())._raw_delete("default"),
}


@pytest.mark.parametrize("role", WRITERS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", WITH_VERBS, ids=lambda model: model.__name__)
def test_a_role_cannot_write_it_plainly(tenant, model, way, role):
    with acting_for(tenant, role=role), pytest.raises(NotAllowed) as caught:
        WAYS[way](model._default_manager)

    assert caught.value.role == role
    assert str(caught.value).endswith(f"on {model._meta.db_table} outside of its verbs")


def test_every_model_with_verbs_of_ours_is_tried():
    assert {model.__name__ for model in WITH_VERBS} >= {
        "Budget", "Bucket", "BucketVersion", "Movement", "Entry", "Schedule", "Statement",
        "Membership", "Invitation", "Tenant", "TenantSettings",
    }  # fmt: skip


class TestAnEditorCannot:
    @pytest.fixture
    def member(self, tenant):
        with acting_for(tenant):
            MembershipFactory(role="owner")
            return MembershipFactory(role="editor")

    def test_become_an_owner(self, tenant, member):
        member.role = "owner"
        for way in (
            member.save,
            lambda: Membership.objects.filter(pk=member.pk).update(role="owner"),
            lambda: Membership.objects.update_or_create(
                user=member.user, defaults={"role": "owner"}
            ),
            lambda: Membership.objects.bulk_update([member], ["role"]),
        ):
            with pytest.raises(NotAllowed), acting_for(tenant, actor=member.user, role="editor"):
                way()

        with acting_for(tenant):
            assert Membership.objects.get(pk=member.pk).role == "editor"

    def test_remove_the_last_owner(self, tenant, member):
        with acting_for(tenant, actor=member.user, role="editor"):
            owner = Membership.objects.owning().get()
            for way in (owner.delete, owner.hard_delete, Membership.objects.owning().delete):
                with pytest.raises(NotAllowed):
                    way()

        with acting_for(tenant):
            assert Membership.objects.owning().exists()

    def test_give_the_tenant_another_plan_or_take_its_suspension_back(self, tenant, member):
        with acting_for(tenant, actor=member.user, role="editor"):
            for columns in ({"plan": "business"}, {"suspended_at": None}, {"name": "Mine"}):
                with pytest.raises(NotAllowed):
                    Tenant.objects.update(**columns)

    def test_use_an_invitation_again(self, tenant, member):
        with acting_for(tenant):
            offer, _ = Invitation.objects.invite("somebody@example.com", "viewer")

        with acting_for(tenant, actor=member.user, role="editor"), pytest.raises(NotAllowed):
            Invitation.objects.filter(pk=offer.pk).update(accepted_at=None, role="owner")

    def test_switch_features(self, tenant, member):
        with acting_for(tenant, actor=member.user, role="editor"), pytest.raises(NotAllowed):
            TenantSettings.objects.update_or_create(defaults={"version": 9})

    def test_change_a_buckets_rules_or_a_budgets_totals(self, tenant, member):
        with acting_for(tenant):
            bucket = BucketFactory(budget=BudgetFactory())

        with acting_for(tenant, actor=member.user, role="editor"):
            for rows, columns in (
                (Bucket.objects, {"target": 5}),
                (Budget.objects, {"version": 9}),
            ):
                with pytest.raises(NotAllowed):
                    rows.update(**columns)
            bucket.target = 5
            with pytest.raises(NotAllowed):
                bucket.save(update_fields=["target"])


@pytest.mark.parametrize("role", WRITERS)
def test_the_verbs_write_what_the_role_may(tenant, role):
    with acting_for(tenant):
        budget = BudgetFactory()

    with acting_for(tenant, role=role):
        assert Movement.objects.deposit(budget, 5_00).entries.count() == 1


def test_what_a_verb_may_ends_with_it(tenant):
    with acting_for(tenant):
        budget = BudgetFactory()

    with acting_for(tenant, role="owner"):
        with pytest.raises(ZeroDivisionError), statements_of_a_verb():
            raise ZeroDivisionError
        Movement.objects.deposit(budget, 5_00)
        with pytest.raises(NotAllowed):
            Budget.objects.update(version=9)


def test_the_system_itself_is_free(tenant):
    with acting_for(tenant):
        member = MembershipFactory(role="editor")
        Membership.objects.filter(pk=member.pk).update(role="owner")

        assert Membership.objects.get(pk=member.pk).role == "owner"


@pytest.mark.parametrize("role", WRITERS)
def test_a_model_without_verbs_is_written_by_who_may_write(tenant, role):
    with acting_for(tenant, role=role):
        tea = Category.objects.create(name="Tea")
        Category.objects.update(name="Teas")

        assert tea.delete()[0] == 1


def test_a_model_says_which_roles_write_it_plainly(tenant, monkeypatch):
    monkeypatch.setattr(Category, "plain_writes", {"insert": {Role.EDITOR}})

    with acting_for(tenant, role="editor"):
        Category.objects.create(name="Tea")
        with pytest.raises(NotAllowed, match="update on shop_category"):
            Category.objects.update(name="Teas")
    with acting_for(tenant, role="owner"), pytest.raises(NotAllowed, match="insert on"):
        Category.objects.create(name="Coffee")


def test_leaving_is_a_verb_though_everybody_may(tenant):
    with acting_for(tenant):
        MembershipFactory(role="owner")
        mine = MembershipFactory(role="editor")

    with acting_for(tenant, actor=mine.user, role="editor"):
        Membership.objects.leave(mine)


def test_a_model_with_verbs_that_does_not_say_is_a_fault(monkeypatch):
    def found() -> list[Error]:
        return [each for each in faults_of(Budget) if each.id == "tenants.E022"]

    assert not found()
    monkeypatch.setattr(Budget, "plain_writes", None)
    assert "budgets.Budget has verbs" in found()[0].msg
