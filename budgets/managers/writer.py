"""The ledger writer: it drafts movements with their entries, and it alone writes them and rules.

The verbs decide what is to be written. Stores differ in a few primitives: `DatabaseWriter` has
those of PostgreSQL, `budgets.testing` those of a ledger in memory.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from budgets.cascade import MAX_MINOR
from budgets.errors import BadAmount, NothingToMove
from budgets.managers.entries import ProposedEntry, net
from budgets.managers.keys import Keys
from budgets.managers.kinds import BucketKind
from budgets.managers.requests import Request

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Entry, Movement


@dataclass(frozen=True, slots=True)
class Draft:
    """A movement and its entries, not written yet; budget and buckets are as they will be."""

    budget: "Budget"
    movement: "Movement"
    entries: "list[Entry]"


class LedgerWriter(ABC):
    """Drafts and posts; its children write. All of it is done under the budget's lock."""

    __slots__ = ()

    def post(
        self,
        request: Request,
        budget: "Budget",
        kind: str,
        amount: int,
        lines: Iterable[ProposedEntry],
        reverses: "Movement | None" = None,
    ) -> "Movement":
        """Draft one movement and write it. Raises what `draft` does."""
        draft = self.draft(request, budget, kind, amount, lines, reverses)
        self.write([draft])
        return draft.movement

    def draft(
        self,
        request: Request,
        budget: "Budget",
        kind: str,
        amount: int,
        lines: Iterable[ProposedEntry],
        reverses: "Movement | None" = None,
    ) -> Draft:
        """A movement with its entries; the budget and its buckets, in memory, as after it.

        The sum of the lines is what came in (+) or went out (-). Raises NothingToMove, and
        BadAmount for more money than a budget can count, before it changes anything.
        """
        lines = net(lines)
        net_amount = sum(line.amount for line in lines)
        if not lines:
            raise NothingToMove
        if budget.deposited + max(net_amount, 0) > MAX_MINOR:
            raise BadAmount("the budget cannot count that much money", asked=amount)
        now = self.now()
        movement: Movement = self.make(
            "Movement",
            budget=budget,
            seq=budget.last_movement_seq + 1,
            kind=kind,
            amount=amount,
            net_amount=net_amount,
            entry_count=len(lines),
            reverses=reverses,
            source=request.options["source"],
            # Never earlier than the movement before it, whatever the clock does.
            recorded_at=max(filter(None, [now, budget.last_recorded_at])),
            **self.columns(request, now),
        )
        _count(budget, movement)
        entries = [self._entry(movement, n, line) for n, line in enumerate(lines, start=1)]
        return Draft(budget, movement, entries)

    def _entry(self, movement: "Movement", position: int, line: ProposedEntry) -> "Entry":
        """One line as an entry; its bucket, in memory, as after it."""
        bucket = line.bucket
        entry: Entry = self.make(
            "Entry",
            movement=movement,
            position=position,
            bucket=bucket,
            seq=bucket.last_entry_seq + 1,
            amount=line.amount,
            balance_before=bucket.balance,
            balance_after=line.after,
            reason=line.reason,
            became_full=line.becomes_full,
        )
        bucket.balance, bucket.last_entry_seq = entry.balance_after, entry.seq
        return entry

    def columns(self, request: Request, now: datetime | None = None) -> dict[str, Any]:
        """The columns that record a request: who, when, why and under which key."""
        return {**self.caller(), **request.columns(now or self.now())}

    def add_money_bucket(self, budget: "Budget") -> None:
        """Give a new budget its money bucket."""
        bucket = self.make("Bucket", budget=budget, name="Money", kind=BucketKind.MONEY)
        self.write_rules(Request("create_money", {}), budget, [bucket], verb="create")

    @abstractmethod
    def now(self) -> datetime:
        """The present moment, by the clock of the store."""

    @abstractmethod
    def caller(self) -> dict[str, Any]:
        """The columns that say who asks: `actor_id` and `request_id`."""

    @abstractmethod
    def make(self, model: str, /, **values: Any) -> Any:
        """A row of that model, not written."""

    @abstractmethod
    def lock(self, budget: "Budget") -> None:
        """Make every other writer of this budget wait, and read it anew."""

    @abstractmethod
    def lock_all(self, ids: Collection[UUID]) -> "dict[UUID, Budget]":
        """Lock budgets in the order of their ids, so that nobody waits in a circle."""

    @abstractmethod
    def renew(self, *rows: Any) -> None:
        """Read rows anew. Raises RowNotFound."""

    @abstractmethod
    def keys(self, budgets: Collection[UUID], keys: Iterable[str | None]) -> Keys:
        """Which of the keys the budgets have used, and for what."""

    @abstractmethod
    def open_buckets(self, budget: "Budget") -> "list[Bucket]":
        """The open buckets, and their budget, in one read. Raises UnknownBudget."""

    @abstractmethod
    def open_buckets_of(self, budgets: "Mapping[UUID, Budget]") -> "dict[UUID, list[Bucket]]":
        """The open buckets of each budget, under its lock."""

    @abstractmethod
    def movements(
        self, ids: Collection[UUID], budgets: "Mapping[UUID, Budget]"
    ) -> "dict[UUID, Movement]":
        """Movements of those budgets, by id."""

    @abstractmethod
    def write(self, drafts: Sequence[Draft]) -> None:
        """Write movements, their entries, the balances and the totals of the budgets."""

    @abstractmethod
    def write_rules(
        self,
        request: Request,
        budget: "Budget",
        buckets: "list[Bucket]",
        *,
        verb: str = "",
        from_seq: int | None = None,
    ) -> None:
        """Write buckets and a version of the rules of each; the first one keeps the key.

        They hold from movement `from_seq` on, or else from the next one. Raises BadRule.
        """


def _count(budget: "Budget", movement: "Movement") -> None:
    """Add a movement to the totals of its budget, in memory."""
    budget.version += 1
    budget.last_movement_seq = movement.seq
    budget.last_recorded_at = movement.recorded_at
    budget.deposited += max(movement.net_amount, 0)
    budget.withdrawn += max(-movement.net_amount, 0)
