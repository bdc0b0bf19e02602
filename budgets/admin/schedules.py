"""The admin's pages of schedules."""

from collections.abc import Mapping
from typing import ClassVar

from django.contrib import admin
from django.db.models import Q

from budgets.admin.ledger import ACTOR, AMOUNT, BUDGET, MOVEMENT, NAME, STATE
from budgets.models import Schedule, ScheduleRun, ScheduleVersion
from tenants.admin.columns import TENANT, link
from tenants.admin.inspection import (
    Chosen,
    Conditions,
    InspectedTable,
    InspectingAdmin,
    TenantFilter,
)

ENDED, PAUSED = Q(next_due_at=None), Q(paused_at__isnull=False)
RESTING = Q(budget__archived_at__isnull=False)


class ScheduleFilter(Conditions):
    """By the state of a schedule, as `Schedule.state` has it."""

    title = parameter_name = "state"
    conditions: ClassVar[Mapping[str, Q]] = {
        "active": ~ENDED & ~PAUSED & ~RESTING,
        "paused": ~ENDED & PAUSED,
        "resting": ~ENDED & ~PAUSED & RESTING,
        "ended": ENDED,
    }


class LatestRuns(InspectedTable):
    """What became of a schedule's due times, latest first."""

    model = ScheduleRun
    shown = ("due_at", "outcome", MOVEMENT, ACTOR, "created_at")
    ordering = ("-due_at",)
    related = ("movement", "actor")
    verbose_name_plural = "latest runs"


class LatestTerms(InspectedTable):
    """What a schedule said before it was changed, latest first."""

    model = ScheduleVersion
    shown = (
        "until", "verb", "name", AMOUNT, "rrule", "starts_on", "starts_at", "time_zone",
        "paused_at", ACTOR, "memo",
    )  # fmt: skip
    ordering = ("-until",)
    related = ("budget", "actor")
    verbose_name_plural = "what it said before"


@admin.register(Schedule)
class ScheduleAdmin(InspectingAdmin):
    """Recurring deposits."""

    shown = (
        "name", BUDGET, TENANT, AMOUNT, "rrule", "starts_on", "starts_at", "time_zone", "catch_up",
        STATE, "next_due_at", "paused_at", "ended_at", "memo", "metadata", ACTOR, "key",
        "request_id", "request_hash", "created_at", "updated_at", "id",
    )  # fmt: skip
    inlines = (LatestTerms, LatestRuns)
    list_display = (NAME, BUDGET, TENANT, AMOUNT, "rrule", "time_zone", STATE, "next_due_at")
    list_filter = (TenantFilter, ScheduleFilter, "catch_up", ("budget", Chosen))
    related = ("tenant", "budget", "actor")
    search_fields = ("name", "memo", "budget__name", "id__exact")
    search_help_text = "name, memo, name of the budget or id"


@admin.register(ScheduleRun)
class ScheduleRunAdmin(InspectingAdmin):
    """What became of each due time."""

    date_hierarchy = "due_at"
    shown = (
        link("schedule", lambda row: row.schedule), TENANT, "due_at", "outcome", MOVEMENT, ACTOR,
        "created_at", "id",
    )  # fmt: skip
    list_display = (
        "__str__",
        link("schedule", lambda row: row.schedule),
        TENANT,
        "due_at",
        "outcome",
        MOVEMENT,
    )
    list_filter = (TenantFilter, "outcome", ("schedule", Chosen), ("movement", Chosen))
    related = ("tenant", "schedule", "movement", "actor")
    search_fields = ("schedule__name", "id__exact")
    search_help_text = "name of the schedule, or id"


@admin.register(ScheduleVersion)
class ScheduleVersionAdmin(InspectingAdmin):
    """The history of what schedules said."""

    date_hierarchy = "until"
    shown = (
        link("schedule", lambda row: row.schedule), BUDGET, TENANT, "until", "verb", "name", AMOUNT,
        "rrule", "starts_on", "starts_at", "time_zone", "catch_up", "paused_at", ACTOR, "memo",
        "metadata", "key", "request_id", "request_hash", "created_at", "id",
    )  # fmt: skip
    list_display = ("__str__", BUDGET, TENANT, "verb", AMOUNT, "rrule", "time_zone", "until")
    list_filter = (TenantFilter, "verb", ("schedule", Chosen), ("budget", Chosen))
    related = ("tenant", "budget", "schedule", "actor")
    search_fields = ("name", "key", "budget__name", "id__exact")
    search_help_text = "name, key, name of the budget or id"
