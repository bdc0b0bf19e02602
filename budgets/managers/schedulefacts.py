"""Facts computed from the columns of schedules and statements, in PostgreSQL and in memory."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices

from budgets.recurrence import Recurrence

if TYPE_CHECKING:
    from budgets.models import ScheduleVersion


class CatchUp(TextChoices):
    """Which late due times are run."""

    ALL = "all"  # all of them
    LAST = "last"  # the newest; the others are missed
    NONE = "none"  # those not older than `recurrence.GRACE`; the others are missed


class RunOutcome(TextChoices):
    """What a due time came to."""

    DEPOSITED = "deposited"
    SKIPPED = "skipped"  # somebody skipped it beforehand
    MISSED = "missed"  # it was not run in time, and the schedule does not catch up


class TermsFacts:
    """Facts of the terms of a schedule or of a version of it."""

    if TYPE_CHECKING:
        name: Any
        amount: Any
        rrule: Any
        starts_on: date | Any
        starts_at: time | Any
        time_zone: Any

    @property
    def starts(self) -> datetime:
        """Its start on the wall clock of its time zone (naive)."""
        return datetime.combine(self.starts_on, self.starts_at)

    @property
    def recurrence(self) -> Recurrence:
        """When it falls due."""
        return Recurrence(self.rrule, self.starts, self.time_zone)


class ScheduleFacts(TermsFacts):
    """Facts of a schedule."""

    if TYPE_CHECKING:
        budget: Any
        paused_at: Any
        next_due_at: Any

    behind: "Sequence[ScheduleVersion]" = ()
    """Its versions, if due times from before a change have no run: `open_times` reads them."""

    @property
    def state(self) -> str:
        """Ended, else paused, else resting (its budget is archived), else active."""
        if self.next_due_at is None:
            return "ended"
        if self.paused_at:
            return "paused"
        return "resting" if self.budget.archived_at else "active"

    def terms_at(self, due_at: datetime) -> TermsFacts:
        """The terms of a due time without a run: of a version, if it was changed after that.

        The manager must have read `behind`.
        """
        return next((version for version in self.behind if due_at <= version.until), self)
