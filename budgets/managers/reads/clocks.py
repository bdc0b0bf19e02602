"""Schedules whose next due time does not follow from their runs: for the audit.

Every due time before the next one has a run, and the next one has none.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps

from budgets.errors import BadSchedule
from budgets.managers.schedulefacts import RunOutcome
from budgets.recurrence import Recurrence, due_times

if TYPE_CHECKING:
    from budgets.models import Schedule, ScheduleRun, ScheduleVersion

_NEAR = timedelta(hours=12)
"""How far a newer time zone database may move a due time; the nearest other one is a day away."""

_AT_ONCE = 1_000  # due times


def misclocked(schedules: "Sequence[Schedule]") -> "Iterator[Schedule]":
    """Those of the schedules whose clock is wrong, or that lack a run; in two statements."""
    runs: defaultdict[UUID, list[ScheduleRun]] = defaultdict(list)
    versions: defaultdict[UUID, list[ScheduleVersion]] = defaultdict(list)
    rows = apps.get_model("budgets.ScheduleRun").objects.filter(schedule__in=schedules)
    for run in rows.only("schedule", "due_at", "outcome").order_by("due_at"):
        runs[run.schedule_id].append(run)
    for version in apps.get_model("budgets.ScheduleVersion").objects.filter(schedule__in=schedules):
        versions[version.schedule_id].append(version)
    for schedule in schedules:
        if not _keeps_time(schedule, versions[schedule.pk], runs[schedule.pk]):
            yield schedule


def _keeps_time(
    schedule: "Schedule", versions: "list[ScheduleVersion]", runs: "list[ScheduleRun]"
) -> bool:
    """Whether its first due time without a run is the next one; of an ended one, after the last.

    A rule that cannot be read keeps no time.
    """
    ran = [run.due_at for run in runs]
    try:
        first = next(_without_run(_all_due(schedule, versions), ran), None)
    except BadSchedule:
        return False
    if schedule.ended_at:
        last = max((run.due_at for run in runs if run.outcome != RunOutcome.SKIPPED), default=None)
        return first is None or last is None or first > last
    if first is None or schedule.next_due_at is None:
        return first is schedule.next_due_at
    return abs(first - schedule.next_due_at) < _NEAR


def _all_due(schedule: "Schedule", versions: "list[ScheduleVersion]") -> Iterator[datetime]:
    """Its due times from the start on: of each version up to its end, then its own."""
    after: datetime | None = None
    for version in sorted(versions, key=lambda version: version.until):
        yield from _due(version.recurrence, after, version.until)
        after = version.until
    yield from _due(schedule.recurrence, after, None)


def _due(
    recurrence: Recurrence, after: datetime | None, until: datetime | None
) -> Iterator[datetime]:
    """`due_times`, of which there may be any number."""
    while some := list(islice(due_times(recurrence, after, until), _AT_ONCE)):
        yield from some
        after = some[-1]


def _without_run(times: Iterable[datetime], ran: Sequence[datetime]) -> Iterator[datetime]:
    """The due times that no run is near."""
    for due in times:
        place = bisect_left(ran, due - _NEAR)
        if place == len(ran) or ran[place] > due + _NEAR:
            yield due
