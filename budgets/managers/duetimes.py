"""The due times of schedules that have no run, and what becomes of them when they have come."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery

from budgets.recurrence import due_times, is_missed

if TYPE_CHECKING:
    from budgets.managers.schedules import ScheduleQuerySet
    from budgets.models import Schedule

type Planned = tuple[datetime, str]
"""A due time, and what becomes of it: deposited or missed; or the first one, which is resting."""

type Runs = tuple[datetime | None, list[datetime]]
"""The last due time before the next one that has a run, and those after it that were skipped."""


def runs_of(schedules: "ScheduleQuerySet") -> dict[UUID, Runs]:
    """The runs of each that matter for the due times to come, in one statement."""
    runs = apps.get_model("budgets.ScheduleRun").objects.filter(schedule=OuterRef("pk"))
    before = runs.filter(due_at__lt=OuterRef("next_due_at")).order_by("-due_at")
    ahead = runs.filter(due_at__gte=OuterRef("next_due_at"))
    rows = schedules.values_list(
        "pk", Subquery(before.values("due_at")[:1]), ArraySubquery(ahead.values("due_at"))
    )
    return {pk: (last, skipped) for pk, last, skipped in rows}


def open_times(schedule: "Schedule", runs: Mapping[UUID, Runs]) -> Iterator[datetime]:
    """The due times of a schedule that have no run, in order.

    They follow the last run, not `next_due_at`: where a newer time zone database has moved the
    next due time forward, it is not lost.
    """
    last, skipped = runs.get(schedule.pk, (None, []))
    return (due for due in due_times(schedule.recurrence, last) if due not in skipped)


def outcomes(
    schedule: "Schedule", times: list[datetime], following: datetime | None, now: datetime
) -> list[Planned]:
    """What becomes of due times that have come, `following` being due next."""
    if schedule.state == "resting":
        return [(due, "resting") for due in times[:1]]
    newest = following if following is not None and following <= now else max(times, default=now)
    missed = partial(is_missed, catch_up=schedule.catch_up, now=now, newest=newest)
    return [(due, "missed" if missed(due) else "deposited") for due in times]
