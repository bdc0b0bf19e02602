"""Schedules: which there are, what falls due, and its running, each due time exactly once.

Every verb takes the schedule's row lock first; a run then takes its budget's, by depositing.
Every due time before `next_due_at` has a run.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.utils import timezone

from budgets.errors import BadSchedule, UnknownSchedule
from budgets.managers.duetimes import Past, Planned, look_behind, open_times, outcomes, past_of
from budgets.managers.reads.asked import bounded
from budgets.recurrence import come, due_times, recurrence
from budgets.recurrence.outlook import Outlook, outlook
from budgets.roles import verb
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.schema.times import instant

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Schedule, ScheduleRun

BATCH = 50
"""Due times in one transaction: many enough to be quick, few enough not to keep others waiting."""

MOST_AHEAD = 100


class ScheduleQuerySet(TenantQuerySet["Schedule"]):
    """Filters on schedules."""

    def live(self) -> Self:
        """Schedules that will fall due, now or once they are resumed."""
        return self.filter(next_due_at__isnull=False)

    def due(self, now: datetime) -> Self:
        """Schedules with something to run, with their budgets; the longest overdue first."""
        return self.fallen_due(now).filter(budget__archived_at=None)

    def fallen_due(self, now: datetime) -> Self:
        """The same, and those that rest: those of archived budgets, which nobody runs."""
        past = self.filter(paused_at=None, next_due_at__lte=now)
        return past.order_by("next_due_at").select_related("budget")

    def by_name(self) -> Self:
        """In the order of their names; of those that share one, the oldest first."""
        return self.order_by("name", "pk")


_Schedules = models.Manager.from_queryset(ScheduleQuerySet)


class RunningManager(_Schedules["Schedule"], TenantManager["Schedule"]):
    """What is read of schedules, and what is done at their due times."""

    def tenants_with_due(self, now: datetime, *, resting: bool = False) -> list[UUID]:
        """The tenants that have something to run: while inspecting, all that are not suspended.

        With `resting` those, too, that have nothing else than what rests.
        """
        past = self.fallen_due(now) if resting else self.due(now)
        rows = past.filter(tenant__suspended_at=None).order_by("tenant_id")
        return list(rows.values_list("tenant_id", flat=True).distinct())

    def get_by_name(self, budget: "Budget", name: str, *, key: str | None = None) -> "Schedule":
        """The schedule of that name that has not ended; or the one that had the name when it was
        changed under that key, so that the change can be asked for again. Raises UnknownSchedule.
        """
        rows = self.filter(budget=budget)
        changed = rows.filter(versions__key=key, versions__name__iexact=name)
        found: Schedule | None = changed.first() if key is not None else None
        if found is None and (found := rows.live().filter(name__iexact=name).first()) is None:
            raise UnknownSchedule(f"the budget has no schedule {name!r} to come", name=name)
        return found

    def preview(self, rrule: str, *, starts: datetime, time_zone: str, many: int = 5) -> Outlook:
        """When a schedule of this rule would fall due first, and which months it skips.

        It needs no block and no schedule. Raises BadSchedule as `create_schedule`, and
        BadQuestion unless `many` is from 1 to 100.

        >>> from datetime import datetime
        >>> from budgets.models import Schedule
        >>> seen = Schedule.objects.preview(
        ...     "FREQ=MONTHLY;BYMONTHDAY=30", starts=datetime(2027, 1, 1, 9), time_zone="UTC"
        ... )
        >>> [f"{due:%d %b}" for due in seen.due_times]
        ['30 Jan', '30 Mar', '30 Apr', '30 May', '30 Jun']
        >>> [str(skip) for skip in seen.skips]
        ['skips February (no day 30)']
        """
        when = recurrence(rrule, starts, time_zone)
        return outlook(when, due_times(when), bounded("many", many, least=1, most=MOST_AHEAD))

    def upcoming(self, schedule: "Schedule", *, many: int = 5) -> Outlook:
        """Its next due times that have no run, those that have come too, and what it skips.

        None of one that has ended. Raises BadQuestion unless `many` is from 1 to 100.
        """
        bounded("many", many, least=1, most=MOST_AHEAD)
        times = iter(()) if schedule.next_due_at is None else self._open_times(schedule)
        return outlook(schedule.recurrence, times, many)

    @verb("schedules.skip")
    def skip(self, schedule: "Schedule", due_at: datetime) -> "ScheduleRun":
        """Deposit nothing at one due time; skipping it again changes nothing.

        Raises BadSchedule when it does not fall due then, and when that has been run.
        """
        try:
            due_at = instant(due_at)
        except ValueError as error:
            raise BadSchedule(f"a due time {error}") from error
        schedule.acquire()
        earlier: ScheduleRun | None = schedule.runs.filter(due_at=due_at).first()
        if earlier is not None:
            if earlier.outcome != "skipped":
                raise BadSchedule(f"it is too late: {schedule} was {earlier}")
            return earlier
        times = self._open_times(schedule)
        if not _falls_due(schedule, due_at):
            raise BadSchedule(
                f"{schedule} does not fall due at {due_at}", next=schedule.next_due_at
            )
        run: ScheduleRun = schedule.runs.record(schedule, [(due_at, "skipped", None)])[0]
        self._move_on(schedule, next((due for due in times if due != due_at), None))
        return run

    def planned(self, schedule: "Schedule", now: datetime, *, most: int = 1000) -> list[Planned]:
        """What `run_due` would do, over again, until nothing is due; or the first of it."""
        [(_, planned)] = self.all_planned([schedule], now, most=most)
        return planned

    def all_planned(
        self, schedules: "Sequence[Schedule]", now: datetime, *, most: int = 1000
    ) -> "Iterator[tuple[Schedule, list[Planned]]]":
        """The same of each, in one statement for all of them; in two, where one was changed late.

        `terms_at` tells the amount of each. Raises BadSchedule as `run_due`.
        """
        _require_aware(now)
        pasts = past_of(self.filter(pk__in=[schedule.pk for schedule in schedules]))
        look_behind(schedules, pasts)
        for schedule in schedules:
            planned: list[Planned] = []
            if schedule.state in ("active", "resting"):
                past = pasts.get(schedule.pk, Past())
                times, following = come(open_times(schedule, past), now, most)
                planned = outcomes(schedule, times, following, now)
            yield schedule, planned

    @verb("schedules.run")
    def run_due(self, schedule: "Schedule", now: datetime) -> "list[ScheduleRun]":
        """Deposit for each due time up to `now` that has no run yet, oldest first.

        One transaction does BATCH of them at most: call again, in another, until it returns
        none. Safe to repeat, and for several workers at once: the row lock makes the second one
        wait, and it then finds nothing to do; the unique run and the deposit's key would refuse
        it too. A paused schedule runs nothing, nor does one that rests, as its budget is
        archived. Raises what `deposit` does, and BadSchedule when `now` has no time zone.
        """
        _require_aware(now)
        schedule.acquire()
        schedule.budget.refresh_from_db(fields=["archived_at"])
        if schedule.state != "active":
            return []
        times, following = come(self._open_times(schedule), now, BATCH)
        runs: list[ScheduleRun] = schedule.runs.record(
            schedule,
            [
                (due, outcome, _deposit(schedule, due) if outcome == "deposited" else None)
                for due, outcome in outcomes(schedule, times, following, now)
            ],
        )
        self._move_on(schedule, following)
        return runs

    def _open_times(self, schedule: "Schedule") -> Iterator[datetime]:
        """For one that has not ended."""
        pasts = past_of(self.filter(pk=schedule.pk))
        look_behind([schedule], pasts)
        return open_times(schedule, pasts.get(schedule.pk, Past()))

    def _move_on(self, schedule: "Schedule", following: datetime | None) -> None:
        schedule.next_due_at = following
        schedule.save(update_fields=["next_due_at"])


def _falls_due(schedule: "Schedule", due_at: datetime) -> bool:
    """Whether a moment is a due time that may have no run yet; the manager has looked behind."""
    if schedule.next_due_at is None or due_at < schedule.next_due_at:
        return False
    just_before = due_at - timedelta(microseconds=1)
    return due_at in due_times(schedule.terms_at(due_at).recurrence, just_before, due_at)


def _deposit(schedule: "Schedule", due_at: datetime) -> "Movement":
    """The deposit of one due time, by the terms of then."""
    budget, terms = schedule.budget, schedule.terms_at(due_at)
    return budget.movements.deposit(
        budget,
        terms.amount,
        key=f"schedule:{schedule.pk}:{due_at.isoformat()}",
        effective_at=due_at,
        source=f"schedule {schedule.pk}",
        memo=schedule.memo or terms.name,
        metadata=schedule.metadata,
    )


def _require_aware(now: datetime) -> None:
    """Raise BadSchedule for a moment without a time zone."""
    if timezone.is_naive(now):
        raise BadSchedule(f"now needs a time zone, not just {now.isoformat()}")
