"""The ledger writer of PostgreSQL, with the one statement that changes balances."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, override
from uuid import UUID

from django.apps import apps
from django.db import connections, transaction
from django.utils import timezone

from budgets.errors import BadRule
from budgets.managers.keys import Keys
from budgets.managers.reads.validation import require_rows
from budgets.managers.requests import Request
from budgets.managers.versions import RULES
from budgets.managers.writer import Draft, LedgerWriter
from tenants.context import current_tenant_id, tenancy
from tenants.errors import ConstraintBroken

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


class DatabaseWriter(LedgerWriter):
    """Writes to PostgreSQL, which refuses at COMMIT what does not add up."""

    __slots__ = ("db",)

    def __init__(self, db: str) -> None:
        self.db = db

    @override
    def now(self) -> datetime:
        return timezone.now()

    @override
    def caller(self) -> dict[str, Any]:
        current = tenancy()
        return {"actor_id": current.actor_id, "request_id": current.request_id}

    @override
    def make(self, model: str, /, **values: Any) -> Any:
        return apps.get_model("budgets", model)(**values)

    @override
    def lock(self, budget: "Budget") -> None:
        budget.acquire()

    @override
    def lock_all(self, ids: Collection[UUID]) -> "dict[UUID, Budget]":
        rows = self._rows("Budget").acquired().filter(pk__in=ids).in_lock_order()
        return {budget.pk: budget for budget in rows}

    @override
    def renew(self, *rows: Any) -> None:
        for row in rows:
            row.refresh_from_db()

    @override
    def keys(self, budgets: Collection[UUID], keys: Iterable[str | None]) -> Keys:
        return Keys.read(self.db, budgets, keys)

    @override
    def open_buckets(self, budget: "Budget") -> "list[Bucket]":
        return require_rows(list(budget.buckets.open().in_order().select_related("budget")))

    @override
    def open_buckets_of(self, budgets: "Mapping[UUID, Budget]") -> "dict[UUID, list[Bucket]]":
        buckets: defaultdict[UUID, list[Bucket]] = defaultdict(list)
        rows = self._rows("Bucket").open().filter(budget__in=list(budgets))
        for bucket in rows.order_by("budget", "priority") if budgets else ():
            bucket.budget = budgets[bucket.budget_id]
            buckets[bucket.budget_id].append(bucket)
        return buckets

    @override
    def movements(
        self, ids: Collection[UUID], budgets: "Mapping[UUID, Budget]"
    ) -> "dict[UUID, Movement]":
        rows: dict[UUID, Movement] = self._rows("Movement").in_bulk(ids) if ids else {}
        for movement in rows.values():
            movement.budget = budgets[movement.budget_id]
        return rows

    @override
    def write(self, drafts: Sequence[Draft]) -> None:
        """Four statements, however many drafts: every movement in the project passes here."""
        entries = [entry for draft in drafts for entry in draft.entries]
        budgets = {draft.budget.pk: draft.budget for draft in drafts}.values()
        self._rows("Movement").bulk_create([draft.movement for draft in drafts])
        self._rows("Entry").bulk_create(entries)
        common: dict[str, Any] = {"tenant": current_tenant_id(), "now": timezone.now()}
        totals = {name: [getattr(budget, name) for budget in budgets] for name in _TOTALS}
        with connections[self.db].cursor() as cursor:
            cursor.execute(APPLY, {**common, **_changes(entries)})
            cursor.execute(TOTALS, {**common, **totals})

    @override
    def write_rules(
        self,
        request: Request,
        budget: "Budget",
        buckets: "list[Bucket]",
        *,
        verb: str = "",
        from_seq: int | None = None,
    ) -> None:
        """One statement updates all buckets, so that priorities may change places.

        It comes after the versions: PostgreSQL compares the rules with the newest ones.
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


@contextmanager
def _explained(buckets: "Sequence[Bucket]") -> Iterator[None]:
    """Raise BadRule for a broken constraint on the rules of buckets."""
    try:
        yield
    except ConstraintBroken as error:
        if (wrong := _BROKEN_RULES.get(error.constraint or "")) is None:
            raise
        raise BadRule(f"{', '.join(map(str, buckets))}: {wrong}") from error
