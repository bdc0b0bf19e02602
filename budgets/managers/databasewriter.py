"""What the ledger writer needs of PostgreSQL, with the one statement that changes balances."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from budgets.errors import BadRule
from budgets.managers import stock
from budgets.managers.keys import Keys
from budgets.managers.reads.validation import require_rows
from budgets.managers.requests import Request
from budgets.managers.stock import Stock
from budgets.managers.versions import RULES
from tenants.access import quotas
from tenants.context import tenancy
from tenants.managers.prepared import Prepared
from tenants.managers.verbs import refused_as

if TYPE_CHECKING:
    from budgets.models import Bucket, BucketVersion, Budget, Movement

POST = Prepared(
    """
INSERT INTO budgets_posting (
    tenant_id, id, budget_id, budget_version, kind, amount, net_amount, bucket_ids, amounts,
    reasons, effective_at, recorded_at, actor_id, request_id, memo, metadata, key, request_hash,
    source, reverses_id
) VALUES (
    %(tenant)s, %(id)s, %(budget_id)s, %(budget_version)s, %(kind)s, %(amount)s, %(net_amount)s,
    %(bucket_ids)s::uuid[], %(amounts)s::bigint[], %(reasons)s::text[], %(effective_at)s,
    %(recorded_at)s, %(actor_id)s, %(request_id)s, %(memo)s, %(metadata)s::jsonb, %(key)s,
    %(request_hash)s, %(source)s, %(reverses_id)s
)
"""
)
"""The one statement that changes balances: its trigger writes the ledger (`0024_postings`)."""

_SAME = ("amount", "net_amount", "effective_at", "recorded_at", "actor_id", "request_id", "memo",
         "key", "request_hash", "source", "reverses_id", "budget_id")  # fmt: skip
"""The columns of a posting that are those of the movement."""

_BUDGET = ("name", "owner_id", "currency", "exponent", "version", "last_movement_seq", "deposited",
           "withdrawn", "last_recorded_at", "head", "archived_at", "updated_at")  # fmt: skip

LOCK = Prepared(
    f"SELECT {', '.join(_BUDGET)} FROM budgets_budget"  # noqa: S608  # our own names
    " WHERE tenant_id = %(tenant)s AND id = %(budget)s FOR NO KEY UPDATE"
)
"""The lock of a budget; what it reads of it is what there was after the wait."""

_BROKEN_RULES = {
    "budgets_bucket_priority_once": "another bucket of the budget has that priority",
    "budgets_bucket_open_name_once": "another open bucket of the budget has that name",
    "budgets_bucket_priority": "a priority is an integer from 0",
    "budgets_bucket_target": "a target is a sum of 0 or more",
}


_ANSWERS = {"Movement": ["pk"], "Bucket": ["versions"], "Schedule": ["pk", "versions"]}
"""By which ids a row that answered a request is found."""


class DraftLine(NamedTuple):
    """One entry of a draft: what the bucket gets (+) or gives (-), and its balances around it."""

    bucket_id: UUID
    amount: int
    reason: str
    seq: int
    before: int
    after: int
    becomes_full: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A movement and its lines, not written yet; budget and buckets are as they will be."""

    budget: "Budget"
    movement: "Movement"
    lines: list[DraftLine]
    version: int
    """The version of the budget that it was decided at."""


class DatabaseWriter:
    """Reads and writes PostgreSQL, which refuses at COMMIT what does not add up.

    `budgets.testing` has the same of a ledger in memory. All of it is done under the budget's lock.
    """

    __slots__ = ("db",)

    def __init__(self, db: str) -> None:
        self.db = db

    def now(self) -> datetime:
        """The present moment, by the clock of the store."""
        return timezone.now()

    def caller(self) -> dict[str, Any]:
        """The columns that say who asks: `actor_id` and `request_id`."""
        current = tenancy()
        return {"actor_id": current.actor_id, "request_id": current.request_id}

    def columns(self, request: Request, now: datetime | None = None) -> dict[str, Any]:
        """The columns that record a request: who, when, why and under which key."""
        return {**self.caller(), **request.columns(now or self.now())}

    def require_quota(self, name: str, of: "Budget | None" = None) -> None:
        """Raise QuotaReached when the tenant, or the budget `of`, has all that it may have."""
        quotas.require(name, of)

    def answer(self, model: str, pk: UUID) -> Any:
        """The row that answered a request before, by its id or a version's; it is `repeated`."""
        known = Q(*((name, pk) for name in _ANSWERS[model]), _connector=Q.OR)
        [row] = self._rows(model).filter(known).distinct()
        row.repeated = True
        return row

    def make(self, model: str, /, **values: Any) -> Any:
        """A row of that model, not written."""
        return apps.get_model("budgets", model)(**values)

    def lock(self, budget: "Budget") -> None:
        """Make every other writer of this budget wait, and read it anew. Raises RowNotFound."""
        type(budget).require_writable()
        rows = LOCK.rows(self.db, budget=budget.pk)
        if not rows:
            raise type(budget).DoesNotExist
        owner_id = budget.owner_id
        vars(budget).update(zip(_BUDGET, rows[0], strict=True))
        if budget.owner_id != owner_id:
            budget._state.fields_cache.pop("owner", None)

    def lock_all(self, ids: Collection[UUID]) -> "dict[UUID, Budget]":
        """Lock budgets in the order of their ids, so that nobody waits in a circle."""
        rows = self._rows("Budget").acquired().filter(pk__in=ids).in_lock_order()
        return {budget.pk: budget for budget in rows}

    def renew(self, *rows: Any) -> None:
        """Read rows anew. Raises RowNotFound."""
        for row in rows:
            row.refresh_from_db()

    def stock_of(self, budget_id: UUID, key: str | None, *buckets: "Bucket") -> Stock:
        """The answer to a key and the time, and the buckets, read anew in the same statement.

        Raises RowNotFound.
        """
        ids = [bucket.pk for bucket in buckets]
        budgets = {budget_id, *(bucket.budget_id for bucket in buckets)}
        found = stock.read(self.db, budgets, [key], is_open=False, ids=ids)
        rows = {row.pk: row for each in found.buckets.values() for row in each} if found else {}
        for bucket in buckets:
            if (row := rows.get(bucket.pk)) is None:
                raise type(bucket).DoesNotExist
            vars(bucket).update((name, getattr(row, name)) for name in stock.COLUMNS)
        return found or Stock({}, self.keys([budget_id], [key]), self.now())

    def open_stock(self, budgets: "Mapping[UUID, Budget]", keys: Iterable[str | None]) -> Stock:
        """The open buckets of budgets, and which keys were used, under their locks."""
        found = stock.read(self.db, [*budgets], keys) if budgets else None
        if found is None:
            return Stock({}, Keys(), self.now())
        for pk, buckets in found.buckets.items():
            for bucket in buckets:
                bucket.budget = budgets[pk]
        return found

    def keys(self, budgets: Collection[UUID], keys: Iterable[str | None]) -> Keys:
        """Which of the keys the budgets have used, and for what."""
        return Keys.read(self.db, budgets, keys)

    def open_buckets(self, budget: "Budget") -> "list[Bucket]":
        """The open buckets, and their budget, in one read. Raises UnknownBudget."""
        return require_rows(list(budget.buckets.open().in_order().select_related("budget")))

    def movements(
        self, ids: Collection[UUID], budgets: "Mapping[UUID, Budget]"
    ) -> "dict[UUID, Movement]":
        """Movements of those budgets, by id."""
        rows: dict[UUID, Movement] = self._rows("Movement").in_bulk(ids) if ids else {}
        for movement in rows.values():
            movement.budget = budgets[movement.budget_id]
        return rows

    def is_reversed(self, movement: "Movement") -> bool:
        """Whether another movement undoes it."""
        return movement.reversals.exists()

    def write(self, drafts: Sequence[Draft]) -> None:
        """Write movements, their entries, the balances and the totals of the budgets.

        One statement for each draft, all in one round trip: every movement in the project passes
        here. Raises Conflict for a draft that was decided at another version of its budget.
        """
        model = apps.get_model("budgets", "Movement")
        POST.write_all(model, "insert", self.db, [_posting(draft) for draft in drafts])

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

        They hold from movement `from_seq` on, or else from the next one. One statement updates all
        buckets, so that priorities may change places. It comes after the versions: PostgreSQL
        compares the rules with the newest ones. Raises BadRule.
        """
        is_new = buckets[0]._state.adding
        for bucket in buckets:
            bucket.version += 1
        columns = {
            "verb": verb or request.verb,
            "from_seq": from_seq or budget.last_movement_seq + 1,
        }
        with _explained(buckets), transaction.atomic(using=self.db):
            if is_new:
                buckets[0].save(force_insert=True)
            versions = self._versions(budget, buckets, columns | self.columns(request))
            self._rows("BucketVersion").bulk_create(versions)
            if not is_new:
                self._rows("Bucket").bulk_update(buckets, [*RULES, "version"])
        budget.version += 1
        budget.save(update_fields=["version"])

    def _versions(
        self, budget: "Budget", buckets: "list[Bucket]", columns: dict[str, Any]
    ) -> "Iterator[BucketVersion]":
        """A version of each bucket's rules; the first one has the key of the request."""
        for bucket in buckets:
            rules = {name: getattr(bucket, name) for name in (*RULES, "version")}
            yield self.make("BucketVersion", budget=budget, bucket=bucket, **rules, **columns)
            columns = columns | {"key": None}

    def _rows(self, model: str) -> Any:
        """The rows of a model that the tenant has; models are found when they are needed."""
        return apps.get_model("budgets", model).objects.using(self.db)


def _posting(draft: Draft) -> dict[str, Any]:
    """The values of a posting."""
    movement, lines = draft.movement, draft.lines
    return {
        **{name: getattr(movement, name) for name in _SAME},
        "id": movement.pk,
        "budget_version": draft.version,
        "kind": str(movement.kind),
        "bucket_ids": [line.bucket_id for line in lines],
        "amounts": [line.amount for line in lines],
        "reasons": [str(line.reason) for line in lines],
        "metadata": json.dumps(movement.metadata),
    }


def _explained(buckets: "Sequence[Bucket]") -> AbstractContextManager[None]:
    """Raise BadRule for a broken constraint on the rules of buckets."""
    names = ", ".join(map(str, buckets))
    return refused_as({rule: BadRule(f"{names}: {why}") for rule, why in _BROKEN_RULES.items()})
