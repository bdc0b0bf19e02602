"""What buckets held at a time, by any of the ledger's three orders."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import BigIntegerField, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from budgets.cascade import MAX_MINOR
from budgets.errors import BadQuestion
from budgets.managers.reads.asked import aware, bounded, found

if TYPE_CHECKING:
    from budgets.models import Budget


@dataclass(frozen=True, slots=True)
class BalanceThen:
    """What one bucket held, in minor units; name and `closed` are those of now."""

    bucket: UUID
    name: str
    kind: str
    closed: bool
    balance: int


@dataclass(frozen=True, slots=True)
class Balances:
    """What buckets held: the open ones, and those closed since that held something.

    `seq` is the newest movement counted, 0 for none. By effective time others before it may
    not count, and a balance may be below zero: money can be said to have gone before it came.
    """

    seq: int
    buckets: tuple[BalanceThen, ...]

    @property
    def total(self) -> int:
        """What the budget held."""
        return sum(bucket.balance for bucket in self.buckets)


def balances(
    budget: "Budget", effective: datetime | None, recorded: datetime | None, seq: int | None
) -> Balances:
    """In one statement: the sum of a bucket's entries is where their chain had led (I3)."""
    buckets = counting(budget, _then(effective, recorded, seq))
    held = [
        BalanceThen(bucket.pk, bucket.name, bucket.kind, bool(bucket.archived_at), bucket.then)
        for bucket in buckets
        if bucket.then or not bucket.archived_at
    ]
    return Balances(max(bucket.newest for bucket in buckets), tuple(held))


def counting(budget: "Budget", counted: Q) -> "list[Any]":
    """The budget's buckets: `then` they held what the `counted` entries come to.

    `newest` is the last movement among those that touched the bucket. Envelopes come first, in
    priority order, then the money bucket, then closed ones as they were closed.
    """
    rows = budget.buckets.annotate(
        then=_whole(Sum("entries__amount", filter=counted)),
        newest=_whole(Max("entries__movement__seq", filter=counted)),
    )
    return found(list(rows.order_by(F("archived_at").asc(nulls_first=True), "priority", "name")))


def until(seq: int) -> Q:
    """The entries of movements up to `seq`, that one included."""
    return Q(entries__movement__seq__lte=seq)


def _then(effective: datetime | None, recorded: datetime | None, seq: int | None) -> Q:
    """Which entries count. Raises BadQuestion unless one order is named."""
    if [effective, recorded, seq].count(None) != 2:
        raise BadQuestion("say as of when, once: effective, recorded or seq", field="as of")
    if seq is not None:
        return until(bounded("seq", seq, least=0, most=MAX_MINOR))
    if recorded is not None:
        return Q(entries__movement__recorded_at__lte=aware("recorded", recorded))
    return Q(entries__movement__effective_at__lte=aware("effective", effective))


def _whole(aggregate: Any) -> Coalesce:
    return Coalesce(aggregate, 0, output_field=BigIntegerField())
