"""Schedules that are edited, renamed, paused and ended, at any time between their runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.errors import (
    BadAmount,
    BadQuestion,
    BadRule,
    BadSchedule,
    KeyReused,
    ScheduleEnded,
    StalePlan,
    UnknownSchedule,
)
from budgets.jobs import audit
from budgets.models import Movement, Schedule, ScheduleVersion
from budgets.recurrence import Recurrence, due_times
from tenants.context import acting_for
from tenants.models import Change
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
from tests.factories import BudgetFactory, TenantFactory, UserFactory

MIDDLE_OF_MARCH = datetime(2026, 3, 15, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 31, 7, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch) -> Callable[[datetime], None]:
    """Set the clock."""

    def set_to(now: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    set_to(MIDDLE_OF_MARCH)
    return set_to


def amounts(schedule) -> list[tuple[datetime, int]]:
    """What each deposit of a schedule brought, in order."""
    made = schedule.runs.filter(outcome="deposited").order_by("due_at")
    return list(made.values_list("due_at", "movement__amount"))


class TestEdit:
    def test_a_pay_rise_is_paid_from_the_next_time_on(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, MIDDLE_OF_MARCH)

        Schedule.objects.edit(schedule, amount=120)
        Schedule.objects.run_due(schedule, APRIL)

        assert amounts(schedule) == [(JANUARY, 100), (FEBRUARY, 100), (MARCH, 120), (APRIL, 120)]
        assert (Schedule.objects.get().amount, schedule.next_due_at) == (120, MAY)

    def test_what_had_fallen_due_keeps_its_amount_whoever_runs_it_when(self, tenant, clock):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
            Schedule.objects.edit(schedule, amount=120)

            planned = Schedule.objects.planned(Schedule.objects.get(), APRIL)
            Schedule.objects.run_due(Schedule.objects.get(), APRIL)

            told = amounts(schedule)
            assert told == [(JANUARY, 100), (FEBRUARY, 100), (MARCH, 120), (APRIL, 120)]
            assert planned == outcomes(schedule)
        assert list(audit.breaks_of(tenant)) == []

    def test_a_new_rule_begins_after_the_edit_and_loses_nothing_of_before(self, budget, clock):
        schedule = pay_day(budget)

        Schedule.objects.edit(schedule, rrule="freq=monthly;bymonthday=20", amount=50)
        Schedule.objects.run_due(schedule, APRIL)

        march, april = (datetime(2026, m, 20, h, tzinfo=UTC) for m, h in ((3, 8), (4, 7)))
        assert amounts(schedule) == [(JANUARY, 100), (FEBRUARY, 100), (march, 50), (april, 50)]
        assert schedule.rrule == "FREQ=MONTHLY;BYMONTHDAY=20"

    def test_the_amount_of_another_run_is_found_out(self, tenant, clock):
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())
            Schedule.objects.run_due(schedule, MIDDLE_OF_MARCH)
            Schedule.objects.edit(schedule, amount=120)
            Schedule.objects.run_due(schedule, APRIL)
            assert not schedule.runs.misfiled().exists()

            Schedule.objects.update(amount=130)  # with no version

            assert [run.due_at for run in schedule.runs.misfiled().order_by("due_at")] == [
                MARCH, APRIL,
            ]  # fmt: skip

    def test_nothing_that_was_run_ahead_of_the_clock_is_run_again(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, APRIL)

        Schedule.objects.edit(schedule, rrule="FREQ=DAILY", amount=1)

        assert schedule.next_due_at == APRIL + timedelta(days=1)
        assert len(outcomes(schedule)) == 4

    def test_what_was_skipped_beforehand_stays_skipped(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, MIDDLE_OF_MARCH)
        Schedule.objects.skip(schedule, MARCH)

        Schedule.objects.edit(schedule, rrule="FREQ=DAILY")
        assert schedule.next_due_at == datetime(2026, 3, 16, 8, tzinfo=UTC)
        Schedule.objects.run_due(schedule, NOW)

        days = [due.day for due, _ in amounts(schedule)[2:]]
        assert days == list(range(16, 31))

    def test_start_zone_and_catching_up_change_too(self, budget, clock):
        schedule = pay_day(budget)

        Schedule.objects.edit(
            schedule, starts=datetime(2026, 4, 1, 18), time_zone="America/New_York", catch_up="last"
        )
        Schedule.objects.run_due(schedule, MAY)

        april = datetime(2026, 4, 30, 22, tzinfo=UTC)
        assert amounts(schedule) == [(april, 100)]
        assert outcomes(schedule)[:2] == [(JANUARY, "missed"), (FEBRUARY, "missed")]
        assert (schedule.time_zone, schedule.starts) == (
            "America/New_York",
            datetime(2026, 4, 1, 18),
        )

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({}, BadSchedule),
            ({"amount": 0}, BadAmount),
            ({"amount": True}, BadAmount),
            ({"rrule": "FREQ=HOURLY"}, BadSchedule),
            ({"rrule": "FREQ=DAILY;COUNT=3"}, BadSchedule),  # all before the edit
            ({"rrule": "FREQ=DAILY;UNTIL=20260301"}, BadSchedule),
            ({"starts": NOW}, BadSchedule),
            ({"time_zone": "Mars/Phobos"}, BadSchedule),
            ({"catch_up": "some"}, BadSchedule),
            ({"amount": 5, "expect": 99}, StalePlan),
        ],
    )
    def test_what_is_no_schedule_is_refused_and_nothing_is_written(
        self, budget, clock, change, error
    ):
        schedule = pay_day(budget)
        before = Schedule.objects.values().get()

        with pytest.raises(error):
            Schedule.objects.edit(schedule, **change)

        assert Schedule.objects.values().get() == before
        assert not ScheduleVersion.objects.exists()

    def test_saying_what_it_says_already_writes_nothing(self, budget, clock):
        schedule = pay_day(budget)

        Schedule.objects.edit(schedule, amount=100, rrule="bymonthday=-1;freq=monthly")

        assert not ScheduleVersion.objects.exists()

    def test_edits_in_one_instant_follow_each_other(self, budget, clock):
        schedule = pay_day(budget)
        for amount in (110, 120, 130):
            Schedule.objects.edit(schedule, amount=amount)

        Schedule.objects.run_due(schedule, MARCH)

        assert amounts(schedule) == [(JANUARY, 100), (FEBRUARY, 100), (MARCH, 130)]
        told = list(schedule.versions.in_turn().values_list("amount", flat=True))
        assert told == [100, 110, 120]

    def test_an_edit_and_a_run_at_once_agree(self, tenant):
        with acting_for(tenant):
            schedule = daily(BudgetFactory(), rrule="FREQ=DAILY;INTERVAL=2")
        soon = datetime(2026, 1, 9, tzinfo=UTC)

        at_once(
            tenant,
            schedule.acquire,
            lambda: Schedule.objects.run_due(Schedule.objects.get(), soon),
            lambda: Schedule.objects.edit(Schedule.objects.get(), amount=7, rrule="FREQ=DAILY"),
        )

        with acting_for(tenant):
            assert [due.day for due, _ in amounts(schedule)] == [1, 3, 5, 7, 9]
        assert list(audit.breaks_of(tenant)) == []


@dataclass
class Oracle:
    """What has to come of a schedule: its due times by the terms in force when they fell due."""

    rule: str = "FREQ=DAILY;INTERVAL=6"
    amount: int = 100
    since: datetime | None = None
    made: list[tuple[datetime, int]] = field(default_factory=list)
    skipped: set[datetime] = field(default_factory=set)

    def until(self, moment: datetime) -> list[tuple[datetime, int]]:
        """The due times of the terms in force, up to a moment."""
        when = Recurrence(self.rule, datetime(2026, 1, 1), "UTC")
        first = self.since or datetime(2025, 1, 1, tzinfo=UTC)
        return [(due, self.amount) for due in due_times(when, until=moment) if due > first]

    def change(self, moment: datetime, rule: str, amount: int) -> None:
        self.made += self.until(moment)
        self.since, self.rule, self.amount = moment, rule, amount

    def deposits(self, moment: datetime) -> list[tuple[datetime, int]]:
        every = [*self.made, *self.until(moment)]
        return [each for each in every if each[0] not in self.skipped]


RULES = [
    "FREQ=DAILY;INTERVAL=6", "FREQ=DAILY;INTERVAL=9", "FREQ=WEEKLY;BYDAY=FR",
    "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=-1,15", "FREQ=YEARLY;BYMONTH=2,3",
    "FREQ=MONTHLY;BYMONTHDAY=20;BYHOUR=0,12",
]  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["run", "run", "ahead", "amount", "rule", "both", "skip", "pause", "end"]),
        st.timedeltas(timedelta(0), timedelta(days=15)),
        st.sampled_from(RULES),
        st.integers(1, 999),
    ),
    min_size=2,
    max_size=8,
)


def take(schedule: Any, oracle: Oracle, now: datetime, kind: str, rule: str, amount: int) -> None:
    """One step of a history, on both."""
    if kind in ("run", "ahead"):
        Schedule.objects.run_due(schedule, now + timedelta(days=9 * (kind == "ahead")))
    elif kind == "skip":
        oracle.skipped.add(schedule.next_due_at)
        Schedule.objects.skip(schedule, schedule.next_due_at)
    elif kind in ("pause", "end"):  # an end is for the end of the test
        verb = Schedule.objects.resume if schedule.paused_at else Schedule.objects.pause
        verb(schedule)
    else:
        rule = oracle.rule if kind == "amount" else rule
        amount = oracle.amount if kind == "rule" else amount
        ran = schedule.runs.exclude(outcome="skipped").order_by("due_at").last()
        Schedule.objects.edit(schedule, rrule=rule, amount=amount)
        if (rule, amount) != (oracle.rule, oracle.amount):
            oracle.change(max(now, ran.due_at) if ran else now, rule, amount)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, fresh=st.booleans())
def test_each_due_time_is_run_once_by_the_terms_of_its_time_whatever_is_edited_when(
    committed, steps, fresh
):
    tenant, now, oracle = TenantFactory(), datetime(2026, 1, 1, 6, tzinfo=UTC), Oracle()
    with acting_for(tenant):
        schedule = daily(BudgetFactory(), rrule=oracle.rule, amount=oracle.amount)
        for kind, pause, rule, amount in steps:
            now += pause
            row = Schedule.objects.get() if fresh else schedule
            with patch("django.utils.timezone.now", lambda now=now: now):
                take(row, oracle, now, kind, rule, amount)
        schedule = Schedule.objects.get()
        end = now + timedelta(days=31)
        if schedule.paused_at:
            Schedule.objects.resume(schedule)
        while Schedule.objects.run_due(schedule, end):
            pass

        assert amounts(schedule) == oracle.deposits(end)
        assert not schedule.runs.misfiled().exists()


class TestRename:
    def test_it_is_found_by_its_new_name_and_the_old_one_is_free(self, budget):
        schedule = pay_day(budget)

        Schedule.objects.rename(schedule, " Wages ")

        assert Schedule.objects.get_by_name(budget, "wages") == schedule
        with pytest.raises(UnknownSchedule):
            Schedule.objects.get_by_name(budget, "Salary")
        assert pay_day(budget).name == "Salary"

    def test_a_name_that_is_taken_is_refused_and_nothing_is_written(self, budget):
        schedule = pay_day(budget)
        pay_day(budget, name="Wages")

        with pytest.raises(BadSchedule, match="a schedule 'WAGES' already"):
            Schedule.objects.rename(schedule, "WAGES")
        with pytest.raises(BadRule):
            Schedule.objects.rename(schedule, " ")

        assert not ScheduleVersion.objects.exists()
        assert Schedule.objects.get_by_name(budget, "Salary") == schedule


class TestEnd:
    def test_nothing_more_is_run_and_the_name_is_free(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, JANUARY)

        Schedule.objects.end(schedule)

        kept = Schedule.objects.get()
        assert (kept.state, kept.next_due_at, kept.ended_at) == ("ended", None, MIDDLE_OF_MARCH)
        assert Schedule.objects.run_due(schedule, NOW) == []
        assert not Schedule.objects.due(NOW).exists()
        assert Schedule.objects.upcoming(schedule).due_times == ()
        assert pay_day(budget).state == "active"

    @pytest.mark.parametrize("ends", [False, True])
    def test_what_has_ended_is_not_changed_any_more(self, budget, ends):
        schedule = pay_day(budget, rrule="FREQ=MONTHLY;COUNT=1;BYMONTHDAY=-1")
        if ends:
            Schedule.objects.end(schedule)
        else:
            Schedule.objects.run_due(schedule, JANUARY)

        for change in (
            lambda: Schedule.objects.edit(schedule, amount=5),
            lambda: Schedule.objects.rename(schedule, "Wages"),
            lambda: Schedule.objects.pause(schedule),
            lambda: Schedule.objects.resume(schedule),
            lambda: Schedule.objects.end(schedule),
        ):
            with pytest.raises(ScheduleEnded, match="Salary has ended") as refused:
                change()
        assert refused.value.code == "schedule_ended"


CHANGES: dict[str, Callable[..., Any]] = {
    "edit": lambda schedule, **said: Schedule.objects.edit(schedule, amount=120, **said),
    "rename": lambda schedule, **said: Schedule.objects.rename(schedule, "Wages", **said),
    "pause": lambda schedule, **said: Schedule.objects.pause(schedule, **said),
    "resume": lambda schedule, **said: Schedule.objects.resume(schedule, **said),
    "end": lambda schedule, **said: Schedule.objects.end(schedule, **said),
}


@pytest.mark.parametrize("verb", CHANGES)
class TestEveryChange:
    def test_is_kept_with_who_asked_and_why(self, tenant, verb):
        user = UserFactory()
        with acting_for(tenant):
            schedule = pay_day(BudgetFactory())

        with acting_for(tenant, actor=user, request_id="request-5"):
            CHANGES[verb](schedule, memo="as agreed", metadata={"a": 1}, key="k")
            [version] = schedule.versions.all()

        assert (version.verb, version.actor_id) == (verb, user.pk)
        assert (version.memo, version.metadata, version.key) == ("as agreed", {"a": 1}, "k")
        assert (version.name, version.amount, version.rrule) == (
            "Salary", 100, "FREQ=MONTHLY;BYMONTHDAY=-1",
        )  # fmt: skip
        with acting_for(tenant):
            schedule = Schedule.objects.get()
            assert (schedule.memo, schedule.metadata, schedule.key) == ("", {}, None)
            last = Change.objects.of(Schedule, schedule.pk)[0]
        if verb != "resume":  # which changed nothing
            assert (last.verb, last.actor_id) == ("update", user.pk)

    def test_under_a_key_is_done_once(self, budget, verb):
        schedule = pay_day(budget)
        first = CHANGES[verb](schedule, key="k")
        before = Schedule.objects.values().get()

        again = CHANGES[verb](Schedule.objects.get(), key="k")

        assert (again, first.repeated, again.repeated) == (first, False, True)
        assert Schedule.objects.values().get() == before
        assert ScheduleVersion.objects.count() == 1
        others = {**CHANGES, "again": lambda row, **said: CHANGES[verb](row, memo="x", **said)}
        for other in others.keys() - {verb}:
            with pytest.raises(KeyReused):
                others[other](schedule, key="k")
        with pytest.raises(KeyReused):
            Movement.objects.deposit(budget, 5, key="k")

    def test_is_refused_where_the_budget_has_changed(self, budget, verb):
        schedule = pay_day(budget)

        with pytest.raises(StalePlan):
            CHANGES[verb](schedule, expect=budget.version - 1)

        assert not ScheduleVersion.objects.exists()


class TestUpcoming:
    def test_are_the_next_due_times_that_have_no_run(self, budget):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, JANUARY)
        Schedule.objects.skip(schedule, MARCH)

        with statements(1):
            seen = Schedule.objects.upcoming(schedule, many=3)

        assert (seen.due_times, seen.skips) == ((FEBRUARY, APRIL, MAY), ())

    def test_are_those_of_the_terms_of_their_time(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.edit(schedule, rrule="FREQ=MONTHLY;BYMONTHDAY=31")
        schedule = Schedule.objects.get()

        with statements(2):
            seen = Schedule.objects.upcoming(schedule)

        assert seen.due_times[:4] == (JANUARY, FEBRUARY, MARCH, MAY)
        assert [skip.months for skip in seen.skips] == [(2, 4, 6, 9, 11)]

    def test_can_be_seen_before_there_is_a_schedule(self):
        seen = Schedule.objects.preview(
            "freq=monthly;bymonthday=-1", starts=datetime(2026, 1, 1, 9), time_zone="Europe/Berlin"
        )

        assert seen.due_times == (JANUARY, FEBRUARY, MARCH, APRIL, MAY)

    def test_of_no_rule_are_refused(self):
        start = datetime(2026, 1, 1, 9)

        with pytest.raises(BadSchedule):
            Schedule.objects.preview("FREQ=HOURLY", starts=start, time_zone="UTC")
        wrong: list[Any] = [0, 101, 2.5, True]
        for many in wrong:
            with pytest.raises(BadQuestion):
                Schedule.objects.preview("FREQ=DAILY", starts=start, time_zone="UTC", many=many)


class TestSkip:
    def test_what_fell_due_by_the_old_rule_alone_can_be_skipped(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.edit(schedule, rrule="FREQ=MONTHLY;BYMONTHDAY=20")

        Schedule.objects.skip(schedule, FEBRUARY)
        with pytest.raises(BadSchedule, match="does not fall due"):
            Schedule.objects.skip(schedule, MARCH)
        with pytest.raises(BadSchedule, match="does not fall due"):
            Schedule.objects.skip(schedule, datetime(2026, 2, 20, 8, tzinfo=UTC))

        assert schedule.next_due_at == JANUARY

    def test_what_falls_due_next_by_a_new_rule_is_none_that_was_skipped(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, MIDDLE_OF_MARCH)
        Schedule.objects.skip(schedule, MARCH)

        Schedule.objects.edit(schedule, rrule="FREQ=MONTHLY;BYMONTHDAY=31")

        assert Schedule.objects.get().next_due_at == MAY

    def test_a_day_of_before_the_new_rule_cannot_be_skipped(self, budget, clock):
        schedule = pay_day(budget)
        Schedule.objects.run_due(schedule, MIDDLE_OF_MARCH)
        Schedule.objects.edit(schedule, rrule="FREQ=DAILY")

        with pytest.raises(BadSchedule, match="does not fall due"):
            Schedule.objects.skip(schedule, datetime(2026, 3, 9, 8, tzinfo=UTC))
