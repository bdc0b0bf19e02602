"""The ledger writer in memory: it differs from the one of PostgreSQL in these primitives."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, override
from uuid import UUID

from budgets.cascade import MAX_MINOR
from budgets.errors import BadRule
from budgets.managers.databasewriter import Draft
from budgets.managers.keys import Keys
from budgets.managers.requests import Request
from budgets.managers.writer import LedgerWriter
from budgets.testing.rows import Bucket, Budget, Movement, Row
from budgets.testing.store import Store
from tenants.errors import ValueRefused

_LAST_PRIORITY = 2**31 - 1
_RELATIONS = ("budget", "bucket", "movement", "reverses", "schedule", "statement")


class MemoryWriter(LedgerWriter):
    """Writes to a store; nobody else does at the same time, so that nothing is locked."""

    __slots__ = ("store",)

    def __init__(self, store: Store) -> None:
        self.store = store

    @override
    def now(self) -> datetime:
        return self.store.clock()

    @override
    def caller(self) -> dict[str, Any]:
        return {"actor_id": self.store.actor_id, "request_id": self.store.request_id}

    @override
    def require_quota(self, name: str, of: Any = None) -> None:
        """As many as one likes."""

    @override
    def answer(self, model: str, pk: UUID) -> Any:
        return self.store.answer(Row.kinds[model], pk)

    @override
    def make(self, model: str, /, **values: Any) -> Any:
        ids = {
            f"{name}_id": row and row.pk
            for name in _RELATIONS
            if (row := values.pop(name, self)) is not self
        }
        return Row.kinds[model](store=self.store, **values, **ids)

    @override
    def lock(self, budget: Any) -> None:
        self.store.renew(budget)

    @override
    def lock_all(self, ids: Collection[UUID]) -> dict[UUID, Any]:
        return {pk: budget for pk in ids if (budget := self.store.find(Budget, pk))}

    @override
    def renew(self, *rows: Any) -> None:
        for row in rows:
            self.store.renew(row)

    @override
    def keys(self, budgets: Collection[UUID], keys: Iterable[str | None]) -> Keys:
        return self.store.keys.copy()

    @override
    def open_buckets(self, budget: Any) -> list[Any]:
        return self.store.budget(budget.pk).buckets.open()

    @override
    def open_buckets_of(self, budgets: Mapping[UUID, Any]) -> dict[UUID, list[Any]]:
        return {pk: budget.buckets.open() for pk, budget in budgets.items()}

    @override
    def movements(self, ids: Collection[UUID], budgets: Mapping[UUID, Any]) -> dict[UUID, Any]:
        return {pk: row for pk in ids if (row := self.store.find(Movement, pk))}

    @override
    def is_reversed(self, movement: Any) -> bool:
        return bool(self.store.all(Movement, reverses_id=movement.pk))

    @override
    def write(self, drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            rows: list[Any] = [draft.movement, draft.budget, *draft.entries]
            self.store.put(*rows)
            answer = draft.movement
            self.store.keys.take(draft.budget.pk, answer.key, answer.request_hash, answer.pk)
            for entry in draft.entries:
                bucket = self.store.get(Bucket, entry.bucket_id)
                bucket.balance, bucket.last_entry_seq = entry.balance_after, entry.seq
                self.store.put(bucket)

    @override
    def write_rules(
        self,
        request: Request,
        budget: Any,
        buckets: list[Any],
        *,
        verb: str = "",
        from_seq: int | None = None,
    ) -> None:
        for bucket in buckets:
            _require_storable(bucket)
            _require_unique(bucket, [row for row in budget.buckets.open() if row not in buckets])
        for bucket in buckets:
            bucket.version += 1
        budget.version += 1
        self.store.put(budget, *buckets)
        self.store.keys.take(budget.pk, request.key, request.fingerprint, buckets[0].pk)


def _require_storable(bucket: Bucket) -> None:
    """Raise ValueRefused for a number PostgreSQL's columns do not hold, BadRule below zero."""
    claims = [claim for claim in (bucket.filter, bucket.hold) if claim]
    if (bucket.priority or 0) > _LAST_PRIORITY or any(claim.flat > MAX_MINOR for claim in claims):
        raise ValueRefused(f"{bucket}: a number is out of range")
    if (bucket.priority or 0) < 0:
        raise BadRule(f"{bucket}: a priority is an integer from 0")


def _require_unique(bucket: Bucket, others: Sequence[Bucket]) -> None:
    """Raise BadRule when another open bucket of the budget has its priority or its name."""
    if bucket.archived_at:
        return
    for other in others:
        if bucket.priority == other.priority is not None:
            raise BadRule(f"{bucket}: another bucket of the budget has that priority")
        if bucket.name.lower() == other.name.lower():
            raise BadRule(f"{bucket}: another open bucket of the budget has that name")
