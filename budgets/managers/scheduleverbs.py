"""The verbs that make, change and end schedules, shared by PostgreSQL and ledgers in memory.

Every verb but `create_schedule` takes the schedule's row lock first, then its budget's, as a run
does. A due time before a change keeps the terms from before it, whenever it is run.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Unpack
from uuid import UUID

from budgets.errors import BadSchedule, ScheduleEnded
from budgets.managers.cleaning import clean_name, require_amount
from budgets.managers.dispositions import require_in_use
from budgets.managers.requests import Request, RequestOptions
from budgets.managers.runverbs import RunVerbs
from budgets.managers.schedulefacts import CatchUp
from budgets.managers.versions import TERMS
from budgets.recurrence import Recurrence, due_times, recurrence
from budgets.recurrence.rrules import parts_of, text_of
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Budget, Schedule

TICK = timedelta(microseconds=1)


class ScheduleVerbs(RunVerbs):
    """Makes and changes schedules. Amounts are minor units; the keywords are `RequestOptions`.

    Repeating a `key` with the same request changes nothing; with another it raises KeyReused.
    Every verb raises StalePlan. Those that change a schedule raise ScheduleEnded; their memo and
    metadata explain the change, and are not those of its deposits.
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

        `starts` is a local time in `time_zone` (naive); see `budgets.recurrence`. A start in the
        past is caught up by the policy `catch_up`: all, last or none. Memo and metadata become
        each deposit's. Repeating a `key` returns the first schedule. Raises BadSchedule,
        BadAmount, BadRule, BudgetArchived and QuotaReached.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY;BYMONTHDAY=-1",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="Europe/Berlin",
        ... )
        >>> wages.state, str(wages.next_due_at)
        ('active', '2027-01-31 08:00:00+00:00')
        """
        require_amount(amount)
        when = recurrence(rrule, starts, time_zone)
        _require_policy(catch_up)
        terms = {"name": clean_name(name), "amount": amount, "catch_up": catch_up}
        request = Request("create_schedule", options, when=when, **terms)
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        require_in_use(budget)
        self._writer.require_quota("schedules")
        terms |= columns(when) | self._writer.columns(request)
        due = next(due_times(when))
        schedule: Schedule = self._writer.make("Schedule", budget=budget, next_due_at=due, **terms)
        self._rows.insert(schedule)
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
        """Change the named terms for the due times after this moment.

        Earlier due times keep their amount and rule, and no run is repeated. Without `starts` a new
        rule counts from the old start. `catch_up` takes effect at once. Raises BadAmount, and
        BadSchedule for impossible terms, a rule that never falls due again, or no change.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=WEEKLY;BYDAY=FR",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> edited = Schedule.objects.edit(wages, amount=2_600_00, rrule="FREQ=WEEKLY;BYDAY=MO")
        >>> edited.amount, str(edited.next_due_at)
        (260000, '2027-01-04 09:00:00+00:00')
        """
        rrule = None if rrule is None else text_of(parts_of(rrule))
        new: dict[str, Any] = {"amount": amount, "rrule": rrule, "starts": starts}
        new |= {"time_zone": time_zone, "catch_up": catch_up}
        _require_terms(new)
        request = Request("edit_schedule", options, schedule=schedule.pk, **new)

        def terms() -> dict[str, Any]:
            was = schedule.recurrence
            when = recurrence(rrule or was.rrule, starts or was.starts, time_zone or was.time_zone)
            terms = {"amount": amount or schedule.amount, "catch_up": catch_up or schedule.catch_up}
            return terms | columns(when)

        return self._change(request, schedule, terms)

    @verb("schedules.rename")
    def rename(
        self, schedule: "Schedule", name: str, **options: Unpack[RequestOptions]
    ) -> "Schedule":
        """Change the name. Raises BadRule, and BadSchedule when another schedule has the name.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> Schedule.objects.rename(wages, "Salary").name
        'Salary'
        """
        name = clean_name(name)
        request = Request("rename_schedule", options, schedule=schedule.pk, name=name)
        return self._change(request, schedule, lambda: {"name": name})

    @verb("schedules.pause")
    def pause(self, schedule: "Schedule", **options: Unpack[RequestOptions]) -> "Schedule":
        """Run nothing until it is resumed. Pausing a paused schedule changes nothing.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> Schedule.objects.pause(wages).state
        'paused'
        """
        request = Request("pause_schedule", options, schedule=schedule.pk)
        now = self._writer.now()
        return self._change(request, schedule, lambda: {"paused_at": schedule.paused_at or now})

    @verb("schedules.pause")
    def resume(self, schedule: "Schedule", **options: Unpack[RequestOptions]) -> "Schedule":
        """Run it again. The next run catches up, by the policy, what fell due in the pause.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> Schedule.objects.resume(Schedule.objects.pause(wages)).state
        'active'
        """
        request = Request("resume_schedule", options, schedule=schedule.pk)
        return self._change(request, schedule, lambda: {"paused_at": None})

    @verb("schedules.end")
    def end(self, schedule: "Schedule", **options: Unpack[RequestOptions]) -> "Schedule":
        """Run nothing more, for good. Its name is free again.

        Due times that have passed without a run are not run either: see `upcoming`, and run them
        first if they are wanted.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> Schedule.objects.end(wages).state
        'ended'
        """
        request = Request("end_schedule", options, schedule=schedule.pk)
        return self._change(request, schedule, lambda: {"ended_at": self._writer.now()})

    def _answer(self, pk: UUID) -> "Schedule":
        schedule: Schedule = self._writer.answer("Schedule", pk)
        return schedule

    def _change(
        self, request: Request, schedule: "Schedule", terms: Callable[[], dict[str, Any]]
    ) -> "Schedule":
        """Lock the schedule, then its budget; write the terms, and a version with those until now.

        A request that was answered before writes nothing. Without a change nothing is written,
        unless a key must be stored for a repeat. Raises ScheduleEnded.
        """
        self._rows.lock(schedule)
        if answer := request.open(self._writer, schedule.budget):
            return self._answer(answer)
        schedule.repeated = False
        if schedule.next_due_at is None:
            raise ScheduleEnded(f"{schedule} has ended", schedule=schedule.name)
        changes = terms()
        changed = [name for name, value in changes.items() if getattr(schedule, name) != value]
        if not changed and request.key is None:
            return schedule
        self._write_change(request, schedule, {name: changes[name] for name in changed})
        return schedule

    def _write_change(
        self, request: Request, schedule: "Schedule", changes: dict[str, Any]
    ) -> None:
        """Write a version with the terms until now, and the changes."""
        until, was = self._until(schedule), schedule.recurrence
        terms = {name: getattr(schedule, name) for name in TERMS} | self._writer.columns(request)
        version = self._writer.make(
            "ScheduleVersion",
            budget=schedule.budget,
            schedule=schedule,
            until=until,
            verb=request.verb.removesuffix("_schedule"),
            **terms,
        )
        for name, value in changes.items():
            setattr(schedule, name, value)
        if schedule.ended_at:
            schedule.next_due_at = None
        elif schedule.recurrence != was:
            self._set_next_due(schedule, until)
        self._rows.write_change(schedule, version, [*changes, "next_due_at"])

    def _until(self, schedule: "Schedule") -> datetime:
        """The last moment of the old terms: now, or a later run or change.

        `run_schedules --now` may have been ahead of the clock.
        """
        ran, changed = self._rows.last_moments(schedule)
        moments = (self._writer.now(), ran, changed and changed + TICK)
        return max(moment for moment in moments if moment)

    def _set_next_due(self, schedule: "Schedule", until: datetime) -> None:
        """Apply the new rule to the next due time, unless an earlier due time has no run yet.

        Raises BadSchedule when it never falls due again.
        """
        skipped = self._rows.run_times_after(schedule, until)
        times = (due for due in due_times(schedule.recurrence, until) if due not in skipped)
        if (following := next(times, None)) is None:
            rule, starts = schedule.rrule, schedule.starts
            raise BadSchedule(f"{rule} from {starts} never falls due again: say another start")
        if schedule.next_due_at is None or schedule.next_due_at > until:
            schedule.next_due_at = following


def columns(when: Recurrence) -> dict[str, Any]:
    """A recurrence as its columns."""
    return {
        "rrule": when.rrule,
        "starts_on": when.starts.date(),
        "starts_at": when.starts.time(),
        "time_zone": when.time_zone,
    }


def _require_terms(new: dict[str, Any]) -> None:
    """Raise BadSchedule unless something is to be changed, and BadAmount for a bad amount."""
    if set(new.values()) == {None}:
        raise BadSchedule(f"name what to change: {', '.join(new)}")
    if new["amount"] is not None:
        require_amount(new["amount"])
    if new["catch_up"] is not None:
        _require_policy(new["catch_up"])


def _require_policy(catch_up: str) -> None:
    if catch_up not in CatchUp:
        raise BadSchedule(f"catch_up is {', '.join(CatchUp)}, not {catch_up!r}")
