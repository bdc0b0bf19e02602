"""`manage.py schedule`: create, list, change, pause, skip and end recurring deposits."""

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from rich.table import Table

from budgets.errors import BadSchedule
from budgets.management.base import BudgetCommand, parse_amount
from budgets.management.ledger_tables import amount_text
from budgets.managers.requests import RequestOptions
from budgets.managers.schedulefacts import CatchUp
from budgets.models import Budget, Schedule
from tenants.local import local

ON = "--tenant tierney --budget Household"

EXAMPLES = {
    "create": f"""
  manage.py schedule create Salary 2500.00 {ON} \\
      --rule "FREQ=MONTHLY;BYMONTHDAY=-1" --starts 2026-12-01T09:00 --zone Europe/Berlin
  manage.py schedule create Allowance 20 {ON} \\
      --rule "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20281231" --starts 2026-12-04T18:00 \\
      --zone America/New_York --catch-up last
""",
    "list": f"""
  manage.py schedule list {ON}
""",
    "edit": f"""
  manage.py schedule edit Salary --amount 2600.00 --memo "pay rise" {ON} --key raise-2027
  manage.py schedule edit Salary --rule "FREQ=MONTHLY;BYMONTHDAY=30" {ON} --dry-run
""",
    "rename": f"""
  manage.py schedule rename Allowance "Pocket money" {ON}
""",
    "pause": f"""
  manage.py schedule pause Salary {ON}
""",
    "resume": f"""
  manage.py schedule resume Salary {ON}
""",
    "skip": f"""
  manage.py schedule skip Salary {ON}
  manage.py schedule skip "Pocket money" 2027-12-31T18:00 {ON}
""",
    "end": f"""
  manage.py schedule end Salary {ON} --json
""",
}
HELP = {
    "create": "create a recurring deposit",
    "list": "list the schedules of a budget, also ended ones",
    "edit": "change the amount, rule, start or time zone from now on",
    "rename": "rename a schedule",
    "pause": "run nothing until the schedule is resumed",
    "resume": "run a paused schedule again, with the due times of the pause as --catch-up decides",
    "skip": "post no deposit at one due time",
    "end": "run nothing more, not even due times that were not run yet",
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
    examples = "".join(examples.rstrip() for examples in EXAMPLES.values())

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        parsers = {name: self.add_verb(verbs, name, HELP[name], EXAMPLES[name]) for name in VERBS}
        for name, verb in parsers.items():
            if name != "list":
                verb.add_argument("name", metavar="NAME", help="name of the schedule")
            if name == "create":
                verb.add_argument(
                    "amount", metavar="AMOUNT", help="such as 1,250.50, in the tenant's notation"
                )
            if name in ("create", "edit"):
                _add_terms(verb, required=name == "create")
            if name not in ("list", "skip"):
                verb.add_argument("--key", help="idempotency key: makes a repeat safe")
                verb.add_argument(
                    "--dry-run", action="store_true", help="show the result and write nothing"
                )
            super().add_arguments(verb)
        parsers["create"].add_argument(
            "--memo", default="", help="memo of each deposit (default: the name)"
        )
        for name in ("edit", "rename", "pause", "resume", "end"):
            parsers[name].add_argument(
                "--memo", default="", help="reason for the change, kept in the history"
            )
        parsers["edit"].add_argument("--amount", metavar="AMOUNT", help="amount of each deposit")
        parsers["rename"].add_argument("new", metavar="NEW", help="new name")
        parsers["skip"].add_argument(
            "due", nargs="?", type=_time, metavar="TIME", help="due time (default: the next one)"
        )

    def handle(
        self, *args: Any, verb: str, tenant: str, budget: str, json: bool, dry_run: bool = False,
        **options: Any,
    ) -> None:  # fmt: skip
        def work(found: Budget) -> list[ScheduleColumns]:
            rows = VERBS[verb](found, **options)
            if dry_run:
                transaction.set_rollback(True)
            return rows

        rows = self.on_budget(tenant, budget, work)
        if json:
            self.print_json(rows if verb == "list" else {**rows[0], "dry_run": dry_run})
            return
        table = Table("schedule", "amount", "rule", "next due", "catch-up", "state")
        table.columns[2].overflow = "fold"
        table.columns[3].no_wrap = True
        for row in rows:
            table.add_row(*(str(row[name] or "") for name in _COLUMNS))
        self.print_rich(table)
        for line in _footer(rows[0]) if verb != "list" else ():
            self.stdout.write(line)
        if any(row.get("repeated") for row in rows):
            self.stdout.write("already done with this key: nothing changed")
        elif dry_run:
            self.stdout.write("dry run: nothing was written")


type ScheduleColumns = dict[str, Any]

_COLUMNS = ("name", "amount", "rrule", "next_due_at", "catch_up", "state")


def _add_terms(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add the flags of `create` and `edit`; `edit` keeps the current value without a flag."""
    unchanged = "" if required else " (default: unchanged)"
    parser.add_argument(
        "--rule", required=required, metavar="RRULE", help="recurrence rule" + unchanged
    )
    parser.add_argument(
        "--starts",
        required=required,
        type=_time,
        metavar="TIME",
        help="first time, in the zone" + unchanged,
    )
    default = " (default: the tenant's)" if required else unchanged
    parser.add_argument("--zone", metavar="NAME", help="time zone, such as Europe/Berlin" + default)
    parser.add_argument(
        "--catch-up",
        default="all" if required else None,
        choices=CatchUp.values,
        help="which due times that were not run in time are run later" + unchanged,
    )


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


def _rename(budget: Budget, *, name: str, new: str, **options: Any) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name, key=options["key"])
    return [_row_with_dates(Schedule.objects.rename(schedule, new, **_request(options)))]


def _pause(budget: Budget, *, name: str, **options: Any) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name, key=options["key"])
    return [_row_with_dates(Schedule.objects.pause(schedule, **_request(options)))]


def _resume(budget: Budget, *, name: str, **options: Any) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name, key=options["key"])
    return [_row_with_dates(Schedule.objects.resume(schedule, **_request(options)))]


def _skip(budget: Budget, *, name: str, due: datetime | None, **_: Any) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name)
    at = due or cast(datetime, schedule.next_due_at)  # an ended schedule is not found
    Schedule.objects.skip(schedule, at if at.tzinfo else at.replace(tzinfo=_zone(schedule)))
    return [_row_with_dates(schedule)]


def _end(budget: Budget, *, name: str, **options: Any) -> list[ScheduleColumns]:
    schedule = Schedule.objects.get_by_name(budget, name, key=options["key"])
    upcoming, now = Schedule.objects.upcoming(schedule, many=100).due_times, timezone.now()
    not_run = [_local(schedule, due) for due in upcoming if due <= now]
    ended = Schedule.objects.end(schedule, **_request(options))
    return [{**_row_with_dates(ended), "not_run": not_run}]


VERBS: dict[str, Callable[..., list[ScheduleColumns]]] = {
    "create": _create,
    "list": _list_schedules,
    "edit": _edit,
    "rename": _rename,
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "end": _end,
}


def _request(options: dict[str, Any]) -> RequestOptions:
    return {"memo": options["memo"], "key": options["key"]}


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
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSchedule(f"{text!r} is not a time: write it like 2026-12-31T09:00") from error
