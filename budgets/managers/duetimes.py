"""The due times of schedules that have no run, and what becomes of them when they have come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery

from budgets.recurrence import due_times, is_missed

if TYPE_CHECKING:
    from budgets.managers.running import ScheduleQuerySet
    from budgets.models import Schedule

type Planned = tuple[datetime, str]
"""A due time, and what becomes of it: deposited or missed; or the first one, which is resting."""


class Past(NamedTuple):
    """What of a schedule's past matters for the due times to come.

    `last` is the last due time before the next one that has a run, `skipped` are those after it
    that were skipped; `since` is when it was changed last.
    """

    last: datetime | None = None
    skipped: Sequence[datetime] = ()
    since: datetime | None = None


def past_of(schedules: "ScheduleQuerySet") -> dict[UUID, Past]:
    """That of each schedule, in one statement."""
    runs = apps.get_model("budgets.ScheduleRun").objects.filter(schedule=OuterRef("pk"))
    versions = apps.get_model("budgets.ScheduleVersion").objects.filter(schedule=OuterRef("pk"))
    before = runs.filter(due_at__lt=OuterRef("next_due_at")).order_by("-due_at")
    ahead = runs.filter(due_at__gte=OuterRef("next_due_at"))
    rows = schedules.values_list(
        "pk",
        Subquery(before.values("due_at")[:1]),
        ArraySubquery(ahead.values("due_at")),
        Subquery(versions.order_by("-until").values("until")[:1]),
    )
    return {pk: Past(*past) for pk, *past in rows}


def look_behind(schedules: "Iterable[Schedule]", pasts: Mapping[UUID, Past]) -> None:
    """Read the versions of those that have due times to run of before they were changed.

    One statement, or mostly none.
    """
    late = {
        schedule.pk: schedule
        for schedule in schedules
        if (since := pasts.get(schedule.pk, Past()).since) is not None
        and schedule.next_due_at is not None
        and schedule.next_due_at <= since
    }
    if late:
        rows = apps.get_model("budgets.ScheduleVersion").objects.filter(schedule__in=late)
        versions = list(rows.in_turn())
        for pk, schedule in late.items():
            schedule.behind = [version for version in versions if version.schedule_id == pk]


def open_times(schedule: "Schedule", past: Past) -> Iterator[datetime]:
    """The due times of a schedule that have no run, in order; `look_behind` has been.

    They follow the last run, not `next_due_at`: where a newer time zone database has moved the
    next due time forward, it is not lost. What was changed governs the due times after it.
    """
    after = past.last
    for version in schedule.behind:
        if after is None or after < version.until:
            yield from _unskipped(due_times(version.recurrence, after, version.until), past)
            after = version.until
    latest = max((moment for moment in (after, past.since) if moment), default=None)
    yield from _unskipped(due_times(schedule.recurrence, latest), past)


def _unskipped(times: Iterator[datetime], past: Past) -> Iterator[datetime]:
    return (due for due in times if due not in past.skipped)


def outcomes(
    schedule: "Schedule", times: list[datetime], following: datetime | None, now: datetime
) -> list[Planned]:
    """What becomes of due times that have come, `following` being due next."""
    if schedule.state == "resting":
        return [(due, "resting") for due in times[:1]]
    newest = following if following is not None and following <= now else max(times, default=now)
    missed = partial(is_missed, catch_up=schedule.catch_up, now=now, newest=newest)
    return [(due, "missed" if missed(due) else "deposited") for due in times]
