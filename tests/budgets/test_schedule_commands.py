"""`manage.py schedule` and `manage.py run_schedules`."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command

from budgets.cascade import MAX_MINOR
from budgets.errors import BadAmount, BadRule, BadSchedule, UnknownSchedule
from budgets.jobs import scheduling
from budgets.management.commands.run_schedules import _time
from budgets.managers.runverbs import BATCH
from budgets.models import Budget, Movement, Schedule, ScheduleRun, ScheduleVersion
from tenants.context import acting_for, run_for
from tenants.errors import Unavailable, UnknownTenant
from tests.budgets.paydays import daily, pay_day
from tests.command_line import manage
from tests.factories import BudgetFactory

NOW = "2026-04-01T00:00"
NOTHING = "dry run: nothing was written"


@pytest.fixture
def schedule(tenant) -> Schedule:
    with acting_for(tenant):
        return pay_day(BudgetFactory(name="Household"))


def run(*arguments: str) -> Any:
    """What a command answers with --json."""
    return json.loads(said(*arguments, "--json"))


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class TestRunSchedules:
    def test_says_what_it_deposited(self, tenant, schedule):
        answer = run("run_schedules", "--tenant", tenant.slug, "--now", NOW)

        assert [row["due_at"] for row in answer["runs"]] == [
            "2026-01-31T08:00:00+00:00",
            "2026-02-28T08:00:00+00:00",
            "2026-03-31T07:00:00+00:00",
        ]
        with acting_for(tenant):
            movements = Movement.objects.order_by("seq")
            assert [row["movement"] for row in answer["runs"]] == [str(m.pk) for m in movements]
        first = answer["runs"][0]
        assert (first["tenant"], first["budget"], first["schedule"]) == (
            tenant.slug,
            "Household",
            "Salary",
        )
        assert (first["amount"], first["outcome"]) == ("€1.00", "deposited")

    def test_a_second_time_there_is_nothing_to_do(self, tenant, schedule):
        command = ("run_schedules", "--tenant", tenant.slug, "--now", NOW)

        assert said(*command).endswith("3 deposits made\n")
        assert said(*command) == "0 deposits made\n"

    def test_a_dry_run_says_the_same_and_writes_nothing(self, tenant, schedule):
        command = ("run_schedules", "--tenant", tenant.slug, "--now", NOW)
        planned = run(*command, "--dry-run")["runs"]
        with acting_for(tenant):
            assert not ScheduleRun.objects.exists()

        done = run(*command)["runs"]

        assert [row.pop("movement") for row in done]
        assert planned == done

    def test_what_an_archived_budget_has_rests_and_only_a_dry_run_says_so(self, tenant, schedule):
        with acting_for(tenant):
            Budget.objects.update(archived_at=schedule.created_at)
        command = ("run_schedules", "--now", NOW)

        [row] = run(*command, "--tenant", tenant.slug, "--dry-run")["runs"]

        assert (row["outcome"], row["why"]) == (
            "resting",
            "the schedule rests because its budget is archived",
        )
        assert row["due_at"] == "2026-01-31T08:00:00+00:00"
        told = f"{tenant.slug}: Salary: the schedule rests because its budget is archived"
        assert told in said(*command, "--dry-run")
        shown = said(*command, "--tenant", tenant.slug, "--dry-run")
        assert f"{told}\n0 deposits would be made" in shown
        assert run(*command, "--tenant", tenant.slug)["runs"] == []
        assert tenant.pk not in scheduling.tenants_with_due(_time(NOW))

    def test_without_a_tenant_all_that_have_something_due_are_run(self, tenant, other, schedule):
        with acting_for(other):
            daily(BudgetFactory(), rrule="FREQ=DAILY;COUNT=2")

        rows = run("run_schedules", "--dry-run", "--now", NOW)["runs"]

        assert [row["tenant"] for row in rows].count(tenant.slug) == 3
        assert [row["tenant"] for row in rows].count(other.slug) == 2

    def test_runs_a_long_list_to_its_end(self, tenant):
        with acting_for(tenant):
            daily(BudgetFactory(), rrule=f"FREQ=DAILY;COUNT={BATCH + 1}", catch_up="last")

        rows = run("run_schedules", "--tenant", tenant.slug, "--now", NOW)["runs"]

        assert [row["outcome"] for row in rows] == ["missed"] * BATCH + ["deposited"]

    def test_exits_with_one_and_names_what_could_not_be_run(self, tenant, schedule):
        with acting_for(tenant):
            full = BudgetFactory(name="Full")
            Movement.objects.deposit(full, MAX_MINOR)
            pay_day(full, name="Stuck")

        out = io.StringIO()
        with pytest.raises(SystemExit) as exit:
            call_command("run_schedules", "--tenant", tenant.slug, "--now", NOW, stdout=out)

        assert exit.value.code == 1
        assert "Stuck: the budget cannot count that much money [bad_amount]" in out.getvalue()
        assert out.getvalue().endswith("3 deposits made\n")

    def test_names_a_last_run_whose_commit_was_lost(self, tenant, monkeypatch):
        with acting_for(tenant):
            pay_day(BudgetFactory(), rrule="FREQ=MONTHLY;COUNT=1")

        def lost(tenant_id: Any, work: Any) -> Any:
            done = run_for(tenant_id, work)
            if any(isinstance(each, ScheduleRun) for each in done):
                raise Unavailable("the connection was lost at COMMIT")
            return done

        monkeypatch.setattr(scheduling, "run_for", lost)
        out = io.StringIO()

        with pytest.raises(SystemExit):
            call_command("run_schedules", "--tenant", tenant.slug, "--now", NOW, stdout=out)

        assert "lost at COMMIT [unavailable]" in out.getvalue()

    def test_enqueues_a_task_for_the_tenant(self, tenant, schedule):
        answer = run("run_schedules", "--tenant", tenant.slug, "--enqueue")

        assert len(answer["enqueued"]) == 1
        with acting_for(tenant):
            assert Movement.objects.count() >= 10  # the immediate backend has run it, as of today

    def test_refuses_what_is_no_tenant_and_no_time(self, tenant):
        with pytest.raises(UnknownTenant):
            said("run_schedules", "--tenant", "nobody-has-this")
        with pytest.raises(BadSchedule, match="is not a time"):
            said("run_schedules", "--tenant", tenant.slug, "--now", "tomorrow")

    @pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
    @pytest.mark.parametrize(
        "now", ["9999-12-31", "2200-01-01", "1970-01-01", "0001-01-01T00:00+14:00"]
    )
    def test_as_if_it_were_any_time_is_refused(self, tenant, now, dry_run):
        """A daily schedule would deposit three million times."""
        ran = manage("run_schedules", "--tenant", tenant.slug, "--now", now, *dry_run)

        ran.assert_refused("bad_schedule", now)


class TestSchedule:
    @pytest.fixture
    def on(self, tenant, schedule) -> list[str]:
        return ["--tenant", tenant.slug, "--budget", "Household"]

    def test_creates_one(self, tenant, on):
        made = run(
            "schedule", "create", "Allowance", "1,250.50", *on, "--rule", "FREQ=WEEKLY;BYDAY=FR",
            "--starts", "2026-12-01T18:00", "--zone", "America/New_York", "--catch-up", "last",
        )  # fmt: skip

        assert made["next_due_at"] == "2026-12-04T18:00-05:00"
        assert (made["amount_minor"], made["catch_up"], made["state"]) == (125050, "last", "active")
        with acting_for(tenant):
            assert Schedule.objects.get(name="Allowance").rrule == "FREQ=WEEKLY;BYDAY=FR"

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"amount": "ten"}, BadAmount),
            ({"--rule": "FREQ=HOURLY"}, BadSchedule),
            ({"--starts": "soon"}, BadSchedule),
            ({"--zone": "Mars"}, BadSchedule),
        ],
    )
    def test_refuses_to_create_nonsense(self, tenant, on, change, error):
        wanted = {
            "amount": "10",
            "--rule": "FREQ=DAILY",
            "--starts": "2026-12-01",
            "--zone": "UTC",
        } | change
        amount = wanted.pop("amount")

        with pytest.raises(error):
            said(
                "schedule",
                "create",
                "X",
                amount,
                *on,
                *(x for pair in wanted.items() for x in pair),
            )

        with acting_for(tenant):
            assert Schedule.objects.count() == 1

    def test_lists_them(self, on):
        [row] = run("schedule", "list", *on)

        assert (row["name"], row["next_due_at"]) == ("Salary", "2026-01-31T09:00+01:00")
        assert "Salary" in said("schedule", "list", *on)

    def test_pauses_and_resumes(self, on):
        assert run("schedule", "pause", "Salary", *on)["state"] == "paused"
        assert run("schedule", "resume", "salary", *on)["state"] == "active"

    @pytest.mark.parametrize("time", ["2026-02-28T09:00", "2026-02-28T08:00Z"])
    def test_skips_one_due_time_by_its_local_time_or_moment(self, tenant, on, time):
        run("schedule", "skip", "Salary", time, *on)

        with acting_for(tenant):
            assert str(ScheduleRun.objects.get()) == "skipped 2026-02-28 08:00 UTC"

    def test_skips_the_next_one_where_no_time_is_said(self, on):
        row = run("schedule", "skip", "Salary", *on)

        assert row["next_due_at"] == "2026-02-28T09:00+01:00"

    def test_refuses_what_there_is_not(self, on):
        with pytest.raises(UnknownSchedule):
            said("schedule", "pause", "Wages", *on)
        with pytest.raises(BadSchedule, match="does not fall due"):
            said("schedule", "skip", "Salary", "2026-02-27T09:00", *on)


class TestChanges:
    """What is changed from the command line; all is on the last day of the month at nine."""

    @pytest.fixture
    def on(self, tenant, schedule, monkeypatch) -> list[str]:
        now = datetime(2026, 3, 15, 12, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        return ["--tenant", tenant.slug, "--budget", "Household"]

    def test_creating_one_shows_the_next_five_due_times(self, on):
        words = (
            "schedule", "create", "Rent back", "5", *on, "--rule", "FREQ=MONTHLY;BYMONTHDAY=-1",
            "--starts", "2026-12-01T09:00", "--zone", "Europe/Berlin",
        )  # fmt: skip
        due = [
            "2026-12-31T09:00+01:00", "2027-01-31T09:00+01:00", "2027-02-28T09:00+01:00",
            "2027-03-31T09:00+02:00", "2027-04-30T09:00+02:00",
        ]  # fmt: skip

        told = said(*words, "--dry-run")
        made = run(*words)

        assert told.splitlines()[-2:] == [f"next due times: {', '.join(due)}", NOTHING]
        assert (made["upcoming"], made["skips"], made["dry_run"]) == (due, [], False)

    def test_creating_one_says_which_months_its_rule_skips(self, on):
        words = (
            "schedule", "create", "Rent back", "5", *on, "--rule", "FREQ=MONTHLY;BYMONTHDAY=31",
            "--starts", "2026-12-01T09:00",
        )  # fmt: skip

        made = run(*words, "--dry-run")
        told = said(*words)

        text = "skips February, April, June, September, November (no day 31)"
        assert made["skips"] == [{"day": "31", "months": [2, 4, 6, 9, 11], "text": text}]
        assert told.splitlines()[-1] == f"the rule {text}"

    def test_a_pay_rise_is_an_edit(self, tenant, on):
        words = ("schedule", "edit", "salary", *on, "--amount", "1.20", "--memo", "rise")

        told = run(*words)

        assert (told["amount_minor"], told["repeated"]) == (120, False)
        with acting_for(tenant):
            assert ScheduleVersion.objects.get().memo == "rise"
        rows = run("run_schedules", "--tenant", tenant.slug, "--now", NOW, "--dry-run")["runs"]
        assert [row["amount_minor"] for row in rows] == [100, 100, 120]
        rows = run("run_schedules", "--tenant", tenant.slug, "--now", NOW)["runs"]
        assert [row["amount_minor"] for row in rows] == [100, 100, 120]
        assert [row["amount"] for row in rows] == ["€1.00", "€1.00", "€1.20"]

    def test_rule_start_zone_and_catching_up_are_edited_together(self, on):
        told = run(
            "schedule", "edit", "Salary", *on, "--rule", "FREQ=WEEKLY", "--starts",
            "2026-05-01T18:00", "--zone", "America/New_York", "--catch-up", "last",
        )  # fmt: skip

        assert (told["rrule"], told["starts"]) == ("FREQ=WEEKLY", "2026-05-01T18:00:00")
        assert (told["time_zone"], told["catch_up"]) == ("America/New_York", "last")
        assert told["upcoming"][2] == "2026-05-01T18:00-04:00"  # after what had fallen due

    @pytest.mark.parametrize(
        "words",
        [
            ("edit", "Salary", "--amount", "1.20"),
            ("rename", "Salary", "Wages"),
            ("pause", "Salary"),
            ("end", "Salary"),
        ],
    )
    def test_a_change_is_tried_then_made_and_under_its_key_made_once(self, tenant, on, words):
        command = ("schedule", *words, *on, "--key", "k")
        with acting_for(tenant):
            before = Schedule.objects.values().get()

        tried = run(*command, "--dry-run")
        with acting_for(tenant):
            assert Schedule.objects.values().get() == before
            assert not ScheduleVersion.objects.exists()
        made = run(*command)
        again = run(*command)

        assert {**tried, "dry_run": False} == made
        assert {**made, "repeated": True, "not_run": []} == {**again, "not_run": []}
        assert said(*command).endswith("\nalready done with this key: nothing changed\n")
        with acting_for(tenant):
            assert ScheduleVersion.objects.count() == 1
            assert Schedule.objects.values().get() != before

    def test_an_end_says_what_had_fallen_due_and_is_not_run(self, tenant, on):
        told = said("schedule", "end", "Salary", *on)

        late = "2026-01-31T09:00+01:00, 2026-02-28T09:00+01:00"
        assert told.splitlines()[-1] == f"due before the end and not run: {late}"
        [row] = run("schedule", "list", *on)
        assert (row["state"], row["next_due_at"]) == ("ended", None)
        with pytest.raises(UnknownSchedule):
            said("schedule", "resume", "Salary", *on)

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            (["edit", "Salary"], BadSchedule),
            (["edit", "Salary", "--amount", "ten"], BadAmount),
            (["edit", "Salary", "--rule", "FREQ=HOURLY"], BadSchedule),
            (["edit", "Wages", "--amount", "5"], UnknownSchedule),
            (["rename", "Salary", " "], BadRule),
        ],
    )
    def test_nonsense_is_refused(self, tenant, on, words, error):
        ran = manage("schedule", *words, *on)

        ran.assert_refused(error.code)
        with acting_for(tenant):
            assert not ScheduleVersion.objects.exists()
