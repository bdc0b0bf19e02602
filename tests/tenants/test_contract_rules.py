"""What breaks a rule of the schema is refused by name, and so is what role app may not do."""

import pytest
from django.db import models

from budgets.models import Budget
from examples.forms.models import Organization, Submission
from tenants.errors import (
    ConstraintBroken,
    ForeignKeyBroken,
    NotNullBroken,
    TenantViolation,
    UniqueBroken,
)
from tenants.managers.contract import deleting
from tenants.models import User
from tenants.refusals import NotDeletable
from tests.factories import MembershipFactory
from tests.tenants.model_cases import (
    DESCRIBED,
    deletes,
    each,
    form,
    not_,
    refused,
    saves,
    stored,
    submission,
    updates,
)

pytestmark = pytest.mark.usefixtures("acting")


@pytest.fixture
def row(described):
    """A row of the model, which is there."""
    return described.create()


def insert(described, there, values):
    described.rows.create(**described.make() | values)


def insert_many(described, there, values):
    described.rows.bulk_create([described.new(), described.new(**values)])


def save(described, there, values):
    row = described.create()
    for name, wrong in values.items():
        setattr(row, name, wrong)
    row.save()


def update(described, there, values):
    described.rows.filter(pk=described.create().pk).update(**values)


def update_many(described, there, values):
    row = described.create()
    for name, wrong in values.items():
        setattr(row, name, wrong)
    described.rows.bulk_update([row], list(values))


BREAKS = [
    (described, broken, way)
    for described in DESCRIBED
    for broken in described.broken
    for way in (insert, insert_many, *([save, update, update_many] if described.saves else []))
]


@pytest.mark.parametrize(
    ("described", "broken", "way"),
    BREAKS,
    ids=[f"{described}-{broken}-{way.__name__}" for described, broken, way in BREAKS],
)
def test_what_breaks_a_rule_names_it_and_its_fields(described, broken, way, row):
    values = broken.values(row)

    with refused(broken.error, broken.constraint, broken.fields):
        way(described, row, values)

    assert stored(row) == row


@each()
def test_an_id_is_taken_once(described, row):
    with refused(UniqueBroken, f"{described.model._meta.db_table}_pkey", ("id",)):
        described.create(pk=row.pk)


@each(updates)
def test_an_upsert_breaks_no_other_rule(described, row):
    [broken, *_] = [one for one in described.broken if one.error is NotNullBroken]

    with refused(broken.error, broken.constraint, broken.fields):
        described.rows.bulk_create(
            [described.new(**broken.values(row))],
            update_conflicts=True,
            unique_fields=described.upsert,
            update_fields=["updated_at"],
        )


class TestWhatIsPointedAt:
    def test_is_kept_by_what_protects_it(self):
        there = form()

        with refused(ForeignKeyBroken, "forms_form_organization_same_tenant", ("organization",)):
            there.organization.delete()
        with refused(ForeignKeyBroken, "forms_form_organization_same_tenant", ("organization",)):
            Organization.objects.filter(pk=there.organization_id).delete()

    def test_is_kept_by_PostgreSQL_where_Django_does_nothing(self):
        there = submission()
        there.events.log(there, "seen")

        with refused(ForeignKeyBroken, "forms_event_submission_same_tenant", ("submission",)):
            there.hard_delete()
        with refused(ForeignKeyBroken, "forms_event_submission_same_tenant", ("submission",)):
            Submission.all_objects.filter(pk=there.pk).hard_delete()

    def test_is_kept_when_it_is_to_be_marked(self):
        member = MembershipFactory()
        Budget.objects.create(name="Ours", currency="EUR", exponent=2, owner=member)

        with refused(ForeignKeyBroken, "budgets_budget_owner_same_tenant", ("owner",)):
            member.delete()
        assert stored(member).deleted_at is None

    def test_is_kept_when_it_is_global(self):
        user = MembershipFactory().user

        with refused(ForeignKeyBroken) as caught, deleting(User):
            models.QuerySet(User).filter(pk=user.pk).delete()

        assert caught.value.fields == ("user",)


# -- What the grants refuse -------------------------------------------------------------------


class TestWhatRoleAppMayNot:
    @each(not_(saves))
    def test_write_a_row_whole(self, described, row):
        setattr(row, described.field, described.values[1])

        with refused(TenantViolation):
            row.save()

    @each(not_(updates))
    def test_change_a_row(self, described, row):
        _, new = described.values
        setattr(row, described.field, new)

        with refused(TenantViolation):
            described.rows.filter(pk=row.pk).update(**{described.field: new})
        with refused(TenantViolation):
            described.rows.bulk_update([row], [described.field])
        with refused(TenantViolation):
            described.rows.update_or_create({described.field: new}, pk=row.pk)

    @each(not_(deletes))
    def test_delete_a_row(self, described, row):
        refusal = NotDeletable if isinstance(row, User) else TenantViolation
        with refused(refusal):
            row.delete()
        with refused(refusal):
            described.rows.filter(pk=row.pk).delete()

        assert stored(row) == row


def test_every_kind_of_rule_is_broken_somewhere():
    broken = {rule.error for described in DESCRIBED for rule in described.broken}

    assert broken == set(ConstraintBroken.__subclasses__())
