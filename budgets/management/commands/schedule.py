"""`manage.py schedule`: make recurring deposits, look at them, pause, resume and skip them."""

import argparse
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from rich.table import Table

from budgets.errors import BadSchedule
from budgets.management.base import BudgetCommand, typed
from budgets.models import Budget, Schedule
from budgets.tables import shown
from tenants.local import local


class Command(BudgetCommand):
    """Schedules, from the command line."""

    help = (
        "Make a recurring deposit, list a budget's, pause or resume one, or skip one due time. "
        "`run_schedules` makes the deposits. Rules are RFC 5545: FREQ=DAILY, WEEKLY, MONTHLY or "
        "YEARLY; BYMONTHDAY=-1 is the last day of the month."
    )
    examples = """
  manage.py schedule create Salary 2500.00 --tenant rivera --budget Household \\
      --rule "FREQ=MONTHLY;BYMONTHDAY=-1" --starts 2026-12-01T09:00 --zone Europe/Berlin
  manage.py schedule create Allowance 20 --tenant rivera --budget Household \\
      --rule "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;UNTIL=20271231" --starts 2026-12-04T18:00 \\
      --zone America/New_York --catch-up last
  manage.py schedule list --tenant rivera --budget Household
  manage.py schedule pause Salary --tenant rivera --budget Household
  manage.py schedule skip Salary 2026-12-31T09:00 --tenant rivera --budget Household
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, metavar="create|list|pause|resume|skip"
        )
        create = verbs.add_parser("create", help="make a recurring deposit")
        pause = verbs.add_parser("pause", help="run nothing until it is resumed")
        resume = verbs.add_parser("resume", help="run it again; what fell due is caught up")
        skip = verbs.add_parser("skip", help="deposit nothing at one due time")
        for verb in (create, pause, resume, skip):
            verb.add_argument("name", metavar="NAME")
        create.add_argument("amount", metavar="AMOUNT", help="as the tenant writes it: 1,250.50")
        create.add_argument("--rule", required=True, metavar="RRULE", help="when it falls due")
        create.add_argument("--starts", required=True, type=_time, metavar="TIME", help="local")
        create.add_argument(
            "--zone", metavar="NAME", help="such as Europe/Berlin (default: the tenant's)"
        )
        create.add_argument("--catch-up", default="all", choices=Schedule.CatchUp.values)
        create.add_argument("--memo", default="", help="of each deposit (default: the name)")
        create.add_argument("--key", help="makes a repeat safe")
        skip.add_argument("due", nargs="?", type=_time, metavar="TIME", help="default: the next")
        for verb in (create, verbs.add_parser("list", help="the budget's"), pause, resume, skip):
            super().add_arguments(verb)

    def handle(self, *args: Any, verb: str, tenant: str, budget: str, **options: Any) -> None:
        verbs: dict[str, Callable[..., list[Schedule]]] = {
            "create": create,
            "list": listed,
            "pause": pause,
            "resume": resume,
            "skip": skip,
        }
        rows = self.on_budget(
            tenant, budget, lambda found: [*map(_row, verbs[verb](found, **options))]
        )
        if options["json"]:
            self.print_json(rows if verb == "list" else rows[0])
            return
        table = Table("schedule", "amount", "rule", "next due", "catches up", "state")
        table.columns[2].overflow = "fold"
        table.columns[3].no_wrap = True
        for row in rows:
            table.add_row(*(str(row[name] or "") for name in _COLUMNS))
        self.print_rich(table)


_COLUMNS = ("name", "amount", "rrule", "next_due_at", "catch_up", "state")


def create(
    budget: Budget, *, name: str, amount: str, rule: str, starts: datetime,
    catch_up: str, memo: str, key: str | None, **_: Any,
) -> list[Schedule]:  # fmt: skip
    """Make one. Raises BadAmount and BadSchedule."""
    minor = typed(budget, amount)
    schedule = Schedule.objects.create_schedule(
        budget, name, minor, rrule=rule, starts=starts, time_zone=local().time_zone,
        catch_up=catch_up, memo=memo, key=key,
    )  # fmt: skip
    return [schedule]


def listed(budget: Budget, **_: Any) -> list[Schedule]:
    """The budget's, those that have ended included."""
    return list(budget.schedules.by_name())


def pause(budget: Budget, *, name: str, **_: Any) -> list[Schedule]:
    """Raises UnknownSchedule."""
    return [Schedule.objects.pause(Schedule.objects.called(budget, name))]


def resume(budget: Budget, *, name: str, **_: Any) -> list[Schedule]:
    """Raises UnknownSchedule."""
    return [Schedule.objects.resume(Schedule.objects.called(budget, name))]


def skip(budget: Budget, *, name: str, due: datetime | None, **_: Any) -> list[Schedule]:
    """Raises UnknownSchedule and BadSchedule."""
    schedule = Schedule.objects.called(budget, name)
    at = due or cast(datetime, schedule.next_due_at)  # one that has ended is not found
    Schedule.objects.skip(schedule, at if at.tzinfo else at.replace(tzinfo=_zone(schedule)))
    return [schedule]


def _row(schedule: Schedule) -> dict[str, Any]:
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
        "next_due_at": due and due.astimezone(_zone(schedule)).isoformat(timespec="minutes"),
        "id": schedule.pk,
    }


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule.time_zone)


def _time(text: str) -> datetime:
    """A time in ISO form. Raises BadSchedule."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSchedule(f"that is no time: {text!r}; say one such as 2026-12-31T09:00") from error
