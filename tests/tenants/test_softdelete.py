"""Rows that are deleted by being marked: who sees them, what goes along, what comes back."""

import pytest
from django.db import models, transaction
from django.db.models import prefetch_related_objects

from budgets.models import Budget
from examples.forms.models import Form, Organization, Submission, Workflow
from tenants.context import acting_for
from tenants.errors import ForeignKeyBroken, UniqueBroken
from tenants.models import Change, Membership
from tests.budgets.paydays import at_once
from tests.factories import BudgetFactory, MembershipFactory
from tests.tenants.model_cases import form, refused, stored, submission


@pytest.fixture
def clinic(acting) -> Organization:
    return Organization.objects.create(name="Clinic")


@pytest.fixture
def gone(clinic) -> Form:
    """A form that was deleted, beside one that was not."""
    clinic.forms.create(title="Intake")
    deleted = clinic.forms.create(title="Discharge")
    deleted.delete()
    return deleted


def submit(there: Form, *emails: str) -> list[Submission]:
    return [there.submissions.create(email=f"{email}@example.com") for email in emails]


class TestADeletedRow:
    def test_is_invisible(self, gone):
        assert [each.title for each in Form.objects.all()] == ["Intake"]
        assert Form.objects.count() == 1
        assert not Form.objects.filter(pk=gone.pk).exists()
        assert Form.objects.get_or_none(pk=gone.pk) is None
        assert Form.objects.in_bulk([gone.pk]) == {}
        assert Form.objects.aggregate(count=models.Count("pk")) == {"count": 1}
        with pytest.raises(Form.DoesNotExist):
            Form.objects.get(pk=gone.pk)

    def test_is_invisible_to_related_managers_and_prefetch(self, clinic, gone):
        assert [each.title for each in clinic.forms.all()] == ["Intake"]
        assert (clinic.forms.count(), clinic.forms.filter(pk=gone.pk).exists()) == (1, False)

        prefetch_related_objects([clinic], "forms")

        assert [each.title for each in clinic.forms.all()] == ["Intake"]

    def test_is_not_changed_by_updates_of_the_others(self, gone):
        assert Form.objects.update(status="open") == 1
        gone.refresh_from_db()

        assert gone.status == "draft"

    def test_is_visible_to_who_asks_for_all(self, clinic, gone):
        assert Form.all_objects.count() == 2
        assert Form.all_objects.deleted().get() == gone
        assert Form.all_objects.live().get().title == "Intake"
        assert clinic.forms(manager="all_objects").deleted().get() == gone

    def test_is_still_what_others_point_at(self, acting):
        there = form()
        review = there.workflows.create(name="Review")
        there.delete()

        assert stored(review).form.deleted_at is not None

    def test_says_when_and_since_is_kept_by_a_second_deletion(self, gone):
        first = gone.deleted_at

        assert gone.delete() == (0, {})
        assert Form.all_objects.filter(pk=gone.pk).delete() == (0, {})
        gone.refresh_from_db()
        assert gone.deleted_at == first == gone.updated_at

    def test_is_in_the_history(self, gone):
        gone.restore()

        verbs = [
            (change.verb, change.before["deleted_at"] is None, change.after["deleted_at"] is None)
            for change in Change.objects.of(Form, gone.pk)[:2]
            if change.before and change.after
        ]

        assert verbs == [("update", False, True), ("update", True, False)]


class TestWhatIsUnique:
    def test_is_so_among_live_rows(self, clinic, gone):
        with refused(UniqueBroken, "forms_form_once", ("organization", "title")):
            clinic.forms.create(title="Intake")

        assert clinic.forms.create(title="Discharge").pk != gone.pk

    def test_keeps_a_row_from_coming_back_when_its_place_is_taken(self, clinic, gone):
        clinic.forms.create(title="Discharge")

        with refused(UniqueBroken, "forms_form_once", ("organization", "title")):
            gone.restore()

        assert Form.all_objects.get(pk=gone.pk).deleted_at is not None

    def test_lets_many_of_one_name_be_deleted(self, clinic):
        for _ in range(3):
            clinic.forms.create(title="Draft").delete()

        assert Form.all_objects.deleted().filter(title="Draft").count() == 3


class TestWhatPointsAtIt:
    def test_refuses_by_PROTECT(self, acting):
        member = MembershipFactory(role="editor")
        BudgetFactory(owner=member)

        with refused(ForeignKeyBroken, "budgets_budget_owner_same_tenant", ("owner",)):
            Membership.objects.filter(pk=member.pk).delete()
        Budget.objects.update(owner=None)

        assert member.delete()[0] == 1

    def test_refuses_the_whole_lot_when_one_is_protected(self, acting):
        members = [MembershipFactory() for _ in range(3)]
        BudgetFactory(owner=members[1])

        with pytest.raises(ForeignKeyBroken), transaction.atomic():
            Membership.objects.all().delete()

        assert Membership.objects.count() == 3

    def test_goes_along_by_CASCADE(self, acting):
        there = form()
        submit(there, "a", "b")

        assert there.delete() == (3, {"forms.Form": 1, "forms.Submission": 2})
        assert not Submission.objects.exists()

    def test_stays_where_it_cannot_be_marked(self, acting):
        there = form()
        there.workflows.create(name="Review")

        assert there.delete() == (1, {"forms.Form": 1})
        assert Workflow.objects.count() == 1

    def test_stays_by_DO_NOTHING(self, acting):
        there = submission()
        there.events.log(there, "seen")

        assert there.form.delete()[0] == 2
        assert there.events.count() == 1


class TestWhatComesBack:
    def test_is_what_went_together(self, acting):
        there = form()
        submit(there, "a", "b")
        there.delete()

        assert there.restore() == (3, {"forms.Form": 1, "forms.Submission": 2})
        assert there.submissions.count() == 2

    def test_is_not_what_was_deleted_before_by_itself(self, acting):
        there = form()
        alone, together = submit(there, "a", "b")
        alone.delete()
        there.delete()

        assert there.restore() == (2, {"forms.Form": 1, "forms.Submission": 1})
        assert there.submissions.get() == together

    def test_is_nothing_when_one_of_them_has_lost_its_place(self, acting):
        there, other = form(), form()
        submit(there, "a")
        Form.objects.all().delete()
        other.organization.forms.create(title=other.title)

        with refused(UniqueBroken, "forms_form_once", ("organization", "title")):
            Form.all_objects.filter(pk__in=[there.pk, other.pk]).restore()

        assert Form.objects.get_or_none(pk=there.pk) is None
        assert not Submission.objects.exists()

    def test_of_several_is_what_went_with_each(self, acting):
        forms = [form() for _ in range(2)]
        for there in forms:
            submit(there, "a")
            there.delete()

        restored = Form.all_objects.filter(pk__in=[one.pk for one in forms]).restore()

        assert restored == (4, {"forms.Form": 2, "forms.Submission": 2})

    def test_is_nothing_of_what_is_live(self, acting):
        assert form().restore() == (0, {})


class TestAtOnce:
    @pytest.fixture
    def there(self, tenant) -> Form:
        with acting_for(tenant):
            there = form()
            submit(there, "a", "b")
        return there

    def lock(self, there: Form):
        return lambda: Form.all_objects.select_for_update().get(pk=there.pk)

    def test_two_deletions_delete_once(self, tenant, there):
        delete = [lambda: Form.objects.filter(pk=there.pk).delete()] * 2

        answers = at_once(tenant, self.lock(there), *delete)

        went = (3, {"forms.Form": 1, "forms.Submission": 2})
        assert sorted(answers, key=lambda answer: answer[0]) == [(0, {}), went]

    def test_two_restorations_restore_once(self, tenant, there):
        with acting_for(tenant):
            there.delete()
        restore = [lambda: Form.all_objects.filter(pk=there.pk).restore()] * 2

        answers = at_once(tenant, self.lock(there), *restore)

        assert sorted(count for count, _ in answers) == [0, 3]
        with acting_for(tenant):
            assert Submission.objects.count() == 2

    def test_a_row_that_is_being_made_is_waited_for_and_goes_along(self, tenant, there):
        """`there` is deleted while another transaction points at it, and has not committed."""

        def insert():
            Submission.objects.create(form=there, email="late@example.com")

        [answer] = at_once(tenant, insert, lambda: Form.objects.filter(pk=there.pk).delete())

        assert answer == (4, {"forms.Form": 1, "forms.Submission": 3})
        with acting_for(tenant):
            assert not Submission.objects.exists()
