"""The history of rules: every change of a bucket writes a version, its creation included."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models

from budgets.managers.requests import Particulars, recorded
from budgets.roles import verb
from tenants.managers import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Bucket, BucketVersion, Budget

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


class BucketVersionQuerySet(TenantQuerySet["BucketVersion"]):
    """Filters are adjectives."""

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
        particulars: Particulars,
    ) -> None:
        """Write down the rules buckets have from movement `from_seq` on.

        A request has one key, so only the first version of a request carries it.
        """
        columns: dict[str, Any] = recorded(particulars, request)
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
