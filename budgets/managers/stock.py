"""What a verb reads under the lock of a budget: buckets and the answer to its key, in one read.

The rows are light: a cascade needs no instances of models.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from budgets.cascade import Claim
from budgets.managers.facts import BucketFacts
from budgets.managers.keys import USED, Keys
from tenants.managers.prepared import Prepared

if TYPE_CHECKING:
    from budgets.models import Budget

COLUMNS = (
    "id",
    "name",
    "kind",
    "priority",
    "filter_flat",
    "filter_share",
    "hold_flat",
    "hold_share",
    "target",
    "locked",
    "archived_at",
    "balance",
    "version",
    "last_entry_seq",
)
"""The columns of a bucket that verbs decide by."""

NOW = "greatest(clock_timestamp(), transaction_timestamp())"
"""The present moment by PostgreSQL's clock, which a movement is recorded at."""

_BUCKETS = Prepared(
    f"SELECT b.budget_id, {', '.join(f'b.{name}' for name in COLUMNS)}, {NOW},"  # noqa: S608
    f" (SELECT jsonb_agg(jsonb_build_array(u.budget_id, u.key, u.request, u.id)) FROM ({USED}) u)"
    " FROM budgets_bucket AS b"
    " WHERE b.tenant_id = %(tenant)s AND b.budget_id = ANY(%(budgets)s::uuid[])"
    " AND (%(is_open)s AND b.archived_at IS NULL OR b.id = ANY(%(ids)s::uuid[]))"
    " ORDER BY b.budget_id, b.priority"
)


class StockedBucket(BucketFacts):
    """A bucket as it was read; the drafts of movements change its balance in memory."""

    __slots__ = ("budget", "budget_id", *COLUMNS)

    budget: "Budget"
    id: UUID
    name: str

    def __init__(self, budget_id: UUID, *values: Any) -> None:
        self.budget_id = budget_id
        (
            self.id, self.name, self.kind, self.priority, self.filter_flat, self.filter_share,
            self.hold_flat, self.hold_share, self.target, self.locked, self.archived_at,
            self.balance, self.version, self.last_entry_seq,
        ) = values  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def pk(self) -> UUID:
        """Its id."""
        return self.id

    @property
    def filter(self) -> Claim:
        """The claim on arriving money."""
        return Claim(self.filter_flat or 0, self.filter_share or 0)

    @property
    def hold(self) -> Claim | None:
        """The minimum that it keeps, or None."""
        if self.hold_flat is None and self.hold_share is None:
            return None
        return Claim(self.hold_flat or 0, self.hold_share or 0)


class Stock(NamedTuple):
    """Buckets by budget, in the order of the cascade; used keys; and the time of the read."""

    buckets: dict[UUID, list[Any]]
    keys: Keys
    now: datetime


def read(
    db: str,
    budgets: Collection[UUID],
    keys: Iterable[str | None],
    *,
    is_open: bool = True,
    ids: Collection[UUID] = (),
) -> Stock | None:
    """The open buckets of the budgets, or those with the ids, and which keys were used.

    None if there is no such bucket.
    """
    asked = sorted({key for key in keys if key is not None})
    rows = _BUCKETS.rows(db, budgets=list(budgets), keys=asked, is_open=is_open, ids=list(ids))
    if not rows:
        return None
    buckets: defaultdict[UUID, list[StockedBucket]] = defaultdict(list)
    for row in rows:
        buckets[row[0]].append(StockedBucket(*row[:-2]))
    *_, now, used = rows[0]
    return Stock(buckets, Keys(_with_ids(used or ())), now)


def _with_ids(used: Iterable[Any]) -> Iterable[tuple[UUID, str, str, UUID]]:
    """The rows of used keys, which travel as JSON beside the buckets."""
    return [(UUID(budget), key, request, UUID(pk)) for budget, key, request, pk in used]
