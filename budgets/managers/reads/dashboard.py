"""A budget at a glance: what each bucket holds, wants and is missing, and what last moved it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.db import router
from django.db.models import F, FilteredRelation, Q

from budgets.cascade import WHOLE, Claim
from budgets.managers.kinds import BucketKind
from budgets.managers.reads.redistribution import columns_of_buckets
from budgets.managers.reads.validation import require_rows
from tenants.context import tenancy
from tenants.managers.compiled import Placeholder, compiled
from tenants.managers.prepared import Prepared
from tenants.postgres.unreadable_times import Unreadable, mark_unreadable_times

if TYPE_CHECKING:
    from budgets.managers.buckets import BucketQuerySet
    from budgets.models import Bucket, Budget

LAST = ("movement_id", "movement__seq", "movement__kind", "amount", "movement__effective_at",
        "movement__recorded_at", "movement__memo")  # fmt: skip
OF_BUDGET = {
    "budget_id": "budget",
    "budget__name": "name",
    "budget__currency": "currency",
    "budget__exponent": "exponent",
    "budget__version": "version",
    "budget__last_movement_seq": "seq",
    "budget__deposited": "deposited",
    "budget__withdrawn": "withdrawn",
    "redistributed": "redistributed",
    "last_redistributed_at": "last_redistributed_at",
}
"""Columns of the money bucket's row, with the names that the dashboard has for them."""
OF_BUCKET = ("id", "name", "kind", "priority", "filter_flat", "filter_share", "hold_flat",
             "hold_share", "locked", "archived_at", "balance", "target")  # fmt: skip
_BUCKET = len(OF_BUDGET)
_LAST = _BUCKET + len(OF_BUCKET)


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
    """One prepared statement reads it all, so that every figure is of the version it names.

    A bucket's last entry is the one its `last_entry_seq` counts.
    """
    with mark_unreadable_times():
        rows = require_rows(_read(budget))
    bucket: Any = apps.get_model("budgets.Bucket")
    of_budget = dict(zip(OF_BUDGET.values(), rows[-1][:_BUCKET], strict=True))
    of_budget["redistributed"] = int(of_budget["redistributed"])
    states = tuple(_state(_bucket(bucket, row), row[_LAST:]) for row in rows)
    return Dashboard(buckets=states, **of_budget)


def _read(budget: "Budget") -> list[tuple[Any, ...]]:
    bucket: Any = apps.get_model("budgets.Bucket")
    using = router.db_for_read(bucket, instance=budget)
    if tenancy().tenant_id is None:  # while inspecting there is no tenant to name
        return list(_rows(bucket.objects.using(using).filter(budget=budget.pk)))
    return _statement(bucket, using).rows(using, budget=budget.pk)


@cache
def _statement(bucket: Any, using: str) -> Prepared:
    given = Placeholder("budget", bucket._meta.get_field("budget"))
    return compiled(_rows(bucket.objects.using(using).filter(budget=given)), binary=False).statement


def _rows(buckets: "BucketQuerySet") -> Any:
    """A row for each open bucket, the money bucket's last."""
    last = FilteredRelation("entries", condition=Q(entries__seq=F("last_entry_seq")))
    rows = buckets.open().annotate(last=last, **columns_of_buckets()).order_by("priority")
    return rows.values_list(*OF_BUDGET, *OF_BUCKET, *(f"last__{column}" for column in LAST))


def _bucket(model: Any, row: tuple[Any, ...]) -> "Bucket":
    """An instance with the columns that were read, for what follows from them."""
    bucket: Bucket = model.__new__(model)
    vars(bucket).update(zip(OF_BUCKET, row[_BUCKET:_LAST], strict=True))
    return bucket


def _state(bucket: "Bucket", last: tuple[Any, ...]) -> BucketState:
    return BucketState(
        bucket=bucket.id,
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
        last=None if last[0] is None else LastMoved(*last),
    )
