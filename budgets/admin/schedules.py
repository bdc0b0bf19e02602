"""The admin pages of schedules."""

from django.contrib import admin
from django.db.models import Q

from budgets.admin.ledger import ACTOR, AMOUNT, BUDGET, MOVEMENT, NAME, STATE
from budgets.models import Schedule, ScheduleRun, ScheduleVersion
from tenants.admin.columns import TENANT, link
from tenants.admin.inspection import (
    InspectedTable,
    InspectingAdmin,
    TenantFilter,
    state_filter,
)

ENDED, PAUSED = Q(next_due_at=None), Q(paused_at__isnull=False)
RESTING = Q(budget__archived_at__isnull=False)


STATES = state_filter(
    active=~ENDED & ~PAUSED & ~RESTING,
    paused=~ENDED & PAUSED,
    resting=~ENDED & ~PAUSED & RESTING,
    ended=ENDED,
)
SCHEDULE = link("schedule", lambda row: row.schedule)


class LatestRuns(InspectedTable):
    """A schedule's runs, newest first."""

    model = ScheduleRun
    shown = ("due_at", "outcome", MOVEMENT, ACTOR, "created_at")
    ordering = ("-due_at",)
    related = ("movement", "actor")
    verbose_name_plural = "latest runs"


class EarlierTerms(InspectedTable):
    """The earlier terms of a schedule, newest first."""

    model = ScheduleVersion
    shown = (
        "until", "verb", "name", AMOUNT, "rrule", "starts_on", "starts_at", "time_zone",
        "paused_at", ACTOR, "memo",
    )  # fmt: skip
    ordering = ("-until",)
    related = ("budget", "actor")
    verbose_name_plural = "earlier terms"


@admin.register(Schedule)
class ScheduleAdmin(InspectingAdmin):
    """Recurring deposits."""

    shown = (
        "name", BUDGET, TENANT, AMOUNT, "rrule", "starts_on", "starts_at", "time_zone", "catch_up",
        STATE, "next_due_at", "paused_at", "ended_at", "memo", "metadata", ACTOR, "key",
        "request_id", "request_hash", "created_at", "updated_at", "id",
    )  # fmt: skip
    inlines = (EarlierTerms, LatestRuns)
    list_display = (NAME, BUDGET, TENANT, AMOUNT, "rrule", "time_zone", STATE, "next_due_at")
    list_filter = (TenantFilter, STATES, "catch_up", "budget")
    related = ("tenant", "budget", "actor")
    search_fields = ("name", "memo", "budget__name", "id__exact")
    search_help_text = "name, memo, name of the budget or id"


@admin.register(ScheduleRun)
class ScheduleRunAdmin(InspectingAdmin):
    """The runs of schedules: one for each due time."""

    date_hierarchy = "due_at"
    shown = (SCHEDULE, TENANT, "due_at", "outcome", MOVEMENT, ACTOR, "created_at", "id")
    list_display = ("__str__", SCHEDULE, TENANT, "due_at", "outcome", MOVEMENT)
    list_filter = (TenantFilter, "outcome", "schedule", "movement")
    related = ("tenant", "schedule", "movement", "actor")
    search_fields = ("schedule__name", "id__exact")
    search_help_text = "name of the schedule, or id"


@admin.register(ScheduleVersion)
class ScheduleVersionAdmin(InspectingAdmin):
    """The earlier terms of schedules."""

    date_hierarchy = "until"
    shown = (
        SCHEDULE, BUDGET, TENANT, "until", "verb", "name", AMOUNT,
        "rrule", "starts_on", "starts_at", "time_zone", "catch_up", "paused_at", ACTOR, "memo",
        "metadata", "key", "request_id", "request_hash", "created_at", "id",
    )  # fmt: skip
    list_display = ("__str__", BUDGET, TENANT, "verb", AMOUNT, "rrule", "time_zone", "until")
    list_filter = (TenantFilter, "verb", "schedule", "budget")
    related = ("tenant", "budget", "schedule", "actor")
    search_fields = ("name", "key", "budget__name", "id__exact")
    search_help_text = "name, key, name of the budget or id"
