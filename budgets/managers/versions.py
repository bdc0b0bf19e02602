"""The history of rules: a change of a bucket, or of a schedule, writes a version.

A version of a bucket has the rules from now on, those of its creation included. A version of a
schedule has the terms until now, so that past due times keep the terms they had.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import Lag, Lead, RowNumber

from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.schema.expressions import Comparison

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

SET_BY = {
    "rename": ("name",),
    "lock": ("locked",),
    "unlock": ("locked",),
    "set_rules": ("filter_flat", "filter_share", "hold_flat", "hold_share"),
    "set_target": ("target",),
    "reorder": ("priority",),
    "close": ("priority", "archived_at"),
}
"""The rules that each verb may change; "create" writes the first version."""

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

TERMS_SET_BY = {
    "rename": ("name",),
    "edit": ("amount", "rrule", "starts_on", "starts_at", "time_zone", "catch_up"),
    "pause": ("paused_at",),
    "resume": ("paused_at",),
}
"""The terms that each verb may change."""


def unexplained(columns: Iterable[str], set_by: Mapping[str, Collection[str]]) -> Q:
    """The condition that a column differs from `other_COLUMN`, and the verb cannot change it."""
    changed = Q()
    for name in columns:
        verbs = [verb for verb, names in set_by.items() if name in names]
        differs = Comparison(F(name), "IS DISTINCT FROM", F(f"other_{name}"))
        changed |= Q(differs) & ~Q(verb__in=verbs)
    return changed


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

    def unexplained(self) -> Self:
        """Versions that differ from the one before in more than their verb changes (I14)."""
        history = partial(Window, partition_by="bucket_id", order_by="version")
        ordered = self.annotate(**{f"other_{name}": history(Lag(name)) for name in RULES})
        is_first, creates = Q(version=1), Q(verb="create")
        return ordered.filter(
            ~is_first & (creates | unexplained(RULES, SET_BY))
            | is_first & ~creates
            | ~Q(budget=F("bucket__budget"))
        )

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

    def unexplained(self) -> Self:
        """Versions that differ from the next terms in more than their verb changes.

        The next terms are those of the next version, or of the schedule.
        """
        next_terms = {
            f"other_{name}": Window(
                Lead(name, default=F(f"schedule__{name}")),
                partition_by="schedule_id",
                order_by="until",
            )
            for name in TERMS
        }
        changed = unexplained(TERMS, TERMS_SET_BY)
        return self.annotate(**next_terms).filter(changed | ~Q(budget=F("schedule__budget")))


_ScheduleVersions = models.Manager.from_queryset(ScheduleVersionQuerySet)


class ScheduleVersionManager(
    _ScheduleVersions["ScheduleVersion"], TenantManager["ScheduleVersion"]
):
    """The terms of schedules before their changes: each change writes one."""
