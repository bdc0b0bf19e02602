"""`manage.py schedule`: create, list, change, pause, skip and end recurring deposits."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from budgets.errors import BadSchedule
from budgets.management.base import AMOUNT, BudgetCommand, parse_amount
from budgets.management.ledger_tables import amount_text
from budgets.management.request_flags import DRY_RUN, KEY
from budgets.managers.schedulefacts import CatchUp
from budgets.models import Budget, Schedule
from tenants.local import local
from tenants.management.declarations import Argument, Verb, argument, parse_or_raise
from tenants.management.table_layout import make_table

ON = "--tenant tierney --budget Household"

type ScheduleColumns = dict[str, Any]

_COLUMNS = ("name", "amount", "rrule", "next_due_at", "catch_up", "state")


def _create(
    budget: Budget, *, name: str, amount: str, rule: str, starts: datetime,
    catch_up: str, memo: str, key: str | None, **_: Any,
) -> list[ScheduleColumns]:  # fmt: skip
    minor = parse_amount(budget, amount)
    schedule = Schedule.objects.create_schedule(
        budget, name, minor, rrule=rule, starts=starts, time_zone=local().time_zone,
        catch_up=catch_up, memo=memo, key=key,
    )  # fmt: skip
    return [_row_with_dates(schedule)]


def _list_schedules(budget: Budget, **_: Any) -> list[ScheduleColumns]:
    return [*map(_row, budget.schedules.by_name())]


def _edit(
    budget: Budget, *, name: str, amount: str | None, rule: str | None, starts: datetime | None,
    zone: str | None, catch_up: str | None, memo: str, key: str | None, **_: Any,
) -> list[ScheduleColumns]:  # fmt: skip
    schedule = Schedule.objects.get_by_name(budget, name, key=key)
    minor = None if amount is None else parse_amount(budget, amount)
    changed = Schedule.objects.edit(
        schedule, amount=minor, rrule=rule, starts=starts, time_zone=zone,
        catch_up=catch_up, memo=memo, key=key,
    )  # fmt: skip
    return [_row_with_dates(changed)]


def _change(
    budget: Budget, *, verb: str, name: str, memo: str, key: str | None, new: str | None = None,
    **_: Any,
) -> list[ScheduleColumns]:  # fmt: skip
    """Rename, pause or resume a schedule."""
    schedule = Schedule.objects.get_by_name(budget, name, key=key)
    change = getattr(Schedule.objects, verb)
    return [_row_with_dates(change(schedule, *([] if new is None else [new]), memo=memo, key=key))]


def _skip(budget: Budget, *, name: str, due: datetime | None, **_: Any) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name)
    at = due or cast(datetime, schedule.next_due_at)  # an ended schedule is not found
    Schedule.objects.skip(schedule, at if at.tzinfo else at.replace(tzinfo=_zone(schedule)))
    return [_row_with_dates(schedule)]


def _end(
    budget: Budget, *, name: str, memo: str, key: str | None, **_: Any
) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name, key=key)
    upcoming, now = Schedule.objects.upcoming(schedule, many=100).due_times, timezone.now()
    not_run = [_local(schedule, due) for due in upcoming if due <= now]
    ended = Schedule.objects.end(schedule, memo=memo, key=key)
    return [{**_row_with_dates(ended), "not_run": not_run}]


def _row(schedule: Schedule) -> ScheduleColumns:
    due = schedule.next_due_at
    return {
        "name": schedule.name,
        "amount": amount_text(schedule.budget, schedule.amount),
        "amount_minor": schedule.amount,
        "rrule": schedule.rrule,
        "starts": schedule.starts.isoformat(),
        "time_zone": schedule.time_zone,
        "catch_up": schedule.catch_up,
        "state": schedule.state,
        "next_due_at": due and _local(schedule, due),
        "id": schedule.pk,
    }


def _row_with_dates(schedule: Schedule) -> ScheduleColumns:
    """A schedule with its next due times and the months that its rule skips."""
    upcoming = Schedule.objects.upcoming(schedule)
    skips = [{"day": one.day, "months": one.months, "text": str(one)} for one in upcoming.skips]
    return {
        **_row(schedule),
        "repeated": schedule.repeated,
        "upcoming": [_local(schedule, due) for due in upcoming.due_times],
        "skips": skips,
    }


def _footer(row: ScheduleColumns) -> Iterator[str]:
    """The lines below the table."""
    if row["upcoming"]:
        yield f"next due times: {', '.join(row['upcoming'])}"
    for skip in row["skips"] if row["upcoming"] else ():
        yield f"the rule {skip['text']}"
    if not_run := row.get("not_run"):
        yield f"due before the end and not run: {', '.join(not_run)}"


def _local(schedule: Schedule, due: datetime) -> str:
    return due.astimezone(_zone(schedule)).isoformat(timespec="minutes")


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.time_zone)


def _time(text: str) -> datetime:
    """Parse an ISO time. Raises BadSchedule."""
    message = f"{text!r} is not a time: write it like 2026-12-31T09:00"
    return parse_or_raise(datetime.fromisoformat, text, BadSchedule(message))


def _terms(*, required: bool) -> tuple[Argument, ...]:
    """The flags of `create` and `edit`; `edit` keeps the current value without a flag."""
    unchanged = "" if required else " (default: unchanged)"
    zone = " (default: the tenant's)" if required else unchanged
    times = "which due times that were not run in time are run later"
    return (
        argument("--rule", f"recurrence rule{unchanged}", "RRULE", required=required),
        argument(
            "--starts", f"first time, in the zone{unchanged}", "TIME", required=required, type=_time
        ),
        argument("--zone", f"time zone, such as Europe/Berlin{zone}", "NAME"),
        argument(
            "--catch-up",
            times + unchanged,
            default="all" if required else None,
            choices=CatchUp.values,
        ),
    )


NAME = argument("name", "name of the schedule", "NAME")
SAFE = (KEY, DRY_RUN, *BudgetCommand.arguments)
REASON = argument("--memo", "reason for the change, kept in the history", default="")
CHANGED = (NAME, *SAFE, REASON)
CREATED = (
    NAME,
    AMOUNT,
    *_terms(required=True),
    *SAFE,
    argument("--memo", "memo of each deposit (default: the name)", default=""),
)
NEW_AMOUNT = argument("--amount", "amount of each deposit", "AMOUNT")
DUE = argument("due", "due time (default: the next one)", "TIME", nargs="?", type=_time)

VERBS = {
    "create": Verb("create a recurring deposit", _create, CREATED),
    "list": Verb(
        "list the schedules of a budget, also ended ones", _list_schedules, BudgetCommand.arguments
    ),
    "edit": Verb(
        "change the amount, rule, start or time zone from now on",
        _edit,
        (NAME, *_terms(required=False), *SAFE, REASON, NEW_AMOUNT),
    ),
    "rename": Verb("rename a schedule", _change, (*CHANGED, argument("new", "new name", "NEW"))),
    "pause": Verb("run nothing until the schedule is resumed", _change, CHANGED),
    "resume": Verb(
        "run a paused schedule again, with the due times of the pause as --catch-up decides",
        _change,
        CHANGED,
    ),
    "skip": Verb("post no deposit at one due time", _skip, (NAME, *BudgetCommand.arguments, DUE)),
    "end": Verb("run nothing more, not even due times that were not run yet", _end, CHANGED),
}


class Command(BudgetCommand):
    """Runs the verbs of ScheduleManager."""

    help = (
        "Create a recurring deposit, list those of a budget, change, rename, pause, resume or end "
        "one, or skip one due time. The output shows the next due times, and the months that the "
        "rule skips. `run_schedules` posts the deposits. Rules are RFC 5545: FREQ=DAILY, WEEKLY, "
        "MONTHLY or YEARLY; BYMONTHDAY=-1 is the last day of the month. A change applies to the "
        "due times after it; earlier due times keep their amount and rule. `end` applies to all "
        "due times without a run."
    )
    examples = f"""
  manage.py schedule create Salary 2500.00 {ON} \\
      --rule "FREQ=MONTHLY;BYMONTHDAY=-1" --starts 2026-12-01T09:00 --zone Europe/Berlin
  manage.py schedule create Allowance 20 {ON} \\
      --rule "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20281231" --starts 2026-12-04T18:00 \\
      --zone America/New_York --catch-up last
  manage.py schedule list {ON}
  manage.py schedule edit Salary --amount 2600.00 --memo "pay rise" {ON} --key raise-2027
  manage.py schedule edit Salary --rule "FREQ=MONTHLY;BYMONTHDAY=30" {ON} --dry-run
  manage.py schedule rename Allowance "Pocket money" {ON}
  manage.py schedule pause Salary {ON}
  manage.py schedule resume Salary {ON}
  manage.py schedule skip Salary {ON}
  manage.py schedule skip "Pocket money" 2027-12-31T18:00 {ON}
  manage.py schedule end Salary {ON} --json
"""
    arguments = ()
    verbs = VERBS

    def handle(
        self, *args: Any, verb: str, tenant: str, budget: str, json: bool, dry_run: bool = False,
        **options: Any,
    ) -> None:  # fmt: skip
        def work(found: Budget) -> list[ScheduleColumns]:
            rows: list[ScheduleColumns] = VERBS[verb].run(found, verb=verb, **options)
            if dry_run:
                transaction.set_rollback(True)
            return rows

        rows = self.on_budget(tenant, budget, work)
        cells = ([row[name] or "" for name in _COLUMNS] for row in rows)
        headings = ("schedule", "amount", "rule", "next due", "catch-up", "state")
        table = make_table(*headings, rows=cells)
        table.columns[2].overflow = "fold"
        table.columns[3].no_wrap = True
        lines = [] if verb == "list" else [*_footer(rows[0])]
        if any(row.get("repeated") for row in rows):
            lines.append("already done with this key: nothing changed")
        elif dry_run:
            lines.append("dry run: nothing was written")
        value = rows if verb == "list" else {**rows[0], "dry_run": dry_run}
        self.print_report(json, (value, table, *lines))
