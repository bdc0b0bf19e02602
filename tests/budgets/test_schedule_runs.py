"""Running schedules: once for each due time, whoever is at it, whenever they come."""

from datetime import UTC, datetime, timedelta

import pytest

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import BadAmount, BadSchedule, UnknownSchedule
from budgets.jobs import audit, scheduling
from budgets.managers.runverbs import BATCH
from budgets.managers.schedulerows import ScheduleRows
from budgets.models import Movement, Schedule, ScheduleRun
from tenants.context import acting_for, run_for
from tenants.errors import ConstraintBroken
from tests.budgets.paydays import (
    APRIL,
    FEBRUARY,
    JANUARY,
    MARCH,
    NOW,
    at_once,
    daily,
    outcomes,
    pay_day,
)
from tests.budgets.reading import statements
from tests.factories import BucketFactory, BudgetFactory


class TestRunDue:
    def test_deposits_for_each_due_time_that_has_come(self, budget):
        BucketFactory(budget=budget, filter=Claim(flat=60))
        schedule = pay_day(budget, memo="From work", metadata={"employer": 7})

        runs = Schedule.objects.run_due(schedule, NOW)

        assert outcomes(schedule) == [
            (JANUARY, "deposited"),
            (FEBRUARY, "deposited"),
            (MARCH, "deposited"),
        ]
        movements = list(budget.movements.order_by("seq"))
        assert movements == [run.movement for run in runs]
        assert [movement.effective_at for movement in movements] == [JANUARY, FEBRUARY, MARCH]
        assert {(each.amount, each.memo, each.source) for each in movements} == {
            (100, "From work", f"schedule {schedule.pk}")
        }
        assert movements[0].metadata == {"employer": 7}
        assert movements[0].key == f"schedule:{schedule.pk}:2026-01-31T08:00:00+00:00"
        assert budget.buckets.money().balance == 120
        assert Schedule.objects.get().next_due_at == APRIL

    def test_running_again_does_nothing(self, budget):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, NOW)

        assert Schedule.objects.run_due(schedule, NOW) == []

        assert budget.movements.count() == 3

    def test_is_due_at_the_moment_and_not_before(self, budget):
        schedule = pay_day(budget)
        just_before = JANUARY - timedelta(microseconds=1)

        assert not Schedule.objects.due(just_before).exists()
        assert Schedule.objects.run_due(schedule, just_before) == []
        assert list(Schedule.objects.due(JANUARY)) == [schedule]
        assert len(Schedule.objects.run_due(schedule, JANUARY)) == 1

    def test_the_longest_overdue_comes_first(self, tenant):
        with acting_for(tenant):
            budget = BudgetFactory()
            for day in (5, 9, 2, 7):
                starts = datetime(2026, 1, day, 9)
                daily(budget, name=f"of day {day}", rrule="FREQ=DAILY;COUNT=1", starts=starts)

        ran = [report.schedule.name for report in scheduling.run_due(tenant.pk, NOW)]

        assert ran == ["of day 2", "of day 5", "of day 7", "of day 9"]
        with acting_for(tenant):
            memos = list(Movement.objects.order_by("seq").values_list("memo", flat=True))
        assert memos == ran

    def test_an_ended_schedule_is_never_due_again(self, budget):
        schedule = pay_day(budget, rrule="FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2")

        Schedule.objects.run_due(schedule, NOW)

        assert (schedule.next_due_at, schedule.state) == (None, "ended")
        assert not Schedule.objects.due(NOW).exists()
        assert Schedule.objects.run_due(schedule, NOW) == []
        with pytest.raises(UnknownSchedule):
            Schedule.objects.get_by_name(budget, schedule.name)

    def test_a_long_list_is_run_in_batches(self, tenant):
        with acting_for(tenant):
            schedule = daily(BudgetFactory(), rrule=f"FREQ=DAILY;COUNT={BATCH + 5}")

        sizes = [
            len(run_for(tenant, lambda: Schedule.objects.run_due(schedule, NOW + timedelta(99))))
            for _ in range(3)
        ]

        assert sizes == [BATCH, 5, 0]
        assert list(audit.breaks_of(tenant)) == []

    def test_two_workers_run_each_due_time_once(self, tenant):
        with acting_for(tenant):
            ids = [pay_day(BudgetFactory()).pk for _ in range(4)]

        def lock() -> None:
            for schedule in Schedule.objects.filter(pk__in=ids):
                schedule.acquire()

        def work() -> list[ScheduleRun]:
            schedules = Schedule.objects.in_bulk(ids)
            return [run for pk in ids for run in Schedule.objects.run_due(schedules[pk], NOW)]

        done = at_once(tenant, lock, work, work, work)

        assert sum(map(len, done)) == 12
        with acting_for(tenant):
            assert ScheduleRun.objects.count() == Movement.objects.count() == 12
            assert not ScheduleRun.objects.misfiled().exists()
        assert list(audit.breaks_of(tenant)) == []

    def test_without_the_lock_the_second_is_refused_and_nothing_runs_twice(
        self, tenant, monkeypatch
    ):
        with acting_for(tenant):
            budget = BudgetFactory()
            schedule = pay_day(budget)
        monkeypatch.setattr(Schedule, "acquire", Schedule.refresh_from_db)

        def work() -> list[ScheduleRun]:
            return Schedule.objects.run_due(Schedule.objects.get(pk=schedule.pk), NOW)

        answers = at_once(tenant, budget.acquire, work, work)

        [refusal] = [answer for answer in answers if isinstance(answer, ConstraintBroken)]
        assert refusal.constraint == "budgets_schedulerun_once"
        with acting_for(tenant):
            assert ScheduleRun.objects.count() == Movement.objects.count() == 3
        assert list(audit.breaks_of(tenant)) == []

    def test_a_worker_that_dies_after_the_deposit_leaves_nothing(self, tenant, monkeypatch):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
        with monkeypatch.context() as patched:
            patched.setattr(ScheduleRows, "write_runs", _die)
            with pytest.raises(KeyboardInterrupt):
                run_for(tenant, lambda: Schedule.objects.run_due(schedule, NOW))

        with acting_for(tenant):
            assert not Movement.objects.exists()
            assert len(Schedule.objects.run_due(Schedule.objects.get(), NOW)) == 3
        assert list(audit.breaks_of(tenant)) == []

    def test_now_has_a_time_zone(self, tenant):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
            for ask in (Schedule.objects.run_due, Schedule.objects.planned):
                with pytest.raises(BadSchedule, match="needs a time zone"):
                    ask(schedule, NOW.replace(tzinfo=None))

    def test_a_deposit_that_is_refused_stays_due(self, tenant):
        with acting_for(tenant):
            budget = BudgetFactory()
            schedule = pay_day(budget)
            Movement.objects.deposit(budget, MAX_MINOR)

        with pytest.raises(BadAmount):
            run_for(tenant, lambda: Schedule.objects.run_due(schedule, NOW))

        with acting_for(tenant):
            assert not ScheduleRun.objects.exists()
            assert Schedule.objects.due(NOW).exists()

    @pytest.mark.parametrize(
        ("zone", "expected"),
        [
            ("Europe/Berlin", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
            ("Europe/Berlin", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
            ("America/New_York", ["03-07 07:30", "03-08 07:00", "03-09 06:30"]),
            ("America/New_York", ["10-31 06:30", "11-01 07:30", "11-02 07:30"]),
        ],
    )
    def test_half_past_two_is_run_once_a_day_when_clocks_change(self, budget, zone, expected):
        starts = datetime.fromisoformat(f"2026-{expected[0][:5]} 02:30")
        schedule = daily(budget, rrule="FREQ=DAILY;COUNT=3", starts=starts, time_zone=zone)

        Schedule.objects.run_due(schedule, datetime(2027, 1, 1, tzinfo=UTC))

        assert [f"{due:%m-%d %H:%M}" for due, _ in outcomes(schedule)] == expected

    def test_a_due_time_that_a_newer_time_zone_database_moved_forward_is_not_lost(self, budget):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, JANUARY)
        Schedule.objects.update(next_due_at=FEBRUARY + timedelta(hours=1))

        Schedule.objects.run_due(schedule, FEBRUARY + timedelta(hours=2))

        assert [due for due, _ in outcomes(schedule)] == [JANUARY, FEBRUARY]


class TestPlanned:
    @pytest.mark.parametrize("many", [1, 12])
    def test_takes_two_statements_however_many_are_due(self, tenant, many):
        with acting_for(tenant):
            budget = BudgetFactory()
            for number in range(many):
                schedule = pay_day(budget, name=f"Pay {number}")
                Schedule.objects.run_due(schedule, JANUARY)
                Schedule.objects.skip(schedule, MARCH)

            with statements(2):
                planned = list(Schedule.objects.all_planned(list(Schedule.objects.due(NOW)), NOW))

        assert [times for _, times in planned] == [[(FEBRUARY, "deposited")]] * many
        assert [times for _, times in scheduling.plan_runs(tenant.pk, NOW)] == [
            [(FEBRUARY, "deposited")]
        ] * many


class TestCatchUp:
    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ("all", ["deposited", "deposited", "deposited"]),
            ("last", ["missed", "missed", "deposited"]),
            ("none", ["missed", "missed", "deposited"]),  # the newest is 17 hours late
        ],
    )
    def test_what_nobody_ran_in_time_is_run_or_missed(self, budget, policy, expected):
        schedule = pay_day(budget, catch_up=policy)

        planned = Schedule.objects.planned(schedule, NOW)
        Schedule.objects.run_due(schedule, NOW)

        assert [outcome for _, outcome in outcomes(schedule)] == expected
        assert outcomes(schedule) == planned
        assert schedule.next_due_at == APRIL

    def test_without_catching_up_nothing_more_than_a_day_late_is_run(self, budget):
        schedule = pay_day(budget, catch_up="none")

        Schedule.objects.run_due(schedule, MARCH + timedelta(days=1, microseconds=1))

        assert {outcome for _, outcome in outcomes(schedule)} == {"missed"}
        assert not budget.movements.exists()

    def test_the_last_of_a_long_list_is_run_and_no_other(self, tenant):
        with acting_for(tenant):
            schedule = daily(BudgetFactory(), catch_up="last")
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=BATCH * 2 + 9, hours=1)

        while run_for(tenant, lambda: Schedule.objects.run_due(schedule, now)):
            pass

        with acting_for(tenant):
            ran = schedule.runs.get(outcome="deposited")
            assert ran.due_at == now - timedelta(hours=1)
            assert schedule.runs.count() == BATCH * 2 + 10


def _die(*args: object) -> None:
    raise KeyboardInterrupt
