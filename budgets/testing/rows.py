"""Rows in memory: what a caller holds is a copy, as it would be of a database's row.

Money is in minor units.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from uuid_utils.compat import uuid7

from budgets.cascade import Claim
from budgets.managers.facts import Answer, BucketFacts
from budgets.managers.kinds import BucketKind

if TYPE_CHECKING:
    from budgets.testing.store import Store


@dataclass(eq=False, kw_only=True)
class Row(Answer):
    """The same row as another when it has the same id, however old each of them is."""

    kinds: ClassVar[dict[str, type["Row"]]] = {}
    """Every kind of row, by its name."""

    store: "Store" = field(repr=False)
    pk: UUID = field(default_factory=uuid7)

    def __init_subclass__(cls) -> None:
        cls.kinds[cls.__name__] = cls

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.pk == self.pk

    def __hash__(self) -> int:
        return hash(self.pk)


@dataclass(eq=False, kw_only=True)
class Budget(Row):
    """One plan in one currency."""

    name: str
    currency: str
    exponent: int
    owner: Any = None
    version: int = 0
    last_movement_seq: int = 0
    deposited: int = 0
    withdrawn: int = 0
    last_recorded_at: datetime | None = None
    archived_at: datetime | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def buckets(self) -> "BucketsOf":
        """Its buckets, read from the store at each call."""
        return BucketsOf(self)

    def belongs_to(self, user: Any) -> bool:
        """Whether this user, a row or an id, owns it."""
        return user is not None and getattr(self.owner, "user_id", None) == getattr(
            user, "pk", user
        )


@dataclass(eq=False, kw_only=True)
class OfBudget(Row):
    """A row of one budget."""

    budget_id: UUID

    @property
    def budget(self) -> Budget:
        """As it is now."""
        return self.store.get(Budget, self.budget_id)


@dataclass(eq=False, kw_only=True)
class Requested(OfBudget):
    """A row that records a request, as `budgets.models.shared.RequestColumns` does."""

    effective_at: datetime
    request_hash: str
    actor_id: UUID | None = None
    request_id: str = ""
    memo: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    key: str | None = None


@dataclass(eq=False, kw_only=True)
class Bucket(BucketFacts, OfBudget):
    """An envelope, or the one money bucket of a budget."""

    name: str
    kind: str = BucketKind.ENVELOPE
    priority: int | None = None
    filter: Claim = field(default_factory=Claim)
    hold: Claim | None = None
    target: int | None = None
    locked: bool = False
    archived_at: datetime | None = None
    balance: int = 0
    version: int = 0
    last_entry_seq: int = 0

    def __str__(self) -> str:
        return self.name


@dataclass(eq=False, kw_only=True)
class Movement(Requested):
    """One atomic money event, written once."""

    seq: int
    kind: str
    amount: int
    net_amount: int
    entry_count: int
    recorded_at: datetime
    source: str = ""
    reverses_id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"

    @property
    def entries(self) -> "EntriesOf":
        """Its lines, one for each bucket it touched."""
        return EntriesOf(self)

    @property
    def processed(self) -> int:
        """What envelopes got (+) or gave (-) by it, in minor units."""
        return self.net_amount - self.to_money

    @property
    def to_money(self) -> int:
        """What the money bucket got (+) or gave (-) by it, in minor units."""
        rows = self.entries.all()
        return sum(entry.amount for entry in rows if entry.bucket.kind == BucketKind.MONEY)


@dataclass(eq=False, kw_only=True)
class Entry(Row):
    """One bucket's before and after in a movement, written once."""

    movement_id: UUID
    position: int
    bucket_id: UUID
    seq: int
    amount: int
    balance_before: int
    balance_after: int
    reason: str
    became_full: bool

    @property
    def bucket(self) -> Bucket:
        """As it is now."""
        return self.store.get(Bucket, self.bucket_id)

    @property
    def movement(self) -> Movement:
        """The movement it is a line of."""
        return self.store.get(Movement, self.movement_id)


@dataclass(frozen=True)
class BucketsOf:
    """The buckets of a budget, as they are now."""

    budget: Budget

    def money(self) -> Bucket:
        """The one that collects what is unallocated."""
        [money] = [bucket for bucket in self.all() if bucket.kind == BucketKind.MONEY]
        return money

    def all(self) -> list[Bucket]:
        """Open and closed ones, the oldest first."""
        return self.budget.store.all(Bucket, budget_id=self.budget.pk)

    def open(self) -> list[Bucket]:
        """Those still in use."""
        return self.budget.store.all(Bucket, budget_id=self.budget.pk, archived_at=None)

    def envelopes(self) -> list[Bucket]:
        """Open ones a cascade may fill, first served first."""
        rows = [bucket for bucket in self.open() if bucket.kind == BucketKind.ENVELOPE]
        return sorted(rows, key=attrgetter("priority"))

    def last_priority(self) -> int:
        """The highest priority number of them, -1 when none has one."""
        return max((bucket.priority or 0 for bucket in self.envelopes()), default=-1)


@dataclass(frozen=True)
class EntriesOf:
    """The lines of a movement."""

    movement: Movement

    def all(self) -> list[Entry]:
        """In the order they were written."""
        return self.movement.store.all(Entry, movement_id=self.movement.pk)

    def with_buckets(self) -> list[Entry]:
        """The same; each reads its bucket from the store."""
        return self.all()

    def order_by(self, *fields: str) -> list[Entry]:
        """By fields of an entry, the first counting most; "-" before one turns it round."""
        rows = self.all()
        for name in reversed(fields):
            rows.sort(key=attrgetter(name.removeprefix("-")), reverse=name.startswith("-"))
        return rows


def columns(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """Some of a row's values, by name."""
    return {name: getattr(row, name) for name in names}
