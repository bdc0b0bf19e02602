"""The rows of buckets and how they are written: with a version of their rules, always.

`apply` is the one statement that changes balances.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import connections, models, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from budgets.errors import BadRule, UnknownBucket
from budgets.managers.dispositions import require_open
from budgets.managers.keys import Keys, again, answered
from budgets.managers.requests import RequestOptions, fingerprint, require_expected
from budgets.managers.versions import RULES
from budgets.roles import verb
from tenants.context import current_tenant_id
from tenants.errors import ConstraintBroken
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.naming import MOST, did_you_mean, uuid_of

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Entry
    from tenants.models import User

APPLY = """
UPDATE budgets_bucket AS b
SET balance = b.balance + c.change, last_seq = b.last_seq + c.entries, updated_at = %(now)s
FROM unnest(%(ids)s::uuid[], %(changes)s::bigint[], %(entries)s::bigint[])
    AS c (id, change, entries)
WHERE b.tenant_id = %(tenant)s AND b.id = c.id
"""

_WRONG = {
    "budgets_bucket_priority_once": "another bucket of the budget has that priority",
    "budgets_bucket_open_name_once": "another open bucket of the budget has that name",
    "budgets_bucket_priority": "a priority is an integer from 0",
    "budgets_bucket_target": "a target is a sum of 0 or more",
}


class BucketQuerySet(TenantQuerySet["Bucket"]):
    """Filters on buckets."""

    def open(self) -> Self:
        """Buckets still in use."""
        return self.filter(archived_at=None)

    def of(self, user: "User | UUID") -> Self:
        """Buckets of the budgets that this user owns, closed ones too."""
        return self.filter(budget__owner__user__in=[user])

    def in_order(self) -> Self:
        """As the cascade serves them; those it does not serve come last."""
        return self.order_by("priority")

    def by_id(self) -> "dict[UUID, Bucket]":
        """All of them, each under its id."""
        return self.in_bulk()

    def envelopes(self) -> Self:
        """Open buckets a cascade may fill, first served first."""
        return self.open().filter(kind=self.model.Kind.ENVELOPE).in_order()

    def money(self) -> "Bucket":
        """The one bucket of a budget that collects what is unallocated."""
        return self.get(kind=self.model.Kind.MONEY)

    def balance_mismatch(self) -> Self:
        """Buckets that do not stand where their entries left them (I3), by id.

        Each with what the entries say: `ledger_balance`, `ledger_last_seq`.
        """
        left = Coalesce(Sum("entries__amount"), 0, output_field=models.BigIntegerField())
        counted = self.annotate(ledger_balance=left, ledger_last_seq=Count("entries"))
        right = {"last_seq": F("ledger_last_seq"), "balance": F("ledger_balance")}
        return counted.exclude(**right).order_by("pk")

    def closed_with_activity(self) -> Self:
        """Closed buckets that hold money, have a priority, or got lines after closing (I11)."""
        closed = self.exclude(archived_at=None)
        later = Q(
            versions__archived_at__isnull=False,
            entries__movement__seq__gt=F("versions__from_seq"),
        )
        return closed.filter(~Q(balance=0) | Q(priority__isnull=False) | later).distinct()


_Manager = models.Manager.from_queryset(BucketQuerySet)


class RevisingManager(_Manager["Bucket"], TenantManager["Bucket"]):
    """What every verb that changes rules does first and last."""

    @verb("budgets.create")
    def create_money(self, budget: "Budget") -> "Bucket":
        """Give a new budget its money bucket."""
        bucket: Bucket = self.model(budget=budget, name="Money", kind=self.model.Kind.MONEY)
        request = fingerprint("create_money")
        return self._enter(budget, bucket, "create", request, {})

    def get_by_name(self, budget: "Budget", name: str) -> "Bucket":
        """The open bucket of that name, whatever its case, or id.

        Raises UnknownBucket, which suggests the nearest names.
        """
        rows = self.open().filter(budget=budget)
        if (bucket := _named(rows, name)) is None:
            near = did_you_mean(name, rows.values_list("name", flat=True)[:MOST])
            raise UnknownBucket(f"the budget has no open bucket {name!r}{near}", name=name)
        return bucket

    def meant(self, budget: "Budget", name: str, *, key: str | None = None) -> "Bucket":
        """The bucket that a request means: what was called so when its key was first used.

        So a repeat means the same bucket, whatever was renamed or closed in between. Without a
        key, or with a new one, it is the open bucket that is called so now.
        Raises UnknownBucket, and BucketClosed when only a closed bucket was called so.
        """
        for pk in Keys.read(self.db, [budget.pk], [key]).answers:
            for then in budget.versions.in_force_before(pk).select_related("bucket"):
                if not then.archived_at and called_so(name, then.name, then.bucket_id):
                    return then.bucket
        try:
            return self.get_by_name(budget, name)
        except UnknownBucket:
            if closed := _named(self.filter(budget=budget), name):
                require_open(closed)
            raise

    @verb("ledger.write")
    def apply(self, entries: "Iterable[Entry]") -> None:
        """Add each entry to its bucket: every balance change in the project passes here.

        Only for use under `Budget.acquire`, with entries just written; PostgreSQL refuses the
        one without the other at COMMIT.
        """
        changes: Counter[UUID] = Counter()
        counts: Counter[UUID] = Counter()
        for entry in entries:
            changes[entry.bucket_id] += entry.amount
            counts[entry.bucket_id] += 1
        values: dict[str, Any] = {
            "tenant": current_tenant_id(),
            "now": timezone.now(),
            "ids": list(changes),
            "changes": list(changes.values()),
            "entries": [counts[pk] for pk in changes],
        }
        with connections[self.db].cursor() as cursor:
            cursor.execute(APPLY, values)

    def _begin(self, budget: "Budget", request: str, options: RequestOptions) -> "Bucket | None":
        """Take the budget's lock, and return the bucket an earlier request with the key changed."""
        budget.acquire()
        if pk := answered(self.db, budget.pk, options.get("key"), request):
            earlier: Bucket = again(self.filter(versions=pk))
            return earlier
        require_expected(budget, options.get("expect"))
        return None

    def _require_envelope(self, bucket: "Bucket") -> None:
        """Read it anew; raise BucketClosed for a closed one, BadRule for the money bucket."""
        bucket.refresh_from_db()
        bucket.repeated = False
        require_open(bucket)
        if bucket.kind == bucket.Kind.MONEY:
            raise BadRule("the money bucket has no rules to change", bucket=bucket.name)

    def _enter(
        self, budget: "Budget", bucket: "Bucket", verb: str, request: str, said: RequestOptions
    ) -> "Bucket":
        """Insert a bucket and its first version."""
        bucket.version = 1
        with _refusing(bucket), transaction.atomic(using=self.db):
            bucket.save(force_insert=True)
        self._versioned(budget, [bucket], verb, request, said, budget.last_seq + 1)
        return bucket

    def _revise(
        self,
        budget: "Budget",
        buckets: "list[Bucket]",
        verb: str,
        request: str,
        said: RequestOptions,
        from_seq: int | None = None,
    ) -> None:
        """Update buckets in one statement, so that priorities may change places."""
        for bucket in buckets:
            bucket.version += 1
        with _refusing(", ".join(map(str, buckets))), transaction.atomic(using=self.db):
            self.bulk_update(buckets, [*RULES, "version"])
        self._versioned(budget, buckets, verb, request, said, from_seq or budget.last_seq + 1)

    def _versioned(
        self,
        budget: "Budget",
        buckets: "list[Bucket]",
        verb: str,
        request: str,
        said: RequestOptions,
        from_seq: int,
    ) -> None:
        budget.versions.record(
            budget, buckets, verb=verb, request=request, from_seq=from_seq, options=said
        )
        budget.version += 1
        budget.save(update_fields=["version"])


def _named(rows: BucketQuerySet, name: str) -> "Bucket | None":
    """The one of the rows that is called so, whatever the case, or has that id."""
    pk = uuid_of(name)
    return rows.filter(name__iexact=name).first() or (rows.filter(pk=pk).first() if pk else None)


def called_so(name: str, called: str, pk: UUID) -> bool:
    """Whether a name, or an id, is that of a row."""
    return called.upper() == name.upper() or uuid_of(name) == pk


@contextmanager
def _refusing(what: object) -> Iterator[None]:
    """Turn a broken constraint on a bucket's rules into BadRule."""
    try:
        yield
    except ConstraintBroken as error:
        if (wrong := _WRONG.get(error.constraint or "")) is None:
            raise
        raise BadRule(f"{what}: {wrong}") from error
