"""The ledger's lines: one bucket's before and after in a movement, written once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Sum, Window
from django.db.models.functions import Lag, RowNumber

from budgets.managers.kinds import BucketKind
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Bucket, Entry


@dataclass(frozen=True, slots=True)
class ProposedEntry:
    """What one bucket gets (+) or gives (-) in a movement, in minor units, and why."""

    bucket: "Bucket"
    amount: int
    reason: str

    @property
    def after(self) -> int:
        """What the bucket then holds, in minor units."""
        return self.bucket.balance + self.amount

    @property
    def becomes_full(self) -> bool:
        """Whether the bucket was below its target and reaches it by this line."""
        target = self.bucket.target
        return target is not None and self.bucket.balance < target <= self.after


def net(lines: Iterable[ProposedEntry]) -> list[ProposedEntry]:
    """One line a bucket, in the order they first appear, and none of nothing."""
    merged: dict[UUID, ProposedEntry] = {}
    for line in lines:
        before = merged.get(line.bucket.pk)
        total = line.amount + (before.amount if before else 0)
        merged[line.bucket.pk] = replace(before or line, amount=total)
    return [line for line in merged.values() if line.amount]


class EntryQuerySet(TenantQuerySet["Entry"]):
    """Filters on entries."""

    def in_order(self) -> Self:
        """The lines of a movement as they were written."""
        return self.order_by("position")

    def with_buckets(self) -> Self:
        """The same, each line with its bucket."""
        return self.in_order().select_related("bucket")

    def received(self) -> tuple[int, int]:
        """What envelopes got (+) or gave (-) by them, and what the money bucket did; minor units.

        One statement, or none where they have been read with their buckets.
        """
        if self._result_cache is not None:
            sums = Counter[str]()
            for entry in self:
                sums[entry.bucket.kind] += entry.amount
            return sums[BucketKind.ENVELOPE], sums[BucketKind.MONEY]
        kinds = {kind: Sum("amount", filter=Q(bucket__kind=kind), default=0) for kind in BucketKind}
        sums_by_kind = self.aggregate(**kinds)
        return sums_by_kind[BucketKind.ENVELOPE], sums_by_kind[BucketKind.MONEY]

    def unchained(self) -> Self:
        """Entries that do not follow the one before them in their bucket (I3)."""
        history = partial(Window, partition_by="bucket_id", order_by="seq")
        ordered = self.annotate(
            expected=history(Lag("balance_after", default=0)), nth=history(RowNumber())
        )
        after = F("balance_before") + F("amount")
        return ordered.exclude(balance_before=F("expected"), seq=F("nth"), balance_after=after)

    def misplaced(self) -> Self:
        """Entries without their movement's seq, or with one before that of the last (I10)."""
        before = Window(Lag("movement_seq", default=0), partition_by="bucket_id", order_by="seq")
        return self.annotate(before=before, ought=F("movement__seq")).exclude(
            movement_seq=F("ought"), movement_seq__gt=F("before")
        )


_Manager = models.Manager.from_queryset(EntryQuerySet)


class EntryManager(_Manager["Entry"], TenantManager["Entry"]):
    """The ledger's lines, written once."""
