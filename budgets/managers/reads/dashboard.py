"""A budget at a glance: what each bucket holds, wants and is missing, and what last moved it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F, FilteredRelation, Q

from budgets.cascade import WHOLE, Claim
from budgets.managers.kinds import BucketKind
from budgets.managers.reads.redistribution import columns_of_buckets
from budgets.managers.reads.validation import require_rows
from tenants.postgres.unreadable_times import Unreadable, mark_unreadable_times

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget

LAST = ("movement_id", "movement__seq", "movement__kind", "amount", "movement__effective_at",
        "movement__recorded_at", "movement__memo")  # fmt: skip


@dataclass(frozen=True, slots=True)
class LastMoved:
    """What a bucket got (+) or gave (-) last, in minor units, and by which movement."""

    movement: UUID
    seq: int
    kind: str
    amount: int
    effective_at: datetime | Unreadable
    recorded_at: datetime | Unreadable
    memo: str


@dataclass(frozen=True, slots=True)
class BucketState:
    """One bucket as it stands. Sums in minor units, `fill` in parts per million.

    `state` is locked, else full, else active. Without a target there is neither space nor fill;
    the money bucket has no priority and no filter; `last` is None before the first entry.
    """

    bucket: UUID
    name: str
    kind: str
    state: str
    priority: int | None
    filter: Claim | None
    hold: Claim | None
    locked: bool
    balance: int
    target: int | None
    space: int | None
    fill: int | None
    last: LastMoved | None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A budget as of its `version`: the envelopes in priority order, then the money bucket.

    `redistributed` is what went from the money bucket to envelopes by redistribution, in minor
    units, and `last_redistributed_at` when the newest of it happened; what was reversed since
    is not counted.
    """

    budget: UUID
    name: str
    currency: str
    exponent: int
    version: int
    seq: int
    deposited: int
    withdrawn: int
    buckets: tuple[BucketState, ...]
    redistributed: int
    last_redistributed_at: datetime | Unreadable | None

    @property
    def held(self) -> int:
        """What all buckets hold."""
        return sum(state.balance for state in self.buckets)

    @property
    def targeted(self) -> int:
        """What the targets come to."""
        return sum(state.target or 0 for state in self.buckets)

    @property
    def missing(self) -> int:
        """What it takes to reach every target."""
        return sum(state.space or 0 for state in self.buckets)

    @property
    def spare(self) -> int:
        """What the money bucket holds."""
        return self.buckets[-1].balance


def fill_share(balance: int, target: int | None) -> int | None:
    """How full a bucket is in parts per million, rounded down; more than a million above target.

    >>> fill_share(1, 3), fill_share(300, 200), fill_share(5, None), fill_share(0, 0)
    (333333, 1500000, None, 1000000)
    """
    if target is None:
        return None
    return balance * WHOLE // target if target else WHOLE


def dashboard(budget: "Budget") -> Dashboard:
    """One statement reads it all, so that every figure is of the version it names.

    A bucket's last entry is the one its `last_entry_seq` counts.
    """
    last = FilteredRelation("entries", condition=Q(entries__seq=F("last_entry_seq")))
    columns = {f"_{column}": F(f"last__{column}") for column in LAST}
    rows = budget.buckets.open().select_related("budget").annotate(last=last)
    with mark_unreadable_times():
        told = rows.annotate(**columns, **columns_of_buckets())
        buckets = require_rows(list(told.order_by("priority")))
    money: Any = buckets[-1]
    now: Budget = money.budget
    return Dashboard(
        now.pk,
        now.name,
        now.currency,
        now.exponent,
        now.version,
        now.last_movement_seq,
        now.deposited,
        now.withdrawn,
        tuple(map(_state, buckets)),
        money.redistributed,
        money.last_redistributed_at,
    )


def _state(bucket: "Bucket") -> BucketState:
    moved: list[Any] = [getattr(bucket, f"_{column}") for column in LAST]
    return BucketState(
        bucket=bucket.pk,
        name=bucket.name,
        kind=bucket.kind,
        state=bucket.state,
        priority=bucket.priority,
        filter=None if bucket.kind == BucketKind.MONEY else bucket.filter,
        hold=bucket.hold,
        locked=bucket.locked,
        balance=bucket.balance,
        target=bucket.target,
        space=bucket.space,
        fill=fill_share(bucket.balance, bucket.target),
        last=None if moved[0] is None else LastMoved(*moved),
    )
