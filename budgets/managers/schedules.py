"""Schedules: the verbs that make, pause and run them, each due time exactly once.

Every verb but `create_schedule` takes the schedule's row lock first; a run then takes its
budget's, by depositing. Every due time before `next_due_at` has a run.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self, Unpack
from uuid import UUID

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from budgets.errors import BadSchedule, UnknownSchedule
from budgets.managers.budgets import named
from budgets.managers.duetimes import Planned, open_times, outcomes, runs_of
from budgets.managers.keys import again, answered
from budgets.managers.plans import require_in_use
from budgets.managers.posting import positive
from budgets.managers.requests import Particulars, fingerprint, recorded, require_expected
from budgets.recurrence import come, due_times, recurrence
from budgets.roles import verb
from tenants import quotas
from tenants.context import current_actor_id
from tenants.errors import ConstraintBroken
from tenants.managers import TenantManager, TenantQuerySet
from tenants.times import instant

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Schedule, ScheduleRun

BATCH = 50
"""Due times in one transaction: many enough to be quick, few enough not to keep others waiting."""


class ScheduleQuerySet(TenantQuerySet["Schedule"]):
    """Filters are adjectives."""

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


class ScheduleManager(_Schedules["Schedule"], TenantManager["Schedule"]):
    """The schedules of the tenant in force."""

    @verb("schedules.create")
    def create_schedule(
        self,
        budget: "Budget",
        name: str,
        amount: int,
        *,
        rrule: str,
        starts: datetime,
        time_zone: str,
        catch_up: str = "all",
        **particulars: Unpack[Particulars],
    ) -> "Schedule":
        """Deposit `amount` (minor units) whenever `rrule` falls due from `starts` on.

        `starts` is what a clock in `time_zone` shows (naive); see `budgets.recurrence`. A start
        in the past is caught up as `catch_up` says. Memo and metadata become each deposit's.
        Repeating a `key` returns the first schedule. Raises BadSchedule, BadAmount, BadRule,
        BudgetArchived and QuotaReached.
        """
        positive(amount)
        when = recurrence(rrule, starts, time_zone)
        self._require_policy(catch_up)
        asked = {"name": named(name), "amount": amount, "when": when, "catch_up": catch_up}
        request = fingerprint("create_schedule", **asked, **particulars)
        if earlier := self._begin(budget, request, particulars):
            return earlier
        schedule: Schedule = self.model(
            budget=budget,
            name=named(name),
            amount=amount,
            rrule=when.rrule,
            starts_on=starts.date(),
            starts_at=starts.time(),
            time_zone=time_zone,
            catch_up=catch_up,
            next_due_at=next(due_times(when)),
            **recorded(particulars, request),
        )
        self._enter(schedule)
        return schedule

    def tenants_with_due(self, now: datetime, *, resting: bool = False) -> list[UUID]:
        """The tenants that have something to run: while inspecting, all that are not suspended.

        With `resting` those, too, that have nothing else than what rests.
        """
        past = self.fallen_due(now) if resting else self.due(now)
        rows = past.filter(tenant__suspended_at=None).order_by("tenant_id")
        return list(rows.values_list("tenant_id", flat=True).distinct())

    def called(self, budget: "Budget", name: str) -> "Schedule":
        """The schedule of that name that has not ended. Raises UnknownSchedule."""
        if (found := self.live().filter(budget=budget, name__iexact=name).first()) is None:
            raise UnknownSchedule(f"the budget has no schedule {name!r} to come", name=name)
        return found

    @verb("schedules.pause")
    def pause(self, schedule: "Schedule") -> "Schedule":
        """Run nothing until it is resumed; pausing a paused one changes nothing."""
        schedule.acquire()
        if schedule.paused_at is None:
            schedule.paused_at = timezone.now()
            schedule.save(update_fields=["paused_at"])
        return schedule

    @verb("schedules.pause")
    def resume(self, schedule: "Schedule") -> "Schedule":
        """Run it again; what fell due meanwhile is caught up by its policy, at the next run."""
        schedule.acquire()
        if schedule.paused_at is not None:
            schedule.paused_at = None
            schedule.save(update_fields=["paused_at"])
        return schedule

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
        upcoming = schedule.next_due_at
        just_before = due_at - timedelta(microseconds=1)
        if upcoming is None or due_at not in due_times(schedule.recurrence, just_before, due_at):
            raise BadSchedule(f"{schedule} does not fall due at {due_at}", next=upcoming)
        times = self._open_times(schedule)
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
        """The same of each, in one statement for all of them. Raises BadSchedule as `run_due`."""
        _require_aware(now)
        runs = runs_of(self.filter(pk__in=[schedule.pk for schedule in schedules]))
        for schedule in schedules:
            planned: list[Planned] = []
            if schedule.state in ("active", "resting"):
                times, following = come(open_times(schedule, runs), now, most)
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

    def _begin(self, budget: "Budget", request: str, particulars: Particulars) -> "Schedule | None":
        """Take the budget's lock, and return the schedule an earlier request with the key made."""
        budget.acquire()
        if pk := answered(self.db, budget.pk, particulars.get("key"), request):
            earlier: Schedule = again(self.filter(pk=pk))
            return earlier
        require_expected(budget, particulars.get("expect"))
        require_in_use(budget)
        return None

    def _require_policy(self, catch_up: str) -> None:
        if catch_up not in self.model.CatchUp:
            raise BadSchedule(f"catch_up is {', '.join(self.model.CatchUp)}, not {catch_up!r}")

    def _enter(self, schedule: "Schedule") -> None:
        quotas.require("schedules")
        try:
            with transaction.atomic(using=self.db):  # a refused name leaves the block usable
                schedule.save(force_insert=True)
        except ConstraintBroken as error:
            if error.constraint != "budgets_schedule_name_once":
                raise
            taken = f"the budget has a schedule {schedule.name!r} already"
            raise BadSchedule(taken, name=schedule.name) from error

    def _open_times(self, schedule: "Schedule") -> Iterator[datetime]:
        """For one that has not ended, under its lock."""
        return open_times(schedule, runs_of(self.filter(pk=schedule.pk)))

    def _move_on(self, schedule: "Schedule", following: datetime | None) -> None:
        schedule.next_due_at = following
        schedule.save(update_fields=["next_due_at"])


class ScheduleRunQuerySet(TenantQuerySet["ScheduleRun"]):
    """Filters are adjectives."""

    def misfiled(self) -> Self:
        """Deposited runs whose movement is not what their schedule would have deposited then."""
        return self.filter(outcome="deposited").exclude(
            movement__kind="deposit",
            movement__budget=F("schedule__budget"),
            movement__amount=F("schedule__amount"),
            movement__effective_at=F("due_at"),
        )


_Runs = models.Manager.from_queryset(ScheduleRunQuerySet)


class ScheduleRunManager(_Runs["ScheduleRun"], TenantManager["ScheduleRun"]):
    """What became of each due time, written once."""

    @verb("schedules.run")
    def record(
        self, schedule: "Schedule", rows: "Iterable[tuple[datetime, str, Movement | None]]"
    ) -> "list[ScheduleRun]":
        """Write down due times, their outcomes and the movements they made."""
        actor_id = current_actor_id()
        return self.bulk_create(
            self.model(
                schedule=schedule, due_at=due, outcome=outcome, movement=movement, actor_id=actor_id
            )
            for due, outcome, movement in rows
        )


def _deposit(schedule: "Schedule", due_at: datetime) -> "Movement":
    """The deposit of one due time."""
    budget = schedule.budget
    return budget.movements.deposit(
        budget,
        schedule.amount,
        key=f"schedule:{schedule.pk}:{due_at.isoformat()}",
        effective_at=due_at,
        source=f"schedule {schedule.pk}",
        memo=schedule.memo or schedule.name,
        metadata=schedule.metadata,
    )


def _require_aware(now: datetime) -> None:
    """Raise BadSchedule for a moment without a time zone."""
    if timezone.is_naive(now):
        raise BadSchedule(f"now needs a time zone, not just {now.isoformat()}")
