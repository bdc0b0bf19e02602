"""The in-memory counterpart of the budgets' manager: it creates, finds and reads them."""

from datetime import datetime
from typing import Any

from budgets.cascade import MAX_MINOR
from budgets.errors import BadQuestion, BadRule, UnknownBudget, UnknownCurrency
from budgets.interfaces import Given
from budgets.managers.budgets import UNSAID, clean_name
from budgets.managers.reads.asked import aware, bounded
from budgets.managers.reads.dashboard import BucketState, Dashboard, LastMoved, fill
from budgets.managers.reads.moments import Balances, BalanceThen
from budgets.managers.reads.redistribution import KINDS
from budgets.managers.requests import fingerprint
from budgets.money import currencies
from budgets.testing.buckets import revise
from budgets.testing.rows import Bucket, BucketKind, Budget, Entry, Movement, columns
from budgets.testing.store import Verbs
from tenants.managers.naming import uuid_of

SHOWN = ("name", "kind", "state", "priority", "hold", "locked", "balance", "target", "space")
MOVED = ("seq", "kind", "effective_at", "recorded_at", "memo")


class MemoryBudgets(Verbs):
    """The budgets of a ledger, as BudgetManager has them."""

    def create_budget(
        self, name: str, currency: str | None = None, *, owner: Given = None
    ) -> Budget:
        """Found a budget with its one money bucket; no quota is counted.

        Without a currency it has the ledger's. Raises UnknownCurrency, and BadRule when an open
        budget has the name.
        """
        if currency is None and (currency := self._store.currency) is None:
            raise UnknownCurrency(UNSAID)
        budget = Budget(
            store=self._store,
            exponent=currencies.exponent(currency),
            name=clean_name(name),
            currency=currency.upper(),
            owner=owner,
        )
        self._require_free(name, budget)
        self._store.put(budget)
        pot = Bucket(store=self._store, budget_id=budget.pk, name="Money", kind=BucketKind.MONEY)
        revise(self._store, budget, [pot], fingerprint("create_money"), {})
        return budget

    def rename(self, budget: Given, name: str) -> Budget:
        """Give it another name. Raises BadRule when an open budget has it."""
        return self._change(budget, name=clean_name(name))

    def archive(self, budget: Given) -> Budget:
        """Put it away; an archived one stays as it is."""
        self._store.renew(budget)
        return self._change(budget, archived_at=budget.archived_at or self._store.clock())

    def unarchive(self, budget: Given) -> Budget:
        """Take it into use again. Raises BadRule when an open budget has got its name."""
        return self._change(budget, archived_at=None)

    def _change(self, budget: Given, **columns: Any) -> Budget:
        self._store.renew(budget)
        if any(getattr(budget, name) != value for name, value in columns.items()):
            for name, value in (columns | {"version": budget.version + 1}).items():
                setattr(budget, name, value)
            if not budget.archived_at:
                self._require_free(budget.name, budget)
            self._store.put(budget)
        return budget  # type: ignore[no-any-return]

    def _require_free(self, name: str, budget: Budget) -> None:
        """Raise BadRule when another open budget has the name."""
        others = [row for row in self._store.all(Budget) if not row.archived_at and row != budget]
        if any(row.name.lower() == budget.name.lower() for row in others):
            raise BadRule(f"there is an open budget {name!r} already", name=name)

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

    def dashboard(self, budget: Given) -> Dashboard:
        """The budget at a glance: balances, targets, fill, rules and what moved last."""
        now = self._found(budget)
        entries = {(entry.bucket_id, entry.seq): entry for entry in self._store.all(Entry)}
        shown = [*now.buckets.envelopes(), now.buckets.money()]
        given = self._redistributions(now)
        return Dashboard(
            now.pk,
            now.name,
            now.currency,
            now.exponent,
            now.version,
            now.last_seq,
            now.deposited,
            now.withdrawn,
            tuple(_state(bucket, entries.get((bucket.pk, bucket.last_seq))) for bucket in shown),
            -sum(row.to_money for row in given),
            given[-1].effective_at if given else None,
        )

    def _redistributions(self, budget: Budget) -> list[Movement]:
        """Those that were not reversed, the oldest first."""
        rows = [row for row in self._store.all(Movement) if row.budget_id == budget.pk]
        undone = {row.reverses_id for row in rows}
        return [row for row in rows if row.kind in KINDS and row.pk not in undone]

    def balances_at(
        self,
        budget: Given,
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
            at, until = "seq", bounded("seq", seq, least=0, most=MAX_MINOR)
        elif recorded is not None:
            at, until = "recorded_at", aware("recorded", recorded)
        else:
            at, until = "effective_at", aware("effective", effective)
        entries = [row for row in self._store.all(Entry) if getattr(row.movement, at) <= until]
        buckets = sorted(self._found(budget).buckets.all(), key=_oldest_closed_last)
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
        fill=fill(bucket.balance, bucket.target),
        last=moved,
        **columns(bucket, SHOWN),
    )


def _oldest_closed_last(bucket: Bucket) -> tuple[bool, float, bool, int, str]:
    """Envelopes by priority, then the money bucket, then closed ones as they were closed."""
    closed = bucket.archived_at
    order, money = bucket.priority or 0, bucket.priority is None
    return closed is not None, closed.timestamp() if closed else 0, money, order, bucket.name
