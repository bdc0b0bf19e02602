"""Schedules, their versions, and their runs.

Money is in minor units; due times are aware, starts are naive times in the schedule's zone.
"""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from budgets.managers import ScheduleManager, ScheduleRunManager, ScheduleVersionManager
from budgets.managers.cleaning import LONGEST_NAME
from budgets.managers.schedulefacts import CatchUp, RunOutcome, ScheduleFacts, TermsFacts
from budgets.managers.versions import TERMS
from budgets.models.budgets import Budget
from budgets.models.ledger import Movement
from budgets.models.shared import RequestColumns
from tenants.listing import HasValue, Key, Listing, Moment, Text
from tenants.models import APPEND_ONLY, VERBS_ALONE, TenantModel
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import TrigramSearch

if TYPE_CHECKING:
    from uuid import UUID


class Terms(TermsFacts, models.Model):
    """The terms of a schedule; a schedule and each of its versions have these columns."""

    name = models.CharField(max_length=LONGEST_NAME)
    amount = models.BigIntegerField(help_text="amount of each deposit, in minor units")
    rrule = models.CharField(
        "rule", max_length=500, help_text="recurrence rule of RFC 5545, without DTSTART"
    )
    starts_on = models.DateField(help_text="first day, in its time zone")
    starts_at = models.TimeField(help_text="time of day, in its time zone")
    time_zone = models.CharField(max_length=100, help_text="IANA name of the time zone")
    catch_up = models.CharField(
        max_length=4,
        choices=CatchUp,
        default=CatchUp.ALL,
        help_text="which due times that were not run in time are run later: all, last or none",
    )
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="since when it is paused; null while it is not"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class Schedule(ScheduleFacts, Terms, RequestColumns, TenantModel):
    """A recurring deposit; each deposit gets its memo and metadata."""

    budget = TenantForeignKey(Budget, related_name="schedules")
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was ended by a verb; null otherwise"
    )
    next_due_at = models.DateTimeField(
        null=True, help_text="the first due time without a run; null when it has ended"
    )

    app_privileges = (
        "SELECT, INSERT, UPDATE (name, amount, rrule, starts_on, starts_at, time_zone,"
        " catch_up, paused_at, ended_at, next_due_at, updated_at)"
    )
    history = History(
        without=["next_due_at"], only=[*TERMS, "ended_at"]
    )  # the runs are the history of next_due_at
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "next_due_at": Moment("gte", "lt"),
            "ongoing": HasValue(of="next_due_at"),
            "paused": HasValue(of="paused_at"),
        },
        sorts={"newest": "-id", "oldest": "id", "due": "next_due_at"},
        search="budgets_schedule_search",
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[ScheduleManager] = ScheduleManager()
    budget_id: "UUID"

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(
                fields=["tenant", "next_due_at"],
                condition=Q(paused_at=None, next_due_at__isnull=False),
                name="budgets_schedule_due",
            ),
            models.Index(fields=["tenant", "next_due_at", "id"], name="budgets_schedule_next"),
            models.Index(fields=["tenant", "paused_at", "id"], name="budgets_schedule_paused"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["name"], name="budgets_schedule_search"),
            models.UniqueConstraint(
                F("tenant"),
                F("budget"),
                Lower("name"),
                condition=Q(next_due_at__isnull=False),
                name="budgets_schedule_name_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "key"], name="budgets_schedule_key_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & ~Q(name="") & ~Q(time_zone=""),
                name="budgets_schedule_amount",
            ),
            models.CheckConstraint(
                condition=Q(
                    rrule__regex="^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[-+,0-9A-Z]+)*$"
                ),
                name="budgets_schedule_rrule",
            ),
            models.CheckConstraint(
                condition=Q(catch_up__in=["all", "last", "none"]),
                name="budgets_schedule_catch_up",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(next_due_at=None), name="budgets_schedule_ended"
            ),
        ]

    def acquire(self) -> None:
        """Lock the row until the end of the transaction, and read anew what others change."""
        rows = type(self).objects.acquired()
        changing = [*TERMS, "ended_at", "next_due_at"]
        self.refresh_from_db(fields=changing, from_queryset=rows)


class ScheduleVersion(Terms, RequestColumns, TenantModel):
    """The terms of a schedule up to a time; each change of a schedule inserts a version.

    The terms after the last version are in the schedule itself.
    """

    budget = TenantForeignKey(Budget, related_name="schedule_versions")
    schedule = TenantForeignKey(Schedule, related_name="versions")
    until = models.DateTimeField(help_text="the terms apply to due times up to this time")
    verb = models.CharField(max_length=20, help_text="the verb that changed the schedule")

    app_privileges = APPEND_ONLY
    history = None  # append-only
    plain_writes = VERBS_ALONE
    objects: ClassVar[ScheduleVersionManager] = ScheduleVersionManager()

    class Meta:
        select_on_save = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "schedule", "until"], name="budgets_scheduleversion_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "key"], name="budgets_scheduleversion_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} until {self.until:%Y-%m-%d %H:%M} UTC"


class ScheduleRun(TenantModel):
    """The outcome of one due time of a schedule; append-only."""

    schedule = TenantForeignKey(Schedule, related_name="runs")
    due_at = models.DateTimeField(help_text="the due time")
    outcome = models.CharField(
        max_length=9, choices=RunOutcome, help_text="deposited, skipped in advance, or missed"
    )
    movement = TenantForeignKey(
        Movement,
        null=True,
        related_name="schedule_runs",
        help_text="the deposit; null if skipped or missed",
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="the user who ran it; null for the system",
    )

    app_privileges = APPEND_ONLY
    history = None  # append-only
    listing = Listing(
        filters={
            "schedule": Key("exact", "in"),
            "outcome": Text("exact", "in"),
            "due_at": Moment("gte", "lt"),
            "movement": Key("exact", "in"),
        },
        sorts={"newest": "-due_at", "oldest": "due_at"},
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[ScheduleRunManager] = ScheduleRunManager()

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "due_at", "id"], name="budgets_schedulerun_due"),
            models.Index(
                fields=["tenant", "outcome", "due_at", "id"], name="budgets_schedulerun_came"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "schedule", "due_at"], name="budgets_schedulerun_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "movement"], name="budgets_schedulerun_movement_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="deposited", movement__isnull=False)
                | Q(outcome__in=["skipped", "missed"], movement=None),
                name="budgets_schedulerun_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.due_at:%Y-%m-%d %H:%M} UTC"
