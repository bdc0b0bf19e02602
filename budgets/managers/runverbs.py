"""The verbs that run due times of schedules, and what is read of the due times to come.

Shared by PostgreSQL and ledgers in memory. Every due time before `next_due_at` has a run.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from budgets.errors import BadSchedule
from budgets.managers.duetimes import Past, Planned, open_times, outcomes
from budgets.managers.reads.validation import clean_integer
from budgets.managers.schedulerows import ScheduleRows
from budgets.managers.writer import LedgerVerbs
from budgets.recurrence import due_times, recurrence, split_due
from budgets.recurrence.outlook import Outlook, outlook
from budgets.roles import verb
from tenants.schema.times import instant

if TYPE_CHECKING:
    from budgets.models import Movement, Schedule, ScheduleRun

BATCH = 50
"""Due times in one transaction: many enough to be quick, few enough not to keep others waiting."""

MOST_AHEAD = 100


class RunVerbs(LedgerVerbs):
    """Runs schedules. Each due time is run once, whoever runs it and however often."""

    @property
    def _rows(self) -> ScheduleRows:
        return ScheduleRows(self)

    def preview(self, rrule: str, *, starts: datetime, time_zone: str, many: int = 5) -> Outlook:
        """The first due times of a schedule with this rule, and the months that it skips.

        It needs no block and no schedule. Raises BadSchedule as `create_schedule`, and
        BadQuestion unless `many` is from 1 to 100.

        >>> seen = Schedule.objects.preview(
        ...     "FREQ=MONTHLY;BYMONTHDAY=30", starts=datetime(2027, 1, 1, 9), time_zone="UTC"
        ... )
        >>> [f"{due:%d %b}" for due in seen.due_times]
        ['30 Jan', '30 Mar', '30 Apr', '30 May', '30 Jun']
        >>> [str(skip) for skip in seen.skips]
        ['skips February (no day 30)']
        """
        when = recurrence(rrule, starts, time_zone)
        return outlook(when, due_times(when), clean_integer("many", many, least=1, most=MOST_AHEAD))

    def upcoming(self, schedule: "Schedule", *, many: int = 5) -> Outlook:
        """The first due times without a run, past ones included, and the months that it skips.

        A schedule that has ended has none. Raises BadQuestion unless `many` is from 1 to 100.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY;BYMONTHDAY=15",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> [str(due.date()) for due in Schedule.objects.upcoming(wages, many=2).due_times]
        ['2027-01-15', '2027-02-15']
        """
        clean_integer("many", many, least=1, most=MOST_AHEAD)
        times = iter(()) if schedule.next_due_at is None else self._open_times(schedule)
        return outlook(schedule.recurrence, times, many)

    @verb("schedules.skip")
    def skip(self, schedule: "Schedule", due_at: datetime) -> "ScheduleRun":
        """Deposit nothing at one due time. Skipping it again changes nothing.

        Raises BadSchedule when it does not fall due then, and when that due time was run.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY;BYMONTHDAY=15",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> str(Schedule.objects.skip(wages, datetime(2027, 1, 15, 9, tzinfo=UTC)))
        'skipped 2027-01-15 09:00 UTC'
        >>> str(wages.next_due_at)
        '2027-02-15 09:00:00+00:00'
        """
        try:
            due_at = instant(due_at)
        except ValueError as error:
            raise BadSchedule(f"a due time {error}") from error
        self._rows.lock(schedule)
        if earlier := self._rows.run_at(schedule, due_at):
            if earlier.outcome != "skipped":
                raise BadSchedule(f"it is too late: {schedule} was {earlier}")
            return earlier
        times = self._open_times(schedule)
        if not _falls_due(schedule, due_at):
            raise BadSchedule(
                f"{schedule} does not fall due at {due_at}", next=schedule.next_due_at
            )
        following = next((due for due in times if due != due_at), None)
        [run] = self._rows.write_runs(schedule, [(due_at, "skipped", None)], following)
        return run

    def planned(self, schedule: "Schedule", now: datetime, *, most: int = 1000) -> list[Planned]:
        """The outcomes that `run_due` would write until nothing is due, at most so many."""
        [(_, planned)] = self.all_planned([schedule], now, most=most)
        return planned

    def all_planned(
        self, schedules: "Sequence[Schedule]", now: datetime, *, most: int = 1000
    ) -> "Iterator[tuple[Schedule, list[Planned]]]":
        """`planned` for each, in one statement for all; in two, if one was changed late.

        `terms_at` has the amount of each. Raises BadSchedule as `run_due`.
        """
        _require_aware(now)
        pasts = self._rows.read_past(schedules)
        for schedule in schedules:
            planned: list[Planned] = []
            if schedule.state in ("active", "resting"):
                past = pasts.get(schedule.pk, Past())
                times, following = split_due(open_times(schedule, past), now, most)
                planned = outcomes(schedule, times, following, now)
            yield schedule, planned

    @verb("schedules.run")
    def run_due(self, schedule: "Schedule", now: datetime) -> "list[ScheduleRun]":
        """Deposit for each due time up to `now` that has no run yet, oldest first.

        One transaction runs BATCH due times at most: call again, in another, until it returns
        none. Safe to repeat, and for several workers at once: the row lock makes the second one
        wait, and it then finds nothing to do; the unique run and the deposit's key would refuse
        it too. A paused schedule runs nothing, nor does a resting one, whose budget is archived.
        Raises what `deposit` does, and BadSchedule when `now` has no time zone.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 100_00, rrule="FREQ=MONTHLY;BYMONTHDAY=15",
        ...     starts=datetime(2026, 1, 1, 9), time_zone="UTC",
        ... )
        >>> runs = Schedule.objects.run_due(wages, datetime(2026, 3, 1, tzinfo=UTC))
        >>> [(run.outcome, str(run.due_at.date()), run.movement.amount) for run in runs]
        [('deposited', '2026-01-15', 10000), ('deposited', '2026-02-15', 10000)]
        >>> Schedule.objects.run_due(wages, datetime(2026, 3, 1, tzinfo=UTC))
        []
        """
        _require_aware(now)
        self._rows.lock(schedule)
        self._rows.renew_budget(schedule)
        if schedule.state != "active":
            return []
        times, following = split_due(self._open_times(schedule), now, BATCH)
        planned = outcomes(schedule, times, following, now)
        runs = [
            (due, outcome, self._deposit(schedule, due) if outcome == "deposited" else None)
            for due, outcome in planned
        ]
        return self._rows.write_runs(schedule, runs, following)

    def _open_times(self, schedule: "Schedule") -> Iterator[datetime]:
        """The due times without a run, of a schedule that has not ended."""
        return open_times(schedule, self._rows.read_past([schedule]).get(schedule.pk, Past()))

    def _deposit(self, schedule: "Schedule", due_at: datetime) -> "Movement":
        """The deposit of one due time, by the terms of that time."""
        terms = schedule.terms_at(due_at)
        return self._movements.deposit(
            schedule.budget,
            terms.amount,
            key=f"schedule:{schedule.pk}:{due_at.isoformat()}",
            effective_at=due_at,
            source=f"schedule {schedule.pk}",
            memo=schedule.memo or terms.name,
            metadata=schedule.metadata,
        )


def _falls_due(schedule: "Schedule", due_at: datetime) -> bool:
    """Whether a moment is a due time that may have no run yet; its past was read before."""
    if schedule.next_due_at is None or due_at < schedule.next_due_at:
        return False
    just_before = due_at - timedelta(microseconds=1)
    return due_at in due_times(schedule.terms_at(due_at).recurrence, just_before, due_at)


def _require_aware(now: datetime) -> None:
    """Raise BadSchedule for a moment without a time zone."""
    if timezone.is_naive(now):
        raise BadSchedule(f"now needs a time zone, not just {now.isoformat()}")
