"""What the ledger writer needs of PostgreSQL, with the one statement that changes balances."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from budgets.errors import BadRule
from budgets.managers.keys import Keys
from budgets.managers.reads.validation import require_rows
from budgets.managers.requests import Request
from budgets.managers.versions import RULES
from tenants.access import quotas
from tenants.context import current_tenant_id, tenancy
from tenants.managers.verbs import refused_as

if TYPE_CHECKING:
    from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement

APPLY = """
UPDATE budgets_bucket AS b
SET balance = b.balance + c.change, last_entry_seq = b.last_entry_seq + c.entries,
    updated_at = %(now)s
FROM unnest(%(ids)s::uuid[], %(changes)s::bigint[], %(entries)s::bigint[])
    AS c (id, change, entries)
WHERE b.tenant_id = %(tenant)s AND b.id = c.id
"""
"""The one statement that changes balances."""

TOTALS = """
UPDATE budgets_budget AS b
SET version = t.version, last_movement_seq = t.last_movement_seq, deposited = t.deposited,
    withdrawn = t.withdrawn, last_recorded_at = t.last_recorded_at, updated_at = %(now)s
FROM unnest(%(pk)s::uuid[], %(version)s::bigint[], %(last_movement_seq)s::bigint[],
    %(deposited)s::bigint[], %(withdrawn)s::bigint[], %(last_recorded_at)s::timestamptz[])
    AS t (id, version, last_movement_seq, deposited, withdrawn, last_recorded_at)
WHERE b.tenant_id = %(tenant)s AND b.id = t.id
"""

_TOTALS = ("pk", "version", "last_movement_seq", "deposited", "withdrawn", "last_recorded_at")

_BROKEN_RULES = {
    "budgets_bucket_priority_once": "another bucket of the budget has that priority",
    "budgets_bucket_open_name_once": "another open bucket of the budget has that name",
    "budgets_bucket_priority": "a priority is an integer from 0",
    "budgets_bucket_target": "a target is a sum of 0 or more",
}


_ANSWERS = {"Movement": ["pk"], "Bucket": ["versions"], "Schedule": ["pk", "versions"]}
"""By which ids a row that answered a request is found."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A movement and its entries, not written yet; budget and buckets are as they will be."""

    budget: "Budget"
    movement: "Movement"
    entries: "list[Entry]"


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
        """Make every other writer of this budget wait, and read it anew."""
        budget.acquire()

    def lock_all(self, ids: Collection[UUID]) -> "dict[UUID, Budget]":
        """Lock budgets in the order of their ids, so that nobody waits in a circle."""
        rows = self._rows("Budget").acquired().filter(pk__in=ids).in_lock_order()
        return {budget.pk: budget for budget in rows}

    def renew(self, *rows: Any) -> None:
        """Read rows anew. Raises RowNotFound."""
        for row in rows:
            row.refresh_from_db()

    def keys(self, budgets: Collection[UUID], keys: Iterable[str | None]) -> Keys:
        """Which of the keys the budgets have used, and for what."""
        return Keys.read(self.db, budgets, keys)

    def open_buckets(self, budget: "Budget") -> "list[Bucket]":
        """The open buckets, and their budget, in one read. Raises UnknownBudget."""
        return require_rows(list(budget.buckets.open().in_order().select_related("budget")))

    def open_buckets_of(self, budgets: "Mapping[UUID, Budget]") -> "dict[UUID, list[Bucket]]":
        """The open buckets of each budget, under its lock."""
        buckets: defaultdict[UUID, list[Bucket]] = defaultdict(list)
        rows = self._rows("Bucket").open().filter(budget__in=list(budgets))
        for bucket in rows.order_by("budget", "priority") if budgets else ():
            bucket.budget = budgets[bucket.budget_id]
            buckets[bucket.budget_id].append(bucket)
        return buckets

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

        Four statements, however many drafts: every movement in the project passes here.
        """
        entries = [entry for draft in drafts for entry in draft.entries]
        budgets = {draft.budget.pk: draft.budget for draft in drafts}.values()
        self._rows("Movement").bulk_create([draft.movement for draft in drafts])
        self._rows("Entry").bulk_create(entries)
        common: dict[str, Any] = {"tenant": current_tenant_id(), "now": timezone.now()}
        totals = {name: [getattr(budget, name) for budget in budgets] for name in _TOTALS}
        with connections[self.db].cursor() as cursor:
            cursor.execute(APPLY, {**common, **_changes(entries)})
            cursor.execute(TOTALS, {**common, **totals})

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


def _changes(entries: "Iterable[Entry]") -> dict[str, Any]:
    """What `APPLY` adds to each bucket: minor units, and how many entries."""
    changes: Counter[UUID] = Counter()
    counts: Counter[UUID] = Counter()
    for entry in entries:
        changes[entry.bucket_id] += entry.amount
        counts[entry.bucket_id] += 1
    return {
        "ids": list(changes),
        "changes": list(changes.values()),
        "entries": [counts[pk] for pk in changes],
    }


def _explained(buckets: "Sequence[Bucket]") -> AbstractContextManager[None]:
    """Raise BadRule for a broken constraint on the rules of buckets."""
    names = ", ".join(map(str, buckets))
    return refused_as({rule: BadRule(f"{names}: {why}") for rule, why in _BROKEN_RULES.items()})
