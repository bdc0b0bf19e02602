"""Schedules, what they said before, and their runs.

Money is in minor units; due times are moments, starts are local.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from budgets.managers import ScheduleManager, ScheduleRunManager, ScheduleVersionManager
from budgets.managers.budgets import LONGEST_NAME
from budgets.managers.versions import TERMS
from budgets.models.budgets import Budget
from budgets.models.ledger import Movement
from budgets.models.shared import Request
from budgets.recurrence import Recurrence
from tenants.listing import Given, Key, Listing, Moment, Text
from tenants.models import APPEND_ONLY, TenantModel
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import TrigramSearch

if TYPE_CHECKING:
    from uuid import UUID


class Terms(models.Model):
    """What a schedule says: shared by a schedule and what it said before it was changed."""

    class CatchUp(models.TextChoices):
        """What becomes of due times that nobody ran in time."""

        ALL = "all"  # each is run
        LAST = "last"  # the newest is run, the others are missed
        NONE = "none"  # those not older than `recurrence.GRACE` are run, the others are missed

    name = models.CharField(max_length=LONGEST_NAME)
    amount = models.BigIntegerField(help_text="what each deposit brings, in minor units")
    rrule = models.CharField("rule", max_length=500, help_text="RFC 5545, without DTSTART")
    starts_on = models.DateField(help_text="a day in its time zone")
    starts_at = models.TimeField(help_text="what a clock there shows")
    time_zone = models.CharField(max_length=100, help_text="an IANA name")
    catch_up = models.CharField(
        max_length=4,
        choices=CatchUp,
        default=CatchUp.ALL,
        help_text="what becomes of due times nobody ran in time: all, last or none are run",
    )
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="since when nothing is run; none while it is active"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def starts(self) -> datetime:
        """Its start on the wall clock of its time zone (naive)."""
        return datetime.combine(self.starts_on, self.starts_at)

    @property
    def recurrence(self) -> Recurrence:
        """When it falls due."""
        return Recurrence(self.rrule, self.starts, self.time_zone)


class Schedule(Terms, Request, TenantModel):
    """A deposit that falls due again and again; its memo and metadata are each deposit's."""

    budget = TenantForeignKey(Budget, related_name="schedules")
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="when somebody ended it; none where its rule does"
    )
    next_due_at = models.DateTimeField(
        null=True, help_text="the first due time that has no run; none when it has ended"
    )

    app_privileges = (
        "SELECT, INSERT, MAINTAIN, UPDATE (name, amount, rrule, starts_on, starts_at, time_zone,"
        " catch_up, paused_at, ended_at, next_due_at, updated_at)"
    )
    history = History(without=["next_due_at"], only=[*TERMS, "ended_at"])  # its runs tell the rest
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "next_due_at": Moment("gte", "lt"),
            "ongoing": Given(of="next_due_at"),
            "paused": Given(of="paused_at"),
        },
        sorts={"newest": "-id", "oldest": "id", "due": "next_due_at"},
        search="budgets_schedule_search",
    )
    objects: ClassVar[ScheduleManager] = ScheduleManager()
    budget_id: "UUID"
    behind: "Sequence[ScheduleVersion]" = ()
    """Its versions, where due times of before a change have no run: the manager reads them."""

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

    @property
    def state(self) -> str:
        """Ended, else paused, else resting, as its budget is archived, else active."""
        if self.next_due_at is None:
            return "ended"
        if self.paused_at:
            return "paused"
        return "resting" if self.budget.archived_at else "active"

    def terms_at(self, due_at: datetime) -> Terms:
        """What it says of a due time that has no run: of one before it was changed, what it said.

        The manager has read `behind` by then.
        """
        return next((version for version in self.behind if due_at <= version.until), self)

    def acquire(self) -> None:
        """Make all others who would run or change it wait until we commit; re-read what changes."""
        rows = type(self).objects.acquired()
        changing = [*TERMS, "ended_at", "next_due_at"]
        self.refresh_from_db(fields=changing, from_queryset=rows)


class ScheduleVersion(Terms, Request, TenantModel):
    """What a schedule said of its due times up to a moment; written once, at every change of it.

    What it says after the last of them stands in the schedule itself.
    """

    budget = TenantForeignKey(Budget, related_name="schedule_versions")
    schedule = TenantForeignKey(Schedule, related_name="versions")
    until = models.DateTimeField(
        help_text="the last moment it governs: later due times are others'"
    )
    verb = models.CharField(max_length=20, help_text="what was then done to the schedule")

    app_privileges = APPEND_ONLY
    history = None  # it is one
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
    """What became of one due time of a schedule; written once."""

    class Outcome(models.TextChoices):
        DEPOSITED = "deposited"
        SKIPPED = "skipped"  # somebody said so beforehand
        MISSED = "missed"  # nobody ran it in time, and the schedule does not catch up

    schedule = TenantForeignKey(Schedule, related_name="runs")
    due_at = models.DateTimeField(help_text="when it fell due")
    outcome = models.CharField(
        max_length=9, choices=Outcome, help_text="deposited, skipped beforehand, or missed"
    )
    movement = TenantForeignKey(
        Movement,
        null=True,
        related_name="schedule_runs",
        help_text="the deposit, where one was made",
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="the user who ran it, if known",
    )

    app_privileges = APPEND_ONLY
    history = None  # written once
    listing = Listing(
        filters={
            "schedule": Key("exact", "in"),
            "outcome": Text("exact", "in"),
            "due_at": Moment("gte", "lt"),
            "movement": Key("exact", "in"),
        },
        sorts={"newest": "-due_at", "oldest": "due_at"},
    )
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
