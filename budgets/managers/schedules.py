"""Schedules, what they were before their changes, and their runs: filters and reads.

The verbs are those of `ScheduleVerbs`.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from budgets.errors import UnknownSchedule
from budgets.managers.reads import clocks
from budgets.managers.scheduleverbs import ScheduleVerbs
from budgets.managers.versions import TERMS
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Budget, Schedule, ScheduleRun

_AT_ONCE = 200  # schedules


class ScheduleQuerySet(TenantQuerySet["Schedule"]):
    """Filters on schedules."""

    def live(self) -> Self:
        """Schedules that have not ended."""
        return self.filter(next_due_at__isnull=False)

    def due(self, now: datetime) -> Self:
        """Schedules with something to run, with their budgets; the longest overdue first."""
        return self.fallen_due(now).filter(budget__archived_at=None)

    def fallen_due(self, now: datetime) -> Self:
        """The same, and those that rest: those of archived budgets, which are not run."""
        past = self.filter(paused_at=None, next_due_at__lte=now)
        return past.order_by("next_due_at").select_related("budget")

    def unversioned(self) -> Self:
        """Schedules with fewer versions than changes of their terms in the history."""
        changes = apps.get_model("tenants.Change").objects.filter(
            model="budgets.schedule",
            row_id=OuterRef("pk"),
            verb="update",
            after__has_any_keys=[*TERMS, "ended_at"],
        )
        counted = changes.order_by().values("row_id").annotate(n=Count("pk")).values("n")
        return self.annotate(kept=Count("versions")).filter(kept__lt=Subquery(counted))

    def misclocked(self) -> "Iterator[Schedule]":
        """Schedules whose next due time does not follow from their runs."""
        for some in batched(self.order_by("pk"), _AT_ONCE, strict=False):
            yield from clocks.misclocked(some)

    def by_name(self) -> Self:
        """In the order of their names; of those that share one, the oldest first."""
        return self.order_by("name", "pk")


_Schedules = models.Manager.from_queryset(ScheduleQuerySet)


class ScheduleManager(ScheduleVerbs, _Schedules["Schedule"], TenantManager["Schedule"]):
    """The schedules of the tenant in force."""

    def tenants_with_due(self, now: datetime, *, resting: bool = False) -> list[UUID]:
        """The tenants that have something to run: while inspecting, all that are not suspended.

        With `resting` also those that have nothing but resting schedules.
        """
        past = self.fallen_due(now) if resting else self.due(now)
        rows = past.filter(tenant__suspended_at=None).order_by("tenant_id")
        return list(rows.values_list("tenant_id", flat=True).distinct())

    def get_by_name(self, budget: "Budget", name: str, *, key: str | None = None) -> "Schedule":
        """The schedule of that name that has not ended, whatever its case.

        With a `key` first the schedule that had the name when it was changed under that key, so
        that the change can be repeated. Raises UnknownSchedule.

        >>> wages = Schedule.objects.create_schedule(
        ...     household, "Wages", 2_500_00, rrule="FREQ=MONTHLY",
        ...     starts=datetime(2027, 1, 1, 9), time_zone="UTC",
        ... )
        >>> Schedule.objects.get_by_name(household, "wages") == wages
        True
        """
        rows = self.filter(budget=budget)
        changed = rows.filter(versions__key=key, versions__name__iexact=name)
        found: Schedule | None = changed.first() if key is not None else None
        if found is None and (found := rows.live().filter(name__iexact=name).first()) is None:
            raise UnknownSchedule(f"the budget has no schedule {name!r} to come", name=name)
        return found


class ScheduleRunQuerySet(TenantQuerySet["ScheduleRun"]):
    """Filters on runs."""

    def misfiled(self) -> Self:
        """Deposited runs whose movement differs from the terms of their due time."""
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
    """The outcomes of due times, written once."""
