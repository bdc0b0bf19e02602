"""Schedules in memory: `ScheduleVerbs` and `RunVerbs` on a store."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from operator import attrgetter
from typing import Any, override
from uuid import UUID

from budgets.errors import UnknownSchedule
from budgets.interfaces import AnyRow
from budgets.managers.duetimes import Past
from budgets.managers.schedulefacts import ScheduleFacts, TermsFacts
from budgets.managers.schedulerows import Run, ScheduleRows, name_taken
from budgets.managers.scheduleverbs import ScheduleVerbs
from budgets.testing.rows import Movement, Requested, Row
from budgets.testing.store import Store
from budgets.testing.verbs import MemoryDAO


@dataclass(eq=False, kw_only=True)
class Terms(TermsFacts, Requested):
    """The terms of a schedule, and the request that set them."""

    name: str
    amount: int
    rrule: str
    starts_on: date
    starts_at: time
    time_zone: str
    catch_up: str = "all"
    paused_at: datetime | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(eq=False, kw_only=True)
class Schedule(ScheduleFacts, Terms):
    """A deposit that falls due again and again."""

    ended_at: datetime | None = None
    next_due_at: datetime | None = None


@dataclass(eq=False, kw_only=True)
class ScheduleVersion(Terms):
    """The terms of a schedule for its due times up to a moment."""

    schedule_id: UUID
    until: datetime
    verb: str


@dataclass(eq=False, kw_only=True)
class ScheduleRun(Row):
    """The outcome of one due time."""

    schedule_id: UUID
    due_at: datetime
    outcome: str
    movement_id: UUID | None = None
    actor_id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.outcome} {self.due_at:%Y-%m-%d %H:%M} UTC"

    @property
    def movement(self) -> Movement | None:
        """The deposit, where one was made."""
        return self.store.get(Movement, self.movement_id) if self.movement_id else None


class MemorySchedules(MemoryDAO, ScheduleVerbs):
    """Makes, changes and runs schedules as ScheduleManager does; no quota is counted."""

    def get_by_name(self, budget: AnyRow, name: str, *, key: str | None = None) -> Schedule:
        """The schedule of that name that has not ended, whatever its case.

        With a `key` first the one that had the name when it was changed under that key.
        """
        versions = self._store.all(ScheduleVersion, budget_id=budget.pk, key=key) if key else ()
        for version in versions:
            if version.name.upper() == name.upper():
                return self._store.get(Schedule, version.schedule_id)
        for schedule in self._store.all(Schedule, budget_id=budget.pk):
            if schedule.next_due_at and schedule.name.upper() == name.upper():
                return schedule
        raise UnknownSchedule(f"the budget has no schedule {name!r} to come", name=name)

    def due(self, now: datetime) -> list[Schedule]:
        """Schedules with something to run, the longest overdue first."""
        active = self._store.all(Schedule, state="active")
        past = [row for row in active if row.next_due_at is not None and row.next_due_at <= now]
        return sorted(past, key=attrgetter("next_due_at"))

    @property
    def _rows(self) -> "MemoryScheduleRows":
        return MemoryScheduleRows(self._store)


class MemoryScheduleRows(ScheduleRows):
    """The rows in a store; nobody else writes at the same time, so nothing is locked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    def lock(self, schedule: AnyRow) -> None:
        self._store.renew(schedule)

    @override
    def renew_budget(self, schedule: AnyRow) -> None:
        """Its budget is always read from the store."""

    @override
    def insert(self, schedule: AnyRow) -> None:
        self._require_free_name(schedule)
        self._store.put(schedule)
        self._take_key(schedule, schedule)

    @override
    def write_change(self, schedule: AnyRow, version: AnyRow, changed: list[str]) -> None:
        self._require_free_name(schedule)
        self._store.put(version, schedule)
        self._take_key(version, schedule)

    @override
    def last_moments(self, schedule: AnyRow) -> tuple[datetime | None, datetime | None]:
        ran = [run.due_at for run in self._runs(schedule) if run.outcome != "skipped"]
        ended = [version.until for version in self._versions(schedule)]
        return max(ran, default=None), max(ended, default=None)

    @override
    def run_times_after(self, schedule: AnyRow, moment: datetime) -> Collection[datetime]:
        return {run.due_at for run in self._runs(schedule) if run.due_at > moment}

    @override
    def run_at(self, schedule: AnyRow, due_at: datetime) -> Any:
        return next((run for run in self._runs(schedule) if run.due_at == due_at), None)

    @override
    def read_past(self, schedules: Sequence[AnyRow]) -> dict[UUID, Past]:
        pasts = {schedule.pk: self._past(schedule) for schedule in schedules}
        for schedule in schedules:
            if pasts[schedule.pk].is_behind(schedule):
                schedule.behind = self._versions(schedule)
        return pasts

    @override
    def write_runs(
        self, schedule: AnyRow, runs: Sequence[Run], following: datetime | None
    ) -> list[Any]:
        written = [
            ScheduleRun(
                store=self._store,
                schedule_id=schedule.pk,
                due_at=due_at,
                outcome=outcome,
                movement_id=movement.pk if movement else None,
                actor_id=self._store.actor_id,
            )
            for due_at, outcome, movement in runs
        ]
        schedule.next_due_at = following
        self._store.put(schedule, *written)
        return written

    def _past(self, schedule: AnyRow) -> Past:
        due = [run.due_at for run in self._runs(schedule)]
        next_due = schedule.next_due_at
        before = [at for at in due if next_due and at < next_due]
        ahead = [at for at in due if next_due and at >= next_due]
        return Past(max(before, default=None), ahead, self.last_moments(schedule)[1])

    def _runs(self, schedule: AnyRow) -> list[ScheduleRun]:
        return self._store.all(ScheduleRun, schedule_id=schedule.pk)

    def _versions(self, schedule: AnyRow) -> list[Any]:
        rows = self._store.all(ScheduleVersion, schedule_id=schedule.pk)
        return sorted(rows, key=attrgetter("until"))

    def _require_free_name(self, schedule: AnyRow) -> None:
        """Raise BadSchedule when another schedule of the budget that has not ended has its name."""
        for other in self._store.all(Schedule, budget_id=schedule.budget_id):
            live = schedule.next_due_at and other.next_due_at and other != schedule
            if live and other.name.lower() == schedule.name.lower():
                raise name_taken(schedule)

    def _take_key(self, row: Terms, answer: Row) -> None:
        self._store.keys.take(row.budget_id, row.key, row.request_hash, answer.pk)
