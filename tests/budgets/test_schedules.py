"""Schedules: made, found, paused and skipped; and what their rows cannot be."""

from datetime import UTC, datetime, timedelta

import pytest

from budgets.errors import (
    BadAmount,
    BadRule,
    BadSchedule,
    BudgetArchived,
    KeyReused,
    StalePlan,
    UnknownSchedule,
)
from budgets.models import Budget, Movement, Schedule, ScheduleRun
from tenants.context import acting_for
from tenants.errors import ConstraintBroken, TenantViolation
from tests.budgets.paydays import (
    APRIL,
    FEBRUARY,
    JANUARY,
    MARCH,
    NOW,
    at_once,
    outcomes,
    pay_day,
)
from tests.factories import BucketFactory, BudgetFactory, UserFactory
from tests.times import UNWRITABLE


class TestCreateSchedule:
    def test_falls_due_first_when_its_rule_says_so(self, budget):
        schedule = pay_day(budget, rrule="rrule:bymonthday=-1;freq=monthly")

        kept = Schedule.objects.get()
        assert (kept.next_due_at, kept.state) == (JANUARY, "active")
        assert kept.rrule == "FREQ=MONTHLY;BYMONTHDAY=-1"
        assert kept.recurrence == schedule.recurrence
        assert not kept.runs.exists()

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"rrule": "FREQ=HOURLY"}, BadSchedule),
            ({"rrule": "FREQ=DAILY;UNTIL=20251231"}, BadSchedule),
            ({"time_zone": "Mars/Phobos"}, BadSchedule),
            ({"starts": NOW}, BadSchedule),
            ({"catch_up": "some"}, BadSchedule),
            ({"amount": 0}, BadAmount),
            ({"amount": 1.5}, BadAmount),
            ({"name": " "}, BadRule),
            ({"name": "x" * 256}, BadRule),
            ({"expect": 99}, StalePlan),
        ],
    )
    def test_refuses_what_is_no_schedule(self, budget, change, error):
        with pytest.raises(error):
            pay_day(budget, **change)

        assert not Schedule.objects.exists()

    def test_a_name_is_taken_until_its_schedule_has_ended(self, budget):
        pay_day(budget, rrule="FREQ=DAILY;COUNT=1")
        with pytest.raises(BadSchedule, match="already"):
            pay_day(budget, name="SALARY")

        Schedule.objects.run_due(Schedule.objects.get(), NOW)

        assert pay_day(budget).state == "active"
        assert pay_day(BudgetFactory()).state == "active"

    def test_repeating_a_key_returns_the_first(self, budget):
        first = pay_day(budget, key="once")

        assert pay_day(budget, key="once") == first
        with pytest.raises(KeyReused):
            pay_day(budget, key="once", amount=101)

    def test_a_key_that_moved_money_or_made_a_bucket_is_refused(self, budget):
        Movement.objects.deposit(budget, 1, key="moved")
        BucketFactory(budget=budget, key="made")

        for key in ("moved", "made"):
            with pytest.raises(KeyReused):
                pay_day(budget, key=key)

    def test_two_at_once_with_one_key_make_one(self, tenant):
        with acting_for(tenant):
            budget = BudgetFactory()

        made = at_once(
            tenant,
            budget.acquire,
            *[lambda: pay_day(Budget.objects.get(pk=budget.pk), key="once")] * 2,
        )

        assert made[0] == made[1]
        with acting_for(tenant):
            assert Schedule.objects.count() == 1

    def test_is_found_by_its_name_while_it_is_to_come(self, budget):
        schedule = pay_day(budget)

        assert Schedule.objects.get_by_name(budget, "salary") == schedule
        for wrong in ("Wages", ""):
            with pytest.raises(UnknownSchedule):
                Schedule.objects.get_by_name(budget, wrong)


class TestResting:
    """The budget of a schedule is archived."""

    @pytest.fixture
    def schedule(self, budget):
        schedule = pay_day(budget)
        Budget.objects.filter(pk=budget.pk).update(archived_at=NOW)
        return schedule

    def test_nothing_is_run_and_nothing_is_due(self, budget, schedule):
        assert schedule.budget.archived_at is None  # as it was read

        assert Schedule.objects.run_due(schedule, NOW) == []

        assert schedule.state == "resting"
        assert not Schedule.objects.due(NOW).exists()
        assert Schedule.objects.tenants_with_due(NOW) == []
        assert not schedule.runs.exists()

    def test_is_planned_as_such(self, budget, schedule):
        again = Schedule.objects.get()

        assert Schedule.objects.planned(again, NOW) == [(JANUARY, "resting")]
        assert Schedule.objects.tenants_with_due(NOW, resting=True) == [budget.tenant_id]

    def test_it_is_caught_up_when_the_budget_comes_back(self, budget, schedule):
        Budget.objects.filter(pk=budget.pk).update(archived_at=None)

        assert len(Schedule.objects.run_due(schedule, NOW)) == 3

    def test_no_schedule_is_made_for_an_archived_budget(self, budget, schedule):
        with pytest.raises(BudgetArchived):
            pay_day(budget, name="Other")


class TestPause:
    @pytest.mark.parametrize(("policy", "deposits"), [("all", 3), ("last", 1), ("none", 0)])
    def test_what_falls_due_meanwhile_is_caught_up_by_policy(self, budget, policy, deposits):
        schedule = pay_day(budget, catch_up=policy)
        later = NOW + timedelta(days=7)

        Schedule.objects.pause(schedule)
        assert not Schedule.objects.due(later).exists()
        assert Schedule.objects.run_due(schedule, later) == []
        assert Schedule.objects.planned(schedule, later) == []
        Schedule.objects.resume(schedule)
        Schedule.objects.run_due(schedule, later)

        assert len(outcomes(schedule)) == 3
        assert budget.movements.count() == deposits

    def test_pausing_and_resuming_twice_changes_nothing(self, budget):
        schedule = pay_day(budget)

        since = Schedule.objects.pause(schedule).paused_at
        assert Schedule.objects.pause(Schedule.objects.get()).paused_at == since
        assert schedule.state == "paused"
        for _ in range(2):
            assert Schedule.objects.resume(Schedule.objects.get()).state == "active"


class TestSkip:
    def test_the_next_one_is_left_out(self, budget):
        schedule = pay_day(budget)

        run = Schedule.objects.skip(schedule, JANUARY)
        assert schedule.next_due_at == FEBRUARY
        Schedule.objects.run_due(schedule, NOW)

        assert run.outcome == "skipped"
        assert outcomes(schedule) == [
            (JANUARY, "skipped"), (FEBRUARY, "deposited"), (MARCH, "deposited"),
        ]  # fmt: skip

    def test_so_is_a_later_one_and_says_who(self, tenant):
        user = UserFactory()
        with acting_for(tenant, actor=user):
            schedule = pay_day(BudgetFactory())
            Schedule.objects.skip(schedule, FEBRUARY)
            Schedule.objects.skip(schedule, APRIL)
            assert schedule.next_due_at == JANUARY

            Schedule.objects.run_due(schedule, NOW)

            assert [outcome for _, outcome in outcomes(schedule)] == [
                "deposited", "skipped", "deposited", "skipped",
            ]  # fmt: skip
            assert schedule.next_due_at == datetime(2026, 5, 31, 7, tzinfo=UTC)
            assert schedule.runs.get(due_at=APRIL).actor == user

    def test_skipping_it_again_changes_nothing(self, budget):
        schedule = pay_day(budget)

        assert Schedule.objects.skip(schedule, MARCH) == Schedule.objects.skip(schedule, MARCH)

        assert schedule.runs.count() == 1

    @pytest.mark.parametrize("policy", ["all", "last"])
    def test_what_was_run_or_missed_cannot_be_skipped(self, budget, policy):
        schedule = pay_day(budget, catch_up=policy)
        Schedule.objects.run_due(schedule, NOW)

        with pytest.raises(BadSchedule, match="too late"):
            Schedule.objects.skip(schedule, JANUARY)

    def test_a_time_it_does_not_fall_due_at_is_refused(self, budget):
        schedule = pay_day(budget, rrule="FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3")

        for wrong in (JANUARY + timedelta(seconds=1), NOW, APRIL):
            with pytest.raises(BadSchedule, match="does not fall due"):
                Schedule.objects.skip(schedule, wrong)

        assert not schedule.runs.exists()

    @pytest.mark.parametrize("wrong", [*UNWRITABLE, datetime(2026, 1, 31, 8), "2026-01-31T08:00Z"])
    def test_a_time_that_cannot_be_written_is_refused(self, budget, wrong):
        schedule = pay_day(budget)

        with pytest.raises(BadSchedule, match="a due time "):
            Schedule.objects.skip(schedule, wrong)

    def test_it_ends_with_the_times_that_can_be_written(self, budget):
        schedule = pay_day(budget, starts=datetime(2199, 11, 1, 9), catch_up="none")
        last = datetime(2199, 12, 31, 8, tzinfo=UTC)

        runs = Schedule.objects.run_due(schedule, last)

        assert [run.due_at for run in runs][-1:] == [last]
        assert schedule.state == "ended"

    def test_skipping_all_there_is_ends_it(self, budget):
        schedule = pay_day(budget, rrule="FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2")

        for due in (FEBRUARY, JANUARY):
            Schedule.objects.skip(schedule, due)

        assert schedule.state == "ended"
        with pytest.raises(BadSchedule, match="does not fall due"):
            Schedule.objects.skip(schedule, MARCH)

    def test_a_skip_and_a_run_at_once_agree(self, tenant):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory(), rrule="FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=1")

        ran, skipped = at_once(
            tenant,
            schedule.acquire,
            lambda: Schedule.objects.run_due(Schedule.objects.get(), NOW),
            lambda: Schedule.objects.skip(Schedule.objects.get(), JANUARY),
        )

        with acting_for(tenant):
            run = schedule.runs.get()
            assert Movement.objects.count() == (run.outcome == "deposited")
        if run.outcome == "deposited":
            assert ran == [run]
            assert isinstance(skipped, BadSchedule)
        else:
            assert (ran, skipped) == ([], run)


class TestRows:
    def test_a_due_time_has_one_run_whatever_the_code_does(self, tenant):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
            Schedule.objects.skip(schedule, JANUARY)

        with pytest.raises(ConstraintBroken) as refused, acting_for(tenant):
            schedule.runs.create(schedule=schedule, due_at=JANUARY, outcome="missed")

        assert refused.value.constraint == "budgets_schedulerun_once"

    @pytest.mark.parametrize("outcome", ["deposited", "skipped", "lost"])
    def test_a_run_has_a_movement_if_it_deposited_and_none_otherwise(self, tenant, outcome):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
            movement = Movement.objects.deposit(schedule.budget, 1)

        with pytest.raises(ConstraintBroken) as refused, acting_for(tenant):
            ScheduleRun.objects.create(
                schedule=schedule,
                due_at=JANUARY,
                outcome=outcome,
                movement=None if outcome == "deposited" else movement,
            )

        assert refused.value.constraint == "budgets_schedulerun_outcome"

    @pytest.mark.parametrize("change", [{"key": "x"}, {"memo": "x"}, {"metadata": {}}])
    def test_what_was_asked_for_is_fixed(self, tenant, change):
        with acting_for(tenant):
            pay_day(BudgetFactory())

        with pytest.raises(TenantViolation), acting_for(tenant):
            Schedule.objects.update(**change)

    def test_runs_are_written_once(self, tenant):
        with acting_for(tenant):
            Schedule.objects.run_due(pay_day(BudgetFactory()), NOW)

        for change in (
            lambda runs: runs.update(outcome="missed", movement=None),
            lambda runs: runs.filter(outcome="deposited").delete(),
        ):
            with pytest.raises(TenantViolation), acting_for(tenant):
                change(ScheduleRun.objects.all())

    @pytest.mark.parametrize(
        ("column", "value", "constraint"),
        [
            ("amount", 0, "budgets_schedule_amount"),
            ("rrule", "FREQ=HOURLY", "budgets_schedule_rrule"),
            ("catch_up", "some", "budgets_schedule_catch_up"),
        ],
    )
    def test_what_is_no_schedule_is_no_row(self, tenant, column, value, constraint):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
        fields = {f.attname: getattr(schedule, f.attname) for f in Schedule._meta.fields}
        del fields["id"]

        with pytest.raises(ConstraintBroken) as refused, acting_for(tenant):
            Schedule.objects.create(**fields | {"name": "Another", column: value})

        assert refused.value.constraint == constraint

    def test_another_tenant_sees_and_runs_none_of_it(self, tenant, other):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())

        with acting_for(other):
            assert not Schedule.objects.due(NOW).exists()
            with pytest.raises(Schedule.DoesNotExist):
                Schedule.objects.run_due(schedule, NOW)
