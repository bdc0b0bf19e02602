"""The ledger writer: it drafts movements with their entries, and it alone writes them and rules.

The verbs decide what is to be written. Stores differ in a few primitives: `DatabaseWriter` has
those of PostgreSQL, `budgets.testing` replaces them by those of a ledger in memory.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.apps import apps

from budgets.cascade import MAX_MINOR
from budgets.errors import BadAmount, NothingToMove
from budgets.managers.databasewriter import DatabaseWriter, Draft
from budgets.managers.entries import ProposedEntry, net
from budgets.managers.kinds import BucketKind
from budgets.managers.requests import Request

if TYPE_CHECKING:
    from budgets.managers.moneyverbs import MoneyVerbs
    from budgets.models import Budget, Entry, Movement


class LedgerWriter(DatabaseWriter):
    """Drafts movements and posts them."""

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

    def add_money_bucket(self, budget: "Budget") -> None:
        """Give a new budget its money bucket."""
        bucket = self.make("Bucket", budget=budget, name="Money", kind=BucketKind.MONEY)
        self.write_rules(Request("create_money", {}), budget, [bucket], verb="create")


class LedgerVerbs:
    """What the verbs of all managers share: their store, here PostgreSQL."""

    if TYPE_CHECKING:
        db: Any

    @property
    def _writer(self) -> LedgerWriter:
        return LedgerWriter(self.db)

    @property
    def _movements(self) -> "MoneyVerbs":
        """The money verbs of the same store."""
        movements: MoneyVerbs = apps.get_model("budgets.Movement").objects
        return movements


def _count(budget: "Budget", movement: "Movement") -> None:
    """Add a movement to the totals of its budget, in memory."""
    budget.version += 1
    budget.last_movement_seq = movement.seq
    budget.last_recorded_at = movement.recorded_at
    budget.deposited += max(movement.net_amount, 0)
    budget.withdrawn += max(-movement.net_amount, 0)
