"""The history of rules: a change of a bucket, or of a schedule, writes a version.

That of a bucket says what holds from now on, its creation included; that of a schedule, what
held until now, so that due times which have come keep the terms they had.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models

from budgets.managers.requests import RequestOptions, recorded
from budgets.roles import verb
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Bucket, BucketVersion, Budget, Schedule, ScheduleVersion

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
"""The columns of what a schedule says."""


class BucketVersionQuerySet(TenantQuerySet["BucketVersion"]):
    """Filters on versions of rules."""

    def in_force_at(self, seq: int) -> Self:
        """The rules that governed movement `seq`: the newest version of each bucket by then."""
        past = self.filter(from_seq__lte=seq)
        return past.order_by("bucket", "-version").distinct("bucket")

    def in_force_before(self, pk: UUID) -> Self:
        """The rules there were when the row of that id was made: ids tell when."""
        return self.filter(pk__lt=pk).order_by("bucket", "-version").distinct("bucket")


_Manager = models.Manager.from_queryset(BucketVersionQuerySet)


class BucketVersionManager(_Manager["BucketVersion"], TenantManager["BucketVersion"]):
    """Replay and `explain` read it."""

    @verb("rules.record")
    def record(
        self,
        budget: "Budget",
        buckets: "Iterable[Bucket]",
        *,
        verb: str,
        request: str,
        from_seq: int,
        options: RequestOptions,
    ) -> None:
        """Write down the rules buckets have from movement `from_seq` on.

        A request has one key, so only the first version of a request carries it.
        """
        columns: dict[str, Any] = recorded(options, request)
        rows: list[BucketVersion] = []
        for bucket in buckets:
            rules = {name: getattr(bucket, name) for name in RULES}
            rows.append(
                self.model(
                    budget=budget,
                    bucket=bucket,
                    version=bucket.version,
                    from_seq=from_seq,
                    verb=verb,
                    **rules,
                    **columns,
                )
            )
            columns = columns | {"key": None}
        self.bulk_create(rows)


class ScheduleVersionQuerySet(TenantQuerySet["ScheduleVersion"]):
    """Filters on versions of schedules."""

    def in_turn(self) -> Self:
        """As they governed, the first one first."""
        return self.order_by("until")


_ScheduleVersions = models.Manager.from_queryset(ScheduleVersionQuerySet)


class ScheduleVersionManager(
    _ScheduleVersions["ScheduleVersion"], TenantManager["ScheduleVersion"]
):
    """What schedules said before they were changed."""

    @verb("schedules.record")
    def record(
        self,
        schedule: "Schedule",
        *,
        until: datetime,
        verb: str,
        request: str,
        options: RequestOptions,
    ) -> "ScheduleVersion":
        """Write down what a schedule has said of its due times up to a moment."""
        version: ScheduleVersion = self.model(
            budget_id=schedule.budget_id,
            schedule=schedule,
            until=until,
            verb=verb,
            **{name: getattr(schedule, name) for name in TERMS},
            **recorded(options, request),
        )
        version.save(force_insert=True)
        return version
