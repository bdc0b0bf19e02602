"""What became of the due times of schedules: written once."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from budgets.roles import verb
from tenants.context import current_actor_id
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Movement, Schedule, ScheduleRun


class ScheduleRunQuerySet(TenantQuerySet["ScheduleRun"]):
    """Filters on runs."""

    def misfiled(self) -> Self:
        """Deposited runs whose movement is not what their schedule would have deposited then."""
        versions = apps.get_model("budgets.ScheduleVersion").objects.in_turn()
        then = versions.filter(schedule=OuterRef("schedule"), until__gte=OuterRef("due_at"))
        amount = Coalesce(Subquery(then.values("amount")[:1]), F("schedule__amount"))
        return (
            self.filter(outcome="deposited")
            .annotate(amount_then=amount)
            .exclude(
                movement__kind="deposit",
                movement__budget=F("schedule__budget"),
                movement__amount=F("amount_then"),
                movement__effective_at=F("due_at"),
            )
        )


_Runs = models.Manager.from_queryset(ScheduleRunQuerySet)


class ScheduleRunManager(_Runs["ScheduleRun"], TenantManager["ScheduleRun"]):
    """What became of each due time, written once."""

    @verb("schedules.run")
    def record(
        self, schedule: "Schedule", rows: "Iterable[tuple[datetime, str, Movement | None]]"
    ) -> "list[ScheduleRun]":
        """Write down due times, their outcomes and the movements they made."""
        actor_id = current_actor_id()
        return self.bulk_create(
            self.model(
                schedule=schedule, due_at=due, outcome=outcome, movement=movement, actor_id=actor_id
            )
            for due, outcome, movement in rows
        )
