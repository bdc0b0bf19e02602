"""Rows that were deleted long ago go for good: `tenants.purging`, its tasks and its command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from examples.forms.models import Form, Submission, Workflow
from tenants import purging, tasks
from tenants.context import acting_for, run_for
from tenants.errors import TenantSuspended
from tenants.models import Change, Membership, SoftDeleteModel, Tenant
from tenants.postgres.base import as_owner
from tests.budgets.paydays import at_once
from tests.command_line import manage
from tests.factories import BudgetFactory, MembershipFactory
from tests.tenants.model_cases import form, submission

pytestmark = pytest.mark.usefixtures("own_database")  # with few tenants: some walk over all


def long_ago(*rows: SoftDeleteModel, days: int = 100) -> None:
    """Delete them, and what goes along, and let that be long ago."""
    then = timezone.now() - timedelta(days=days)
    for row in rows:
        row.delete()
    for model in (Form, Submission, Membership):
        model.all_objects.deleted().filter(deleted_at__gt=then).update(deleted_at=then)


@pytest.fixture
def old(tenant) -> Form:
    """A form with two submissions and a workflow, deleted long ago."""
    with acting_for(tenant):
        there = form()
        for email in ("a@example.com", "b@example.com"):
            there.submissions.create(email=email)
        there.workflows.create(name="Review")
        long_ago(there)
    return there


def left(tenant) -> tuple[int, int, int]:
    with acting_for(tenant):
        return Form.all_objects.count(), Submission.all_objects.count(), Workflow.objects.count()


@contextmanager
def without_rule() -> Iterator[None]:
    """In the block a submission may be live below a deleted form, as in old data."""
    table = "ALTER TABLE forms_submission {} TRIGGER forms_submission_form_still"
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(table.format("DISABLE"))
    try:
        yield
    finally:
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute(table.format("ENABLE"))


class TestWhatGoes:
    def test_is_what_was_deleted_long_ago_with_all_that_cascades(self, tenant, old):
        assert purging.purgeable(tenant.pk) == {"forms.Form": 1, "forms.Submission": 2}
        assert purging.purge(tenant.pk) == {"forms.Form": 1, "forms.Submission": 2}
        assert left(tenant) == (0, 0, 0)

    def test_is_nothing_the_second_time(self, tenant, old):
        purging.purge(tenant.pk)

        assert purging.purge(tenant.pk) == purging.purgeable(tenant.pk) == {}

    def test_is_nothing_that_is_live_or_was_deleted_lately(self, tenant):
        with acting_for(tenant):
            submission()
            form().delete()

        assert purging.purge(tenant.pk) == {}
        assert left(tenant) == (2, 1, 0)
        assert purging.purge(tenant.pk, days=0) == {"forms.Form": 1}

    def test_is_nobody_elses(self, tenant, other, old):
        assert purging.purge(other.pk, days=0) == {}
        assert left(tenant) == (1, 2, 1)

    def test_is_told_by_the_history(self, tenant, old):
        purging.purge(tenant.pk)

        with acting_for(tenant):
            last = Change.objects.of(Form, old.pk)[0]
        assert last.before is not None
        assert (last.verb, last.before["title"]) == ("delete", old.title)


class TestWhatStays:
    def test_is_what_rows_point_at_that_would_not_go_along(self, tenant):
        with acting_for(tenant):
            member = MembershipFactory(role="editor")
            BudgetFactory(owner=member)
            then = timezone.now() - timedelta(days=100)
            Membership.objects.filter(pk=member.pk).mark_deleted(then)

        assert purging.purgeable(tenant.pk) == purging.purge(tenant.pk) == {}
        with acting_for(tenant):
            assert Membership.all_objects.get(pk=member.pk)

    def test_is_what_would_take_along_what_has_to_stay(self, tenant, old):
        """An event keeps its submission, and that its form; the other submission goes."""
        with acting_for(tenant):
            kept = Submission.all_objects.earliest("pk")
            kept.events.log(kept, "seen")

        assert purging.purge(tenant.pk) == {"forms.Submission": 1}
        assert left(tenant) == (1, 1, 1)

    @pytest.mark.parametrize("alive", [True, False])
    def test_is_what_would_take_along_what_is_live_or_was_deleted_lately(self, tenant, old, alive):
        when = None if alive else timezone.now()
        with without_rule(), acting_for(tenant):
            one = Submission.all_objects.earliest("pk")
            Submission.all_objects.filter(pk=one.pk).update(deleted_at=when)

        assert purging.purge(tenant.pk) == {"forms.Submission": 1}
        assert left(tenant) == (1, 1, 1)

    @pytest.mark.parametrize(
        ("emails", "restored"), [((), Form), (("a@b.c",), Form), (("a@b.c",), Submission)]
    )
    def test_is_what_is_restored_while_the_purge_waits(self, tenant, emails, restored):
        """The purge had found the form, and nothing live below it, before it came back."""
        with acting_for(tenant):
            there = form()
            for email in emails:
                there.submissions.create(email=email)
            long_ago(there)

        with without_rule():
            [answer] = at_once(
                tenant,
                lambda: restored.all_objects.all().restore(),
                lambda: Form.all_objects.purge(timezone.now(), batch=10),
            )

        assert answer == 0
        assert left(tenant) == (1, len(emails), 0)

    def test_is_the_ledger(self):
        assert {model.__name__ for model in purging.purged()} == {
            "Form",
            "Membership",
            "Product",
            "Submission",
        }
        assert all("DELETE" in model.app_privileges for model in purging.purged())


class TestBatches:
    def test_are_transactions_of_their_own(self, tenant):
        with acting_for(tenant):
            long_ago(*[form() for _ in range(5)])

        with CaptureQueriesContext(connection) as captured:
            gone = purging.purge(tenant.pk, batch=2)

        deletes = [each["sql"] for each in captured if each["sql"].startswith("DELETE")]
        begins = [each["sql"] for each in captured if "enter_tenant" in each["sql"]]
        assert gone == {"forms.Form": 5}
        assert len([sql for sql in deletes if '"forms_form"' in sql]) == 3
        assert len(begins) == 3 + len(list(purging.purged()))  # and one that finds no more of each

    def test_that_are_done_stay_done_when_a_later_one_fails(self, tenant, monkeypatch):
        with acting_for(tenant):
            long_ago(*[form() for _ in range(3)])
        done: list[int] = []

        def failing(tenant_id, work):
            if sum(done) == 1:
                raise KeyboardInterrupt
            done.append(run_for(tenant_id, work))
            return done[-1]

        monkeypatch.setattr(purging, "run_for", failing)
        with pytest.raises(KeyboardInterrupt):
            purging.purge(tenant.pk, batch=1)
        monkeypatch.undo()

        assert left(tenant) == (2, 0, 0)
        assert purging.purge(tenant.pk) == {"forms.Form": 2}


class TestTheTask:
    def test_purges_one_tenant(self, tenant, old):
        result = tasks.purge_deleted.enqueue(str(tenant.pk))

        assert result.return_value == {"forms.Form": 1, "forms.Submission": 2}
        with acting_for(tenant):
            assert Change.objects.of(Form, old.pk)[0].request_id == f"task {result.id}"

    def test_takes_an_age(self, tenant, old):
        assert tasks.purge_deleted.enqueue(str(tenant.pk), 101).return_value == {}

    def test_is_enqueued_for_every_tenant_that_can_be_written(self, tenant, other, old):
        Tenant.objects.suspend(other)

        count = tasks.purge_all_deleted.enqueue().return_value

        assert count == len(Tenant.objects.every_id(writable=True)) < len(Tenant.objects.every_id())
        assert left(tenant) == (0, 0, 0)


class TestTheCommand:
    def test_is_a_dry_run_by_default(self, tenant, old):
        ran = manage("purge_deleted", "--tenant", tenant.slug)

        assert ran.code == 0
        assert "would go" in ran.out
        assert "forms.Submission" in ran.out
        assert left(tenant) == (1, 2, 1)

    def test_does_it_when_told(self, tenant, old):
        ran = manage("purge_deleted", "--tenant", tenant.slug, "--apply", "--json")

        rows = [
            {"tenant": str(tenant.pk), "model": "forms.Submission", "rows": 2},
            {"tenant": str(tenant.pk), "model": "forms.Form", "rows": 1},
        ]
        assert ran.json == {"applied": True, "rows": rows}
        assert left(tenant) == (0, 0, 0)

    def test_counts_in_json(self, tenant, old):
        said = manage("purge_deleted", "--tenant", tenant.slug, "--json").json

        assert (said["applied"], len(said["rows"])) == (False, 2)

    def test_says_that_there_is_nothing(self, tenant, old):
        ran = manage("purge_deleted", "--tenant", tenant.slug, "--days", "101", "--apply")

        assert ran.out.strip() == "nothing was deleted more than 101 days ago"
        assert left(tenant) == (1, 2, 1)

    def test_goes_over_every_tenant_but_the_suspended(self, tenant, other, old):
        with acting_for(other):
            long_ago(form())
        Tenant.objects.suspend(other)

        ran = manage("purge_deleted", "--apply")

        assert ran.code == 0
        assert left(tenant) == (0, 0, 0)
        assert left(other) == (1, 0, 0)

    def test_refuses_one_that_is_suspended(self, tenant, old):
        Tenant.objects.suspend(tenant)

        manage("purge_deleted", "--tenant", tenant.slug, "--apply").assert_refused(
            "tenant_suspended"
        )
        with pytest.raises(TenantSuspended):
            purging.purge(tenant.pk)

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["--days", "-1"], "bad_age"),
            (["--days", "40000"], "bad_age"),
            (["--tenant", "nobody-has-this"], "unknown_tenant"),
        ],
    )
    def test_refuses_bad_input_in_one_line(self, arguments, code, committed):
        manage("purge_deleted", *arguments).assert_refused(code)

    def test_refuses_what_is_no_number(self, committed):
        ran = manage("purge_deleted", "--days", "soon")

        assert (ran.code, ran.out) == (2, "")
        assert "soon" in ran.err
