"""No live row under a deleted one: refused by PostgreSQL, whoever writes it and however."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, connections, models
from django.utils import timezone

from budgets.jobs import audit
from examples.forms.models import Form, Submission, Workflow
from tenants.checks.isolation import faults_of
from tenants.context import acting_for, run_for
from tenants.errors import ForeignKeyBroken
from tenants.models import Membership, SoftDeleteModel, TenantModel
from tenants.postgres.base import as_owner
from tenants.postgres.errors import ParentDeleted
from tenants.schema.fields import TenantForeignKey
from tenants.schema.live_parents import LiveParent
from tests.budgets.paydays import at_once
from tests.command_line import manage
from tests.factories import BudgetFactory, MembershipFactory
from tests.tenants.model_cases import DESCRIBED, Described, form, refused, submission

RULES: dict[str, tuple[Any, LiveParent]] = {
    constraint.name: (model, constraint)
    for model in apps.get_models()
    for constraint in model._meta.constraints
    if isinstance(constraint, LiveParent)
}
"""Every foreign key that needs a live row, as the models declare it."""

every = pytest.mark.parametrize("name", RULES)
restorable = pytest.mark.parametrize("name", [n for n, (_, rule) in RULES.items() if rule.soft])
marked = pytest.mark.parametrize("name", [n for n, (_, rule) in RULES.items() if rule.cascades])


class Case:
    """A foreign key, and how to make rows at both of its ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model, self.rule = RULES[name]
        self.field: Any = self.model._meta.get_field(self.rule.field)
        described = {each.model: each for each in DESCRIBED}
        self.child: Described = described[self.model]
        self.parent: Described = described[self.field.related_model]

    @property
    def refused(self) -> Any:
        return refused(ParentDeleted, self.name, (self.field.name,))

    @property
    def rows(self) -> Any:
        return self.model._base_manager

    def gone(self) -> Any:
        """A deleted row to point at."""
        row = self.parent.create()
        assert row.delete()[0] == 1
        return row

    def below(self, parent: Any) -> Any:
        return self.child.create(**{self.field.name: parent})

    def sql(self, row: Any, assignment: str, value: Any) -> None:
        with connection.cursor() as cursor:
            table = self.model._meta.db_table
            cursor.execute(f"UPDATE {table} SET {assignment} WHERE id = %s", [value, row.pk])


def test_every_foreign_key_to_a_softly_deleted_model_has_the_rule():
    pointing = {
        f"{model._meta.db_table}_{field.name}_live"
        for model in apps.get_models()
        if issubclass(model, TenantModel)
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
        and issubclass(field.related_model, SoftDeleteModel)
        and field.remote_field.on_delete is not models.DO_NOTHING
    }

    assert pointing == RULES.keys()
    assert pointing >= {"forms_submission_form_live", "budgets_budget_owner_live"}


def test_a_model_without_the_rule_is_a_fault(monkeypatch):
    without = [each for each in Submission._meta.constraints if not isinstance(each, LiveParent)]
    monkeypatch.setattr(Submission._meta, "constraints", without)

    found = [fault for fault in faults_of(Submission) if fault.id == "tenants.E002"]

    assert "forms_submission_form_live" in found[0].msg


NEW: dict[str, Callable[[Case, Any], object]] = {
    "create": lambda case, row: row.save(force_insert=True),
    "bulk_create": lambda case, row: case.rows.bulk_create([row]),
    "upsert": lambda case, row: case.rows.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["updated_at"]
    ),
}
MOVES: dict[str, Callable[[Case, Any, Any], object]] = {
    "save": lambda case, row, to: row.save(
        update_fields=None if case.child.saves else [case.field.name]
    ),
    "save of a field": lambda case, row, to: row.save(update_fields=[case.field.name]),
    "update": lambda case, row, to: case.rows.filter(pk=row.pk).update(**{case.field.name: to}),
    "bulk_update": lambda case, row, to: case.rows.bulk_update([row], [case.field.name]),
    "upsert": lambda case, row, to: case.rows.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=[case.field.name]
    ),
    "SQL": lambda case, row, to: case.sql(row, f"{case.field.column} = %s", to.pk),
}
RESTORATIONS: dict[str, Callable[[Case, Any], object]] = {
    "restore": lambda case, row: row.restore(),
    "restore of several": lambda case, row: case.rows.filter(pk=row.pk).restore(),
    "update": lambda case, row: case.rows.filter(pk=row.pk).update(deleted_at=None),
    "save": lambda case, row: row.save(),
    "bulk_update": lambda case, row: case.rows.bulk_update([row], ["deleted_at"]),
    "SQL": lambda case, row: case.sql(row, "deleted_at = %s", None),
}


class TestUnderADeletedRow:
    @every
    @pytest.mark.parametrize("way", NEW)
    def test_nothing_is_made(self, acting, name, way):
        case = Case(name)
        row = case.child.new(**{case.field.name: case.gone()})

        with case.refused:
            NEW[way](case, row)

        assert not case.rows.filter(pk=row.pk).exists()

    @every
    @pytest.mark.parametrize("way", MOVES)
    def test_nothing_is_moved(self, acting, name, way):
        case = Case(name)
        before = case.parent.create()
        row, to = case.below(before), case.gone()
        setattr(row, case.field.name, to)

        with case.refused:
            MOVES[way](case, row, to)

        assert getattr(case.rows.get(pk=row.pk), case.field.attname) == before.pk

    @restorable
    @pytest.mark.parametrize("way", RESTORATIONS)
    def test_nothing_is_restored(self, acting, name, way):
        case = Case(name)
        parent = case.parent.create()
        row = case.below(parent)
        parent.delete()
        row.deleted_at = None

        with case.refused:
            RESTORATIONS[way](case, row)

        assert case.rows.deleted().filter(pk=row.pk).exists()

    @marked
    def test_no_row_is_left_by_a_deletion_that_is_a_plain_update(self, tenant, name):
        case = Case(name)
        with acting_for(tenant):
            parent = case.parent.create()
            row = case.below(parent)
        parents = case.field.related_model.all_objects

        with pytest.raises(ParentDeleted) as caught, acting_for(tenant):
            parents.filter(pk=parent.pk).update(deleted_at=timezone.now())

        assert caught.value.constraint == name
        with acting_for(tenant):
            parents.filter(pk=parent.pk).update(deleted_at=timezone.now())
            case.rows.filter(pk=row.pk).update(deleted_at=timezone.now())

    @every
    def test_a_live_parent_is_all_it_takes(self, acting, name):
        case = Case(name)
        parent = case.gone()
        parent.restore()

        row = case.below(parent)

        assert case.rows.get(pk=row.pk) == row

    def test_a_row_that_is_not_there_is_what_it_was(self, acting):
        with refused(ForeignKeyBroken, "forms_submission_form_same_tenant", ("form",)):
            Submission.objects.create(form_id=uuid4(), email="a@example.com")


class TestWhatStays:
    def test_when_its_parent_is_deleted_is_changed_as_before(self, acting):
        there = form()
        review = there.workflows.create(name="Review")
        there.delete()

        review.steps = 2
        review.save()
        Workflow.objects.filter(pk=review.pk).update(form=there.pk, steps=3)

        assert Workflow.objects.get().steps == 3

    def test_belongs_to_a_membership_that_ended_with_the_user(self, acting):
        member = MembershipFactory(role="editor")
        budget = BudgetFactory(owner=member)
        Membership.objects.filter(pk=member.pk).mark_deleted(timezone.now())

        budget.name = "Renamed"
        budget.save(update_fields=["name", "owner"])

        with refused(ParentDeleted, "budgets_budget_owner_live", ("owner",)):
            BudgetFactory(owner=member)

    def test_goes_into_a_dump_and_out_of_it(self, tenant, other, tmp_path):
        with acting_for(tenant):
            there = form()
            there.workflows.create(name="Review")
            there.delete()
            member = MembershipFactory(role="editor")
            BudgetFactory(owner=member)
            Membership.objects.filter(pk=member.pk).mark_deleted(timezone.now())
        file = tmp_path / "dump.json"
        manage("dumpdata", "--tenant", tenant.slug, "-e", "tenants.Change", "-o", file)

        ran = manage("loaddata", "--tenant", other.slug, file)

        assert (ran.code, ran.err) == (0, "")
        with acting_for(other):
            assert Workflow.objects.get().form.deleted_at is not None
        assert list(audit.breaks_of(other)) == []


def live_below_deleted(tenant) -> int:
    with acting_for(tenant):
        return Submission.all_objects.under_deleted().count()


class TestAtOnce:
    @pytest.fixture
    def there(self, tenant) -> Form:
        """A form with one submission, which is deleted."""
        with acting_for(tenant):
            row = submission()
            row.delete()
            return Form.objects.get()

    @pytest.fixture
    def no_lock(self, committed):
        """The rule without the lock of the parent."""
        rule = RULES["forms_submission_form_live"][1]
        [(function, _), *_] = rule.mirrors("forms_submission", Submission)
        assert "FOR KEY SHARE" in function
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute(function.replace("FOR KEY SHARE", ""))
        yield
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute(function)

    def delete(self, there: Form) -> Any:
        return Form.objects.filter(pk=there.pk).delete()

    def mark(self, there: Form) -> int:
        return Form.all_objects.filter(pk=there.pk).update(deleted_at=timezone.now())

    def restore(self) -> Any:
        return Submission.all_objects.deleted().restore()

    @pytest.mark.parametrize("write", ["restore", "create"])
    def test_a_row_waits_for_the_deletion_of_its_parent_and_is_refused(self, tenant, there, write):
        def create():
            Submission.objects.create(form=there, email="late@example.com")

        work = create if write == "create" else self.restore

        [answer] = at_once(tenant, lambda: self.delete(there), work)

        assert type(answer) is ParentDeleted
        assert live_below_deleted(tenant) == 0

    def test_a_deletion_waits_for_a_restoration_and_takes_the_row_along(self, tenant, there):
        [answer] = at_once(tenant, self.restore, lambda: self.delete(there))

        assert answer == (2, {"forms.Form": 1, "forms.Submission": 1})
        assert live_below_deleted(tenant) == 0

    def test_a_deletion_by_a_plain_update_waits_too_and_is_refused(self, tenant, there):
        [answer] = at_once(tenant, self.restore, lambda: self.mark(there))

        assert type(answer) is ParentDeleted
        assert live_below_deleted(tenant) == 0

    def test_a_restoration_before_such_an_update_ends_lets_it_end_in_a_refusal(self, tenant, there):
        def work():
            self.mark(there)
            self.meanwhile(tenant, self.restore)

        with pytest.raises(ParentDeleted):
            run_for(tenant, work)

        assert live_below_deleted(tenant) == 0

    def test_without_the_lock_a_live_row_is_left_below_a_deleted_one(self, tenant, there, no_lock):
        with acting_for(tenant):
            self.restore()
            self.meanwhile(tenant, lambda: self.delete(there))

        assert live_below_deleted(tenant) == 1  # what the lock is for
        [found] = audit.breaks_of(tenant)
        assert (found.invariant, "restore that row" in found.problem) == ("parent_deleted", True)
        ran = manage("audit", "--tenant", tenant.slug)
        assert (ran.code, "parent_deleted" in ran.out) == (1, True)
        with acting_for(tenant):
            assert Submission.all_objects.under_deleted().delete()[0] == 1
        assert list(audit.breaks_of(tenant)) == []

    def meanwhile(self, tenant, work: Callable[[], Any]) -> Any:
        """Do `work` in a transaction of its own while this one is open."""

        def alone() -> Any:
            try:
                return run_for(tenant, work)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(alone).result(timeout=20)
