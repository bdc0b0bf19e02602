"""The history of rules: a change of a bucket, or of a schedule, writes a version.

A version of a bucket has the rules from now on, those of its creation included. A version of a
schedule has the terms until now, so that past due times keep the terms they had.
"""

from functools import partial
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import Lag, RowNumber

from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import BucketVersion, ScheduleVersion

RULES = (
    "name",
    "priority",
    "filter_flat",
    "filter_share",
    "hold_flat",
    "hold_share",
    "target",
    "locked",
    "archived_at",
)
"""The columns of a bucket's rules."""

TERMS = (
    "name",
    "amount",
    "rrule",
    "starts_on",
    "starts_at",
    "time_zone",
    "catch_up",
    "paused_at",
)
"""The columns of a schedule's terms."""


class BucketVersionQuerySet(TenantQuerySet["BucketVersion"]):
    """Filters on versions of rules."""

    def in_force_at(self, seq: int) -> Self:
        """The rules that governed movement `seq`: the newest version of each bucket by then."""
        past = self.filter(from_seq__lte=seq)
        return past.order_by("bucket", "-version").distinct("bucket")

    def out_of_order(self) -> Self:
        """Versions not numbered 1, 2, 3 in their bucket, or that begin before the last (I14)."""
        history = partial(Window, partition_by="bucket_id", order_by="version")
        ordered = self.annotate(nth=history(RowNumber()), before=history(Lag("from_seq")))
        return ordered.filter(~Q(version=F("nth")) | Q(from_seq__lt=F("before")))

    def in_force_before(self, pk: UUID) -> Self:
        """The rules there were when the row of that id was made: ids tell when."""
        return self.filter(pk__lt=pk).order_by("bucket", "-version").distinct("bucket")


_Manager = models.Manager.from_queryset(BucketVersionQuerySet)


class BucketVersionManager(_Manager["BucketVersion"], TenantManager["BucketVersion"]):
    """What rules buckets had: replay and `explain` read it, and the ledger writer writes it."""


class ScheduleVersionQuerySet(TenantQuerySet["ScheduleVersion"]):
    """Filters on versions of schedules."""

    def in_turn(self) -> Self:
        """As they governed, the first one first."""
        return self.order_by("until")


_ScheduleVersions = models.Manager.from_queryset(ScheduleVersionQuerySet)


class ScheduleVersionManager(
    _ScheduleVersions["ScheduleVersion"], TenantManager["ScheduleVersion"]
):
    """The terms of schedules before their changes: each change writes one."""
