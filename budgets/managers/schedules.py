"""Schedules: the verbs that make, change and end them. What a due time brings is in `running`.

Every verb but `create_schedule` takes the schedule's row lock first, then its budget's, as a run
does. What has fallen due by the time of a change keeps the terms it had, whoever runs it when.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Unpack

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from budgets.errors import BadSchedule, ScheduleEnded
from budgets.managers.budgets import clean_name
from budgets.managers.dispositions import require_in_use
from budgets.managers.keys import again, answered
from budgets.managers.posting import require_amount
from budgets.managers.requests import RequestOptions, fingerprint, recorded, require_expected
from budgets.managers.running import RunningManager
from budgets.recurrence import Recurrence, due_times, recurrence
from budgets.recurrence.rrules import parts_of, text_of
from budgets.roles import verb
from tenants.access import quotas
from tenants.errors import ConstraintBroken

if TYPE_CHECKING:
    from budgets.models import Budget, Schedule

TICK = timedelta(microseconds=1)


class ScheduleManager(RunningManager):
    """The schedules of the tenant in force.

    The keywords are `RequestOptions`. Repeating a `key` with the same request changes nothing; with
    another it raises KeyReused. Every verb raises StalePlan. Those that change a schedule raise
    ScheduleEnded; their memo and metadata say why, and are not those of its deposits.
    """

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
        **options: Unpack[RequestOptions],
    ) -> "Schedule":
        """Deposit `amount` (minor units) whenever `rrule` falls due from `starts` on.

        `starts` is what a clock in `time_zone` shows (naive); see `budgets.recurrence`. A start
        in the past is caught up as `catch_up` says. Memo and metadata become each deposit's.
        Repeating a `key` returns the first schedule. Raises BadSchedule, BadAmount, BadRule,
        BudgetArchived and QuotaReached.
        """
        require_amount(amount)
        when = recurrence(rrule, starts, time_zone)
        self._require_policy(catch_up)
        asked = {"name": clean_name(name), "amount": amount, "when": when, "catch_up": catch_up}
        request = fingerprint("create_schedule", **asked, **options)
        if earlier := self._begin(budget, request, options):
            return earlier
        schedule: Schedule = self.model(
            budget=budget,
            name=clean_name(name),
            amount=amount,
            catch_up=catch_up,
            next_due_at=next(due_times(when)),
            **columns(when),
            **recorded(options, request),
        )
        quotas.require("schedules")
        with self._refusing(schedule):
            schedule.save(force_insert=True)
        return schedule

    @verb("schedules.edit")
    def edit(
        self,
        schedule: "Schedule",
        *,
        amount: int | None = None,
        rrule: str | None = None,
        starts: datetime | None = None,
        time_zone: str | None = None,
        catch_up: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> "Schedule":
        """Change what is named, for the due times after this moment; the others keep the amount
        and the rule they had, and what was run is not run again.

        Without `starts` a new rule is counted from the old start. `catch_up` counts at once.
        Raises BadAmount, and BadSchedule for what can be no schedule, never falls due again, or
        names nothing to change.
        """
        asked = {"amount": amount, "rrule": rrule, "starts": starts, "time_zone": time_zone}
        asked = {**asked, "catch_up": catch_up}
        if set(asked.values()) == {None}:
            raise BadSchedule(f"say what to change: {', '.join(asked)}")
        if amount is not None:
            require_amount(amount)
        if rrule is not None:
            asked["rrule"] = rrule = text_of(parts_of(rrule))
        if catch_up is not None:
            self._require_policy(catch_up)
        request = fingerprint("edit_schedule", schedule=schedule.pk, **asked, **options)
        if earlier := self._begin_change(schedule, request, options):
            return earlier
        was = schedule.recurrence
        when = recurrence(rrule or was.rrule, starts or was.starts, time_zone or was.time_zone)
        terms = {"amount": amount or schedule.amount, "catch_up": catch_up or schedule.catch_up}
        return self._revise(schedule, "edit", request, options, **terms, **columns(when))

    @verb("schedules.rename")
    def rename(
        self, schedule: "Schedule", name: str, **options: Unpack[RequestOptions]
    ) -> "Schedule":
        """Give it another name. Raises BadRule, and BadSchedule when another one has it."""
        request = fingerprint(
            "rename_schedule", schedule=schedule.pk, name=clean_name(name), **options
        )
        if earlier := self._begin_change(schedule, request, options):
            return earlier
        return self._revise(schedule, "rename", request, options, name=clean_name(name))

    @verb("schedules.pause")
    def pause(self, schedule: "Schedule", **options: Unpack[RequestOptions]) -> "Schedule":
        """Run nothing until it is resumed; pausing a paused one changes nothing."""
        request = fingerprint("pause_schedule", schedule=schedule.pk, **options)
        if earlier := self._begin_change(schedule, request, options):
            return earlier
        since = schedule.paused_at or timezone.now()
        return self._revise(schedule, "pause", request, options, paused_at=since)

    @verb("schedules.pause")
    def resume(self, schedule: "Schedule", **options: Unpack[RequestOptions]) -> "Schedule":
        """Run it again; what fell due meanwhile is caught up by its policy, at the next run."""
        request = fingerprint("resume_schedule", schedule=schedule.pk, **options)
        if earlier := self._begin_change(schedule, request, options):
            return earlier
        return self._revise(schedule, "resume", request, options, paused_at=None)

    @verb("schedules.end")
    def end(self, schedule: "Schedule", **options: Unpack[RequestOptions]) -> "Schedule":
        """Run nothing more, for good: nor what has fallen due and has no run. Its name is free.

        `upcoming` tells beforehand what that is; run it first where it is wanted.
        """
        request = fingerprint("end_schedule", schedule=schedule.pk, **options)
        if earlier := self._begin_change(schedule, request, options):
            return earlier
        return self._revise(schedule, "end", request, options, ended_at=timezone.now())

    def _begin(self, budget: "Budget", request: str, options: RequestOptions) -> "Schedule | None":
        """Take the budget's lock, and return the schedule an earlier request with the key made."""
        budget.acquire()
        if pk := answered(self.db, budget.pk, options.get("key"), request):
            earlier: Schedule = again(self.filter(pk=pk))
            return earlier
        require_expected(budget, options.get("expect"))
        require_in_use(budget)
        return None

    def _begin_change(
        self, schedule: "Schedule", request: str, options: RequestOptions
    ) -> "Schedule | None":
        """Take its lock and its budget's, and return it if an earlier request had the key."""
        schedule.acquire()
        budget = schedule.budget
        budget.acquire()
        if pk := answered(self.db, budget.pk, options.get("key"), request):
            earlier: Schedule = again(self.filter(versions=pk))
            return earlier
        require_expected(budget, options.get("expect"))
        schedule.repeated = False
        if schedule.next_due_at is None:
            raise ScheduleEnded(f"{schedule} has ended", schedule=schedule.name)
        return None

    def _revise(
        self, schedule: "Schedule", verb: str, request: str, said: RequestOptions, **changes: Any
    ) -> "Schedule":
        """Write what it said until now and what it says from now on, if that is anything else.

        With a key always: a repeat must find it.
        """
        changed = [name for name, value in changes.items() if getattr(schedule, name) != value]
        if not changed and said.get("key") is None:
            return schedule
        until, was = self._until(schedule), schedule.recurrence
        with self._refusing(schedule):
            schedule.versions.record(
                schedule, until=until, verb=verb, request=request, options=said
            )
            for name in changed:
                setattr(schedule, name, changes[name])
            if schedule.ended_at:
                schedule.next_due_at = None
            elif schedule.recurrence != was:
                self._fall_due_after(schedule, until)
            schedule.save(update_fields=[*changed, "next_due_at"])
        return schedule

    def _until(self, schedule: "Schedule") -> datetime:
        """The last moment its terms of before a change govern: now, and all that was run by then.

        `run_schedules --now` may have been ahead of the clock.
        """
        ran = schedule.runs.exclude(outcome="skipped").aggregate(last=Max("due_at"))["last"]
        before = schedule.versions.aggregate(last=Max("until"))["last"]
        moments = (timezone.now(), ran, before and before + TICK)
        return max(moment for moment in moments if moment)

    def _fall_due_after(self, schedule: "Schedule", until: datetime) -> None:
        """Move it on by its new rule, unless something of before is still to run.

        Raises BadSchedule when it never falls due again.
        """
        skipped = set(schedule.runs.filter(due_at__gt=until).values_list("due_at", flat=True))
        times = (due for due in due_times(schedule.recurrence, until) if due not in skipped)
        if (following := next(times, None)) is None:
            rule, starts = schedule.rrule, schedule.starts
            raise BadSchedule(f"{rule} from {starts} never falls due again: say another start")
        if schedule.next_due_at is None or schedule.next_due_at > until:
            schedule.next_due_at = following

    def _require_policy(self, catch_up: str) -> None:
        if catch_up not in self.model.CatchUp:
            raise BadSchedule(f"catch_up is {', '.join(self.model.CatchUp)}, not {catch_up!r}")

    @contextmanager
    def _refusing(self, schedule: "Schedule") -> Iterator[None]:
        """A name that is taken is a BadSchedule. What is refused leaves nothing written."""
        try:
            with transaction.atomic(using=self.db):
                yield
        except ConstraintBroken as error:
            if error.constraint != "budgets_schedule_name_once":
                raise
            taken = f"the budget has a schedule {schedule.name!r} already"
            raise BadSchedule(taken, name=schedule.name) from error


def columns(when: Recurrence) -> dict[str, Any]:
    """A recurrence as its columns."""
    return {
        "rrule": when.rrule,
        "starts_on": when.starts.date(),
        "starts_at": when.starts.time(),
        "time_zone": when.time_zone,
    }
