"""The rows of schedules, their versions and their runs: the primitives that the verbs need.

`DatabaseScheduleRows` has those of PostgreSQL, `budgets.testing` those of a ledger in memory.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from budgets.errors import BadSchedule
from budgets.managers.duetimes import Past
from tenants.context import current_actor_id
from tenants.managers.verbs import refused_as

if TYPE_CHECKING:
    from budgets.models import Movement, Schedule, ScheduleRun, ScheduleVersion

type Run = "tuple[datetime, str, Movement | None]"
"""A due time, its outcome and the deposit, where one was made."""


class ScheduleRows:
    """The rows in PostgreSQL; `schedules` is their manager."""

    def __init__(self, schedules: Any) -> None:
        self._schedules = schedules

    def lock(self, schedule: "Schedule") -> None:
        """Make others who would run or change it wait, and read anew what changes."""
        schedule.acquire()

    def renew_budget(self, schedule: "Schedule") -> None:
        """Read anew whether its budget is archived."""
        schedule.budget.refresh_from_db(fields=["archived_at"])

    def insert(self, schedule: "Schedule") -> None:
        """Write a new schedule. Raises BadSchedule when another one has its name."""
        with self._explained(schedule), transaction.atomic(self._schedules.db):
            schedule.save(force_insert=True)

    def write_change(
        self, schedule: "Schedule", version: "ScheduleVersion", changed: list[str]
    ) -> None:
        """Write the changed columns and the version with the old ones. Raises as `insert`."""
        with self._explained(schedule), transaction.atomic(self._schedules.db):
            version.save(force_insert=True)
            schedule.save(update_fields=changed)

    def last_moments(self, schedule: "Schedule") -> tuple[datetime | None, datetime | None]:
        """The last due time that was run (not skipped), and the end of the last version."""
        ran = schedule.runs.exclude(outcome="skipped").aggregate(last=Max("due_at"))
        return ran["last"], schedule.versions.aggregate(last=Max("until"))["last"]

    def run_times_after(self, schedule: "Schedule", moment: datetime) -> Collection[datetime]:
        """The later due times that have a run."""
        return set(schedule.runs.filter(due_at__gt=moment).values_list("due_at", flat=True))

    def run_at(self, schedule: "Schedule", due_at: datetime) -> "ScheduleRun | None":
        """The run of a due time."""
        run: ScheduleRun | None = schedule.runs.filter(due_at=due_at).first()
        return run

    def read_past(self, schedules: "Sequence[Schedule]") -> dict[UUID, Past]:
        """The past of each, by id; sets `behind` where due times from before a change are open.

        One statement, and one more if versions are to be read.
        """
        runs = apps.get_model("budgets.ScheduleRun").objects.filter(schedule=OuterRef("pk"))
        versions = apps.get_model("budgets.ScheduleVersion").objects.filter(schedule=OuterRef("pk"))
        before = runs.filter(due_at__lt=OuterRef("next_due_at")).order_by("-due_at")
        ahead = runs.filter(due_at__gte=OuterRef("next_due_at"))
        rows = self._schedules.filter(pk__in=[schedule.pk for schedule in schedules]).values_list(
            "pk",
            Subquery(before.values("due_at")[:1]),
            ArraySubquery(ahead.values("due_at")),
            Subquery(versions.order_by("-until").values("until")[:1]),
        )
        pasts = {pk: Past(*past) for pk, *past in rows}
        self._read_behind([row for row in schedules if pasts.get(row.pk, Past()).is_behind(row)])
        return pasts

    def _read_behind(self, schedules: "Sequence[Schedule]") -> None:
        if not schedules:
            return
        ids = [schedule.pk for schedule in schedules]
        rows = apps.get_model("budgets.ScheduleVersion").objects.filter(schedule__in=ids)
        versions = list(rows.in_turn())
        for schedule in schedules:
            schedule.behind = [row for row in versions if row.schedule_id == schedule.pk]

    def write_runs(
        self, schedule: "Schedule", runs: Sequence[Run], following: datetime | None
    ) -> "list[ScheduleRun]":
        """Write runs, and the due time that follows them."""
        actor_id = current_actor_id()
        model = schedule.runs.model
        written: list[ScheduleRun] = schedule.runs.bulk_create(
            model(schedule=schedule, due_at=due, outcome=what, movement=movement, actor_id=actor_id)
            for due, what, movement in runs
        )
        schedule.next_due_at = following
        schedule.save(update_fields=["next_due_at"])
        return written

    def _explained(self, schedule: "Schedule") -> AbstractContextManager[None]:
        """Raise BadSchedule for a name that is taken."""
        return refused_as({"budgets_schedule_name_once": name_taken(schedule)})


def name_taken(schedule: "Schedule") -> BadSchedule:
    """The refusal of a name that another schedule of the budget has."""
    name = schedule.name
    return BadSchedule(f"the budget has a schedule {name!r} already", name=name)
