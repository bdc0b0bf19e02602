"""Running what is due for a tenant: every batch of a schedule in a transaction of its own.

A schedule that cannot be run stays due and keeps no other from running.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from budgets.managers.duetimes import Planned
from budgets.models import Schedule, ScheduleRun
from tenants.context import inspecting, run_for
from tenants.errors import CodedError


@dataclass(frozen=True, slots=True)
class RunReport:
    """What became of a schedule; `error` kept it from being run, or run to the end."""

    schedule: Schedule
    runs: list[ScheduleRun]
    error: CodedError | None = None


def tenants_with_due(now: datetime, *, resting: bool = False) -> list[UUID]:
    """The tenants that have something to run, or `resting`; what suspended ones have stays due."""
    with inspecting():
        return Schedule.objects.tenants_with_due(now, resting=resting)


def run_due(tenant_id: UUID | str, now: datetime) -> Iterator[RunReport]:
    """Run all that is due for a tenant, the longest overdue first. Opens its own blocks."""
    for schedule in run_for(tenant_id, lambda: list(Schedule.objects.due(now))):
        runs: list[ScheduleRun] = []
        error = None
        try:
            while batch := run_for(tenant_id, partial(Schedule.objects.run_due, schedule, now)):
                runs += batch
        except CodedError as caught:
            error = caught
        yield RunReport(schedule, runs, error)


def plan_runs(tenant_id: UUID, now: datetime) -> list[tuple[Schedule, list[Planned]]]:
    """What `run_due` would do, or the first of it, and what rests; writes nothing."""

    def work() -> list[tuple[Schedule, list[Planned]]]:
        past = list(Schedule.objects.fallen_due(now))
        return list(Schedule.objects.all_planned(past, now))

    return run_for(tenant_id, work)
