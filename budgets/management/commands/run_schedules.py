"""`manage.py run_schedules`: run the due times of schedules."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from rich.table import Table

from budgets.errors import BadSchedule
from budgets.jobs import scheduling, tasks
from budgets.management.ledger_tables import amount_text
from budgets.models import Schedule
from tenants.context import inspecting
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, ONE_TENANT, argument, flag, parse_or_raise
from tenants.management.table_layout import make_table
from tenants.models import Tenant


def _time(text: str) -> datetime:
    """Parse an ISO time, in UTC without an offset. Raises BadSchedule."""
    message = f"{text!r} is not a time: write it like 2026-12-31T09:00"
    time = parse_or_raise(datetime.fromisoformat, text, BadSchedule(message))
    if not 1970 < time.year <= timezone.now().year + 1:
        raise BadSchedule(f"the time must be from 1971 to the end of next year, not {text!r}")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Posts the deposits of schedules that are due."""

    help = (
        "Post the deposits of all schedules that are due, of one tenant or of all. Each due time "
        "is run once, even if several workers call this command at the same time. The schedules of "
        "an archived budget rest; --dry-run lists them. Exit code 1: some schedules were refused; "
        "each is printed and stays due, and the others are run."
    )
    examples = """
  manage.py run_schedules
  manage.py run_schedules --tenant tierney --dry-run
  manage.py run_schedules --tenant tierney --now 2026-12-31T23:59 --json
  manage.py run_schedules --enqueue       # let the task workers run them
"""

    arguments = (
        ONE_TENANT,
        argument("--now", "run as of this time (in UTC without an offset)", "ISO", type=_time),
        flag("--dry-run", "show the due times and write nothing"),
        flag("--enqueue", "enqueue one task for each tenant"),
        JSON,
    )

    def handle(
        self, *args: Any, tenant: str | None, now: datetime | None, dry_run: bool, enqueue: bool,
        json: bool, **options: Any,
    ) -> None:  # fmt: skip
        only = [Tenant.objects.id_of(tenant)] if tenant else None
        now = now or timezone.now()
        ids = scheduling.tenants_with_due(now, resting=dry_run) if only is None else only
        if enqueue:
            self._enqueue(ids, json)
            return
        slugs = _slugs(ids)
        rows = [
            {"tenant": slugs[tenant_id], **row}
            for tenant_id in ids
            for row in (_planned if dry_run else _run)(tenant_id, now)
        ]
        value = {"now": now.isoformat(), "dry_run": dry_run, "runs": rows}
        self.print_report(json, (value, *_shown(rows, dry_run)))
        if any(row["outcome"] == "refused" for row in rows):
            sys.exit(1)

    def _enqueue(self, ids: list[UUID], json: bool) -> None:
        results = [tasks.run_schedules.enqueue(str(tenant_id)) for tenant_id in ids]
        value = {"enqueued": [result.id for result in results]}
        self.print_report(json, (value, f"{len(results)} tasks enqueued"))


def _shown(rows: list[dict[str, Any]], dry_run: bool) -> Iterator[Table | str]:
    """The table of the runs, the reasons, and the count of the deposits."""
    table = make_table("tenant", "budget", "schedule", "due (UTC)", ">amount", "outcome")
    for row in rows:
        cells = [row[name] for name in ("tenant", "budget", "schedule")]
        style = "" if row["outcome"] == "deposited" else "dim"
        due = row["due_at"].replace("T", " ")[:16]
        table.add_row(*cells, due, row["amount"], row["outcome"], style=style)
    if rows:
        yield table
    for row in rows:
        if "why" in row:
            yield f"{row['tenant']}: {row['schedule']}: {row['why']}"
    deposited = sum(row["outcome"] == "deposited" for row in rows)
    verb = "would be made (dry run: nothing was written)" if dry_run else "made"
    yield f"{deposited:,} deposits {verb}"


def _slugs(ids: list[UUID]) -> dict[UUID, str]:
    with inspecting():
        return Tenant.objects.slugs_of(ids)


def _run(tenant_id: UUID, now: datetime) -> Iterator[dict[str, Any]]:
    """A row for each run, and one for each refused schedule."""
    for report in scheduling.run_due(tenant_id, now):
        for run in report.runs:
            yield _row(report.schedule, run.due_at, run.outcome, movement=run.movement_id)
        if report.error:
            why = f"{report.error} [{report.error.code}]"
            # None after the last run, of which it is unknown whether it was committed.
            due_at = report.schedule.next_due_at or now
            yield _row(report.schedule, due_at, "refused", why=why)


def _planned(tenant_id: UUID, now: datetime) -> Iterator[dict[str, Any]]:
    for schedule, planned in scheduling.plan_runs(tenant_id, now):
        for due_at, outcome in planned:
            why = (
                {"why": "the schedule rests because its budget is archived"}
                if outcome == "resting"
                else {}
            )
            yield _row(schedule, due_at, outcome, **why)


def _row(schedule: Schedule, due_at: datetime, outcome: str, **more: Any) -> dict[str, Any]:
    budget, amount = schedule.budget, schedule.terms_at(due_at).amount
    return {
        "budget": budget.name,
        "schedule": schedule.name,
        "due_at": due_at.isoformat(),
        "amount": amount_text(budget, amount),
        "amount_minor": amount,
        "currency": budget.currency,
        "outcome": outcome,
        **more,
    }
