"""`manage.py schedule`: make recurring deposits, look at them, change, pause, skip and end them."""

import argparse
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from rich.table import Table

from budgets.errors import BadSchedule
from budgets.management.base import BudgetCommand, typed
from budgets.management.tables import shown
from budgets.managers.requests import RequestOptions
from budgets.models import Budget, Schedule
from tenants.local import local


class Command(BudgetCommand):
    """Schedules, from the command line."""

    help = (
        "Make a recurring deposit, list a budget's, change, rename, pause, resume or end one, or "
        "skip one due time. Each tells when it falls due next, and which months its rule skips. "
        "`run_schedules` makes the deposits. Rules are RFC 5545: FREQ=DAILY, WEEKLY, MONTHLY or "
        "YEARLY; BYMONTHDAY=-1 is the last day of the month. A change is for the due times after "
        "it; those that have come keep the amount and the rule they had. An end is for all."
    )
    examples = """
  manage.py schedule create Salary 2500.00 --tenant rivera --budget Household \\
      --rule "FREQ=MONTHLY;BYMONTHDAY=-1" --starts 2026-12-01T09:00 --zone Europe/Berlin
  manage.py schedule create Allowance 20 --tenant rivera --budget Household \\
      --rule "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20271231" --starts 2026-12-04T18:00 \\
      --zone America/New_York --catch-up last
  manage.py schedule list --tenant rivera --budget Household
  manage.py schedule edit Salary --amount 2600.00 --memo "pay rise" --tenant rivera \\
      --budget Household --key raise-2027
  manage.py schedule edit Salary --rule "FREQ=MONTHLY;BYMONTHDAY=30" --tenant rivera \\
      --budget Household --dry-run
  manage.py schedule rename Allowance "Pocket money" --tenant rivera --budget Household
  manage.py schedule pause Salary --tenant rivera --budget Household
  manage.py schedule skip Salary 2026-12-31T09:00 --tenant rivera --budget Household
  manage.py schedule end Salary --tenant rivera --budget Household --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        parsers = {name: verbs.add_parser(name, help=verb.__doc__) for name, verb in VERBS.items()}
        for name, verb in parsers.items():
            if name != "list":
                verb.add_argument("name", metavar="NAME")
            if name == "create":
                verb.add_argument(
                    "amount", metavar="AMOUNT", help="as the tenant writes it: 1,250.50"
                )
            if name in ("create", "edit"):
                _add_terms(verb, needed=name == "create")
            if name not in ("list", "skip"):
                verb.add_argument("--key", help="makes a repeat safe")
                verb.add_argument("--dry-run", action="store_true", help="write nothing")
            super().add_arguments(verb)
        parsers["create"].add_argument(
            "--memo", default="", help="of each deposit (default: the name)"
        )
        for name in ("edit", "rename", "pause", "resume", "end"):
            parsers[name].add_argument("--memo", default="", help="why, for the history")
        parsers["edit"].add_argument("--amount", metavar="AMOUNT", help="what each deposit brings")
        parsers["rename"].add_argument("new", metavar="NEW", help="its new name")
        parsers["skip"].add_argument(
            "due", nargs="?", type=_time, metavar="TIME", help="default: the next"
        )

    def handle(
        self, *args: Any, verb: str, tenant: str, budget: str, json: bool, dry_run: bool = False,
        **options: Any,
    ) -> None:  # fmt: skip
        def work(found: Budget) -> list[Answer]:
            rows = VERBS[verb](found, **options)
            if dry_run:
                transaction.set_rollback(True)
            return rows

        rows = self.on_budget(tenant, budget, work)
        if json:
            self.print_json(rows if verb == "list" else {**rows[0], "dry_run": dry_run})
            return
        table = Table("schedule", "amount", "rule", "next due", "catches up", "state")
        table.columns[2].overflow = "fold"
        table.columns[3].no_wrap = True
        for row in rows:
            table.add_row(*(str(row[name] or "") for name in _COLUMNS))
        self.print_rich(table)
        for line in _told(rows[0]) if verb != "list" else ():
            self.stdout.write(line)
        if any(row.get("repeated") for row in rows):
            self.stdout.write("done before, with this key: nothing changed")
        elif dry_run:
            self.stdout.write("dry run: nothing was written")


type Answer = dict[str, Any]

_COLUMNS = ("name", "amount", "rrule", "next_due_at", "catch_up", "state")


def _add_terms(parser: argparse.ArgumentParser, *, needed: bool) -> None:
    """What `create` and `edit` may say; `edit` keeps what is not said."""
    kept = "" if needed else " (default: as it is)"
    parser.add_argument("--rule", required=needed, metavar="RRULE", help="when it falls due" + kept)
    parser.add_argument(
        "--starts", required=needed, type=_time, metavar="TIME", help="local" + kept
    )
    default = " (default: the tenant's)" if needed else kept
    parser.add_argument("--zone", metavar="NAME", help="such as Europe/Berlin" + default)
    parser.add_argument(
        "--catch-up",
        default="all" if needed else None,
        choices=Schedule.CatchUp.values,
        help="what of due times that nobody ran in time is run" + kept,
    )


def create(
    budget: Budget, *, name: str, amount: str, rule: str, starts: datetime,
    catch_up: str, memo: str, key: str | None, **_: Any,
) -> list[Answer]:  # fmt: skip
    """Make a recurring deposit"""
    minor = typed(budget, amount)
    schedule = Schedule.objects.create_schedule(
        budget, name, minor, rrule=rule, starts=starts, time_zone=local().time_zone,
        catch_up=catch_up, memo=memo, key=key,
    )  # fmt: skip
    return [_answer(schedule)]


def listed(budget: Budget, **_: Any) -> list[Answer]:
    """The budget's, those that have ended included"""
    return [*map(_row, budget.schedules.by_name())]


def edit(
    budget: Budget, *, name: str, amount: str | None, rule: str | None, starts: datetime | None,
    zone: str | None, catch_up: str | None, memo: str, key: str | None, **_: Any,
) -> list[Answer]:  # fmt: skip
    """Change the amount, the rule, its start or zone, from now on"""
    schedule = Schedule.objects.get_by_name(budget, name, key=key)
    minor = None if amount is None else typed(budget, amount)
    changed = Schedule.objects.edit(
        schedule, amount=minor, rrule=rule, starts=starts, time_zone=zone,
        catch_up=catch_up, memo=memo, key=key,
    )  # fmt: skip
    return [_answer(changed)]


def rename(budget: Budget, *, name: str, new: str, **said: Any) -> list[Answer]:
    """Give it another name"""
    schedule = Schedule.objects.get_by_name(budget, name, key=said["key"])
    return [_answer(Schedule.objects.rename(schedule, new, **_options(said)))]


def pause(budget: Budget, *, name: str, **said: Any) -> list[Answer]:
    """Run nothing until it is resumed"""
    schedule = Schedule.objects.get_by_name(budget, name, key=said["key"])
    return [_answer(Schedule.objects.pause(schedule, **_options(said)))]


def resume(budget: Budget, *, name: str, **said: Any) -> list[Answer]:
    """Run it again; what fell due is caught up"""
    schedule = Schedule.objects.get_by_name(budget, name, key=said["key"])
    return [_answer(Schedule.objects.resume(schedule, **_options(said)))]


def skip(budget: Budget, *, name: str, due: datetime | None, **_: Any) -> list[Answer]:
    """Deposit nothing at one due time"""
    schedule = Schedule.objects.get_by_name(budget, name)
    at = due or cast(datetime, schedule.next_due_at)  # one that has ended is not found
    Schedule.objects.skip(schedule, at if at.tzinfo else at.replace(tzinfo=_zone(schedule)))
    return [_answer(schedule)]


def end(budget: Budget, *, name: str, **said: Any) -> list[Answer]:
    """Run nothing more, nor what has fallen due and has no run"""
    schedule = Schedule.objects.get_by_name(budget, name, key=said["key"])
    to_come, now = Schedule.objects.upcoming(schedule, many=100).due_times, timezone.now()
    not_run = [_local(schedule, due) for due in to_come if due <= now]
    ended = Schedule.objects.end(schedule, **_options(said))
    return [{**_answer(ended), "not_run": not_run}]


VERBS: dict[str, Callable[..., list[Answer]]] = {
    "create": create,
    "list": listed,
    "edit": edit,
    "rename": rename,
    "pause": pause,
    "resume": resume,
    "skip": skip,
    "end": end,
}


def _options(said: dict[str, Any]) -> RequestOptions:
    return {"memo": said["memo"], "key": said["key"]}


def _row(schedule: Schedule) -> Answer:
    due = schedule.next_due_at
    return {
        "name": schedule.name,
        "amount": shown(schedule.budget, schedule.amount),
        "amount_minor": schedule.amount,
        "rrule": schedule.rrule,
        "starts": schedule.starts.isoformat(),
        "time_zone": schedule.time_zone,
        "catch_up": schedule.catch_up,
        "state": schedule.state,
        "next_due_at": due and _local(schedule, due),
        "id": schedule.pk,
    }


def _answer(schedule: Schedule) -> Answer:
    """A schedule with its next due times and what its rule skips."""
    seen = Schedule.objects.upcoming(schedule)
    skips = [{"day": one.day, "months": one.months, "text": str(one)} for one in seen.skips]
    return {
        **_row(schedule),
        "repeated": schedule.repeated,
        "upcoming": [_local(schedule, due) for due in seen.due_times],
        "skips": skips,
    }


def _told(row: Answer) -> Iterator[str]:
    """What is said below the table."""
    if row["upcoming"]:
        yield f"falls due {', '.join(row['upcoming'])}"
    for skip in row["skips"] if row["upcoming"] else ():
        yield f"it {skip['text']}"
    if not_run := row.get("not_run"):
        yield f"had fallen due, and is not run: {', '.join(not_run)}"


def _local(schedule: Schedule, due: datetime) -> str:
    return due.astimezone(_zone(schedule)).isoformat(timespec="minutes")


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.time_zone)


def _time(text: str) -> datetime:
    """A time in ISO form. Raises BadSchedule."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSchedule(f"that is no time: {text!r}; say one such as 2026-12-31T09:00") from error
