"""What the last deposits would have done under other rules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.db.models import Sum

from budgets.cascade import Claim, Plan, Slot
from budgets.cascade.projection import settled
from budgets.errors import BadRule, UnknownBucket
from budgets.managers.dispositions import require_open
from budgets.managers.kinds import BucketKind
from budgets.managers.reads.moments import IN_ORDER, entered
from budgets.managers.reads.validation import clean_integer, require_rows

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement

MOST_DEPOSITS = 1_000


class OtherRules(TypedDict, total=False):
    """What to change of a bucket's rules; the rest is as it is now."""

    filter: Claim
    hold: Claim | None
    target: int | None
    locked: bool
    priority: int


@dataclass(frozen=True, slots=True)
class Rerun:
    """One of the deposits, and the plan it would have had."""

    movement: UUID
    seq: int
    effective_at: datetime
    amount: int
    plan: "Plan[Bucket]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the deposits left in one bucket, and what they would have left; minor units.

    `kept` is what the ledger says. `today` and `would_keep` are of the deposits run again, by the
    rules of today and by the other ones, with nothing else moving between.
    """

    bucket: "Bucket"
    kept: int
    today: int
    would_keep: int

    @property
    def difference(self) -> int:
        """More (+) or less (-) than by the rules of today."""
        return self.would_keep - self.today


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The deposits in the order they came, and their outcome: envelopes in order of priority.

    The money bucket follows the open envelopes, then those closed since; they had their share,
    and would have none. Each of the three columns comes to what was deposited.
    """

    deposits: tuple[Rerun, ...]
    outcomes: tuple[Outcome, ...]


def what_if(
    budget: "Budget", rules: "Mapping[Bucket, OtherRules]", last: int, with_reversed: bool
) -> WhatIf:
    """Four statements, then the cascade twice for each deposit on what the one before it left."""
    clean_integer("last", last, least=1, most=MOST_DEPOSITS)
    deposits = _deposits(budget, last, with_reversed)
    first = deposits[0].seq if deposits else budget.last_movement_seq + 1
    held = {stood.bucket: stood.balance for stood in entered(budget, seq=first - 1)}
    buckets = require_rows(list(budget.buckets.order_by(*IN_ORDER)))
    today = _rerun(deposits, _slots(buckets, held, {}))
    reruns = _rerun(deposits, _slots(buckets, held, rules))
    kept = dict(
        budget.movements.filter(pk__in=[deposit.pk for deposit in deposits])
        .values_list("entries__bucket")
        .annotate(Sum("entries__amount"))
    )
    outcomes = (
        Outcome(bucket, kept.get(bucket.pk, 0), by_today, by_rules)
        for bucket, by_today, by_rules in zip(
            buckets, _left(buckets, today), _left(buckets, reruns), strict=True
        )
    )
    return WhatIf(reruns, tuple(one for one in outcomes if not one.bucket.archived_at or one.kept))


def _deposits(budget: "Budget", last: int, with_reversed: bool) -> "list[Movement]":
    rows = budget.movements.filter(kind="deposit")
    if not with_reversed:
        rows = rows.filter(reversals=None)
    return list(rows.order_by("-seq")[:last])[::-1]


def _slots(
    buckets: "list[Bucket]", held: Mapping[UUID, int], rules: "Mapping[Bucket, OtherRules]"
) -> "list[Slot[Bucket]]":
    """The open envelopes as the first deposit would have met them.

    Raises UnknownBucket, BucketClosed and BadRule.
    """
    for bucket in rules:
        if bucket not in buckets:
            raise UnknownBucket(f"the budget has no bucket {bucket}", bucket=bucket.pk)
        require_open(buckets[buckets.index(bucket)])
        if bucket.kind == BucketKind.MONEY:
            raise BadRule("the money bucket has no rules to change", bucket=bucket.name)
    envelopes = [bucket for bucket in buckets if bucket.priority is not None]
    try:
        return [
            replace(bucket.slot(), balance=held[bucket.pk], **rules.get(bucket, {}))
            for bucket in envelopes
        ]
    except (TypeError, ValueError) as error:
        raise BadRule(str(error)) from error


def _rerun(deposits: "list[Movement]", slots: "list[Slot[Bucket]]") -> tuple[Rerun, ...]:
    reruns = []
    for deposit in deposits:
        try:
            plan, slots = settled(deposit.amount, slots)
        except ValueError as error:  # two buckets of one priority
            raise BadRule(str(error)) from error
        reruns.append(Rerun(deposit.pk, deposit.seq, deposit.effective_at, deposit.amount, plan))
    return tuple(reruns)


def _left(buckets: "list[Bucket]", reruns: tuple[Rerun, ...]) -> list[int]:
    """What the plans come to for each bucket; the money bucket has the remainders."""
    left = dict.fromkeys(buckets, 0)
    [money] = [bucket for bucket in buckets if bucket.kind == BucketKind.MONEY]
    for rerun in reruns:
        for bucket, amount in rerun.plan.changes.items():
            left[bucket] += amount
        left[money] += rerun.plan.remainder
    return list(left.values())
