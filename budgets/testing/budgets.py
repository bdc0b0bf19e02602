"""The in-memory counterpart of the budgets' manager: it creates, finds and reads them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from budgets.cascade import MAX_MINOR
from budgets.errors import BadQuestion, UnknownBudget
from budgets.interfaces import AnyRow
from budgets.managers.budgetverbs import BudgetVerbs, name_taken
from budgets.managers.kinds import REDISTRIBUTIONS, BucketKind
from budgets.managers.reads.dashboard import BucketState, Dashboard, LastMoved, fill_share
from budgets.managers.reads.moments import Balances, BalanceThen
from budgets.managers.reads.validation import clean_integer, clean_time
from budgets.testing.rows import Bucket, Budget, Entry, Movement, columns
from budgets.testing.verbs import MemoryDAO
from tenants.managers.naming import uuid_of

SHOWN = ("name", "kind", "state", "priority", "hold", "locked", "balance", "target", "space")
MOVED = ("seq", "kind", "effective_at", "recorded_at", "memo")


class MemoryBudgets(MemoryDAO, BudgetVerbs):
    """The budgets of a ledger, as BudgetManager has them; no quota is counted."""

    def _tenant_currency(self) -> str | None:
        return self._store.currency

    def _save(self, budget: Any, columns: Sequence[str] = ()) -> None:
        open_ = [] if budget.archived_at else self._store.all(Budget, archived_at=None)
        if any(row != budget and row.name.lower() == budget.name.lower() for row in open_):
            raise name_taken(budget)
        self._store.put(budget)

    def get_by_name(self, name: str, *, archived: bool = False) -> Budget:
        """The open budget of that name, whatever its case, or id; else, if asked, an archived one.

        Raises UnknownBudget.
        """
        for kept in (False, True) if archived else (False,):
            rows = [row for row in self._store.all(Budget) if bool(row.archived_at) == kept]
            same = [row for row in rows if row.name.upper() == name.upper()]
            same = same or [row for row in rows if row.pk == uuid_of(name)]
            if len(same) == 1:
                return same[0]
        raise UnknownBudget(f"there is no budget {name!r} here", name=name)

    def of(self, user: Any) -> list[Budget]:
        """Budgets whose owner, whatever was given as such, has this user: `user_id`."""
        return [row for row in self._store.all(Budget) if row.belongs_to(user)]

    def dashboard(self, budget: AnyRow) -> Dashboard:
        """The budget at a glance: balances, targets, fill, rules and what moved last."""
        now = self._store.budget(budget.pk)
        entries = {(entry.bucket_id, entry.seq): entry for entry in self._store.all(Entry)}
        shown = [*now.buckets.envelopes(), now.buckets.money()]
        given = self._redistributions(now)
        return Dashboard(
            now.pk,
            now.name,
            now.currency,
            now.exponent,
            now.version,
            now.last_movement_seq,
            now.deposited,
            now.withdrawn,
            tuple(
                _state(bucket, entries.get((bucket.pk, bucket.last_entry_seq))) for bucket in shown
            ),
            -sum(row.to_money for row in given),
            given[-1].effective_at if given else None,
        )

    def _redistributions(self, budget: Budget) -> list[Movement]:
        """Those that were not reversed, the oldest first."""
        rows = self._store.all(Movement, budget_id=budget.pk)
        undone = {row.reverses_id for row in rows}
        return [row for row in rows if row.kind in REDISTRIBUTIONS and row.pk not in undone]

    def balances_at(
        self,
        budget: AnyRow,
        *,
        effective: datetime | None = None,
        recorded: datetime | None = None,
        seq: int | None = None,
    ) -> Balances:
        """What every bucket held as of one of three: say which."""
        if [effective, recorded, seq].count(None) != 2:
            raise BadQuestion("say as of when, once: effective, recorded or seq", field="as of")
        until: Any
        if seq is not None:
            at, until = "seq", clean_integer("seq", seq, least=0, most=MAX_MINOR)
        elif recorded is not None:
            at, until = "recorded_at", clean_time("recorded", recorded)
        else:
            at, until = "effective_at", clean_time("effective", effective)
        entries = [row for row in self._store.all(Entry) if getattr(row.movement, at) <= until]
        buckets = sorted(self._store.budget(budget.pk).buckets.all(), key=_oldest_closed_last)
        held = [(bucket, [row for row in entries if row.bucket == bucket]) for bucket in buckets]
        newest = [row.movement.seq for _, rows in held for row in rows]
        return Balances(
            max(newest, default=0),
            tuple(
                BalanceThen(bucket.pk, bucket.name, bucket.kind, bool(bucket.archived_at), then)
                for bucket, rows in held
                if (then := sum(row.amount for row in rows)) or not bucket.archived_at
            ),
        )


def _state(bucket: Bucket, last: Entry | None) -> BucketState:
    moved = None
    if last is not None:
        moved = LastMoved(last.movement_id, amount=last.amount, **columns(last.movement, MOVED))
    return BucketState(
        bucket=bucket.pk,
        filter=None if bucket.kind == BucketKind.MONEY else bucket.filter,
        fill=fill_share(bucket.balance, bucket.target),
        last=moved,
        **columns(bucket, SHOWN),
    )


def _oldest_closed_last(bucket: Bucket) -> tuple[bool, float, bool, int, str]:
    """Envelopes by priority, then the money bucket, then closed ones as they were closed."""
    closed = bucket.archived_at
    order, money = bucket.priority or 0, bucket.priority is None
    return closed is not None, closed.timestamp() if closed else 0, money, order, bucket.name
