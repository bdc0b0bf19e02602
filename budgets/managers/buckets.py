"""Buckets and the history of their rules. `apply` is the one statement that changes balances."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import connections, models, transaction
from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from budgets.cascade import Claim
from budgets.errors import BadRule, BucketClosed, UnknownBucket
from budgets.managers.budgets import named
from budgets.managers.requests import fingerprint, same_request
from tenants.context import current_actor_id, current_tenant_id
from tenants.errors import ConstraintBroken
from tenants.managers import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Bucket, BucketVersion, Budget

type Changes = Mapping[UUID, int]
"""Bucket id -> signed minor units to add to its balance."""

RULES = (
    "name", "priority", "filter_flat", "filter_share", "hold_flat", "hold_share",
    "target", "locked", "archived_at",
)  # fmt: skip

APPLY = """
UPDATE budgets_bucket AS b
SET balance = b.balance + c.change, last_seq = b.last_seq + 1, updated_at = %(now)s
FROM unnest(%(ids)s::uuid[], %(changes)s::bigint[]) AS c (id, change)
WHERE b.tenant_id = %(tenant)s AND b.id = c.id
"""

_WRONG = {
    "budgets_bucket_priority_once": "another bucket of the budget has that priority",
    "budgets_bucket_open_name_once": "another open bucket of the budget has that name",
    "budgets_bucket_priority": "a priority is an integer from 0",
    "budgets_bucket_target": "a target is a sum of 0 or more",
}


class BucketQuerySet(TenantQuerySet["Bucket"]):
    """Filters are adjectives."""

    def open(self) -> Self:
        """Buckets still in use."""
        return self.filter(archived_at=None)

    def envelopes(self) -> Self:
        """Open buckets a cascade may fill, first served first."""
        return self.open().filter(kind=self.model.Kind.ENVELOPE).order_by("priority")

    def money(self) -> "Bucket":
        """The one bucket of a budget that collects what no envelope kept."""
        return self.get(kind=self.model.Kind.MONEY)

    def adrift(self) -> Self:
        """Buckets that do not stand where their entries left them (I3)."""
        left = Coalesce(Sum("entries__amount"), 0, output_field=models.BigIntegerField())
        counted = self.annotate(entered=Count("entries"), left=left)
        return counted.exclude(last_seq=F("entered"), balance=F("left"))


class BucketManager(TenantManager["Bucket"].from_queryset(BucketQuerySet)):  # type: ignore[misc]
    """The verbs that change a bucket's rules, and the writer of balances."""

    def create_money(self, budget: "Budget") -> "Bucket":
        """Give a new budget its money bucket."""
        bucket: Bucket = self.model(budget=budget, name="Money", kind=self.model.Kind.MONEY)
        return self._enter(budget, bucket, key=None, request=fingerprint("create_money"))

    def create_bucket(
        self,
        budget: "Budget",
        name: str,
        *,
        filter: Claim,
        hold: Claim | None = None,
        target: int | None = None,
        priority: int | None = None,
        locked: bool = False,
        key: str | None = None,
    ) -> "Bucket":
        """Add an envelope; without a priority it comes last. Sums are in minor units.

        Repeating a `key` with the same request returns the first bucket. Raises BadRule for a
        name or priority that is taken or a target below 0, KeyReused for another request.
        """
        request = fingerprint(
            "create_bucket", name=name, filter=filter, hold=hold, target=target,
            priority=priority, locked=locked,
        )  # fmt: skip
        budget.acquire()
        if earlier := budget.versions.repeated(budget, key, request):
            return earlier
        if priority is None:
            priority = self._last_priority(budget) + 1
        bucket: Bucket = self.model(
            budget=budget, name=named(name), priority=priority, target=target, locked=locked,
            **columns("filter", filter), **columns("hold", hold),
        )  # fmt: skip
        return self._enter(budget, bucket, key=key, request=request)

    def lock(self, bucket: "Bucket", *, key: str | None = None) -> "Bucket":
        """Keep cascades from filling it; locking a locked bucket changes nothing."""
        return self._set(bucket, "lock", key, locked=True)

    def unlock(self, bucket: "Bucket", *, key: str | None = None) -> "Bucket":
        """Let cascades fill it again; unlocking an open one changes nothing."""
        return self._set(bucket, "unlock", key, locked=False)

    def called(self, budget: "Budget", name: str) -> "Bucket":
        """The open bucket of that name, whatever its case. Raises UnknownBucket."""
        rows = self.filter(budget=budget, archived_at=None, name__iexact=name)
        if (bucket := rows.first()) is None:
            raise UnknownBucket(f"the budget has no open bucket {name!r}", name=name)
        return bucket

    def apply(self, changes: Changes) -> None:
        """Add each change to its bucket: every balance change in the project passes here.

        Only for use under `Budget.acquire`, together with the entries that explain it;
        PostgreSQL refuses the one without the other at COMMIT.
        """
        with connections[self.db].cursor() as cursor:
            cursor.execute(APPLY, {
                "tenant": current_tenant_id(), "now": timezone.now(),
                "ids": list(changes), "changes": list(changes.values()),
            })  # fmt: skip

    def _last_priority(self, budget: "Budget") -> int:
        last = self.filter(budget=budget).aggregate(last=models.Max("priority"))["last"]
        return -1 if last is None else int(last)

    def _set(self, bucket: "Bucket", verb: str, key: str | None, **rules: object) -> "Bucket":
        """Change rules under the budget's lock, writing a version when anything changed."""
        request = fingerprint(verb, bucket=bucket.pk)
        budget = bucket.budget
        budget.acquire()
        if earlier := budget.versions.repeated(budget, key, request):
            return earlier
        bucket.refresh_from_db()
        if bucket.archived_at:
            raise BucketClosed(f"{bucket.name} is closed", bucket=bucket.name)
        if bucket.kind == bucket.Kind.MONEY:
            raise BadRule("the money bucket has no rules to change", bucket=bucket.name)
        changed = {name for name, value in rules.items() if getattr(bucket, name) != value}
        for name in changed:
            setattr(bucket, name, rules[name])
        return self._enter(budget, bucket, key=key, request=request) if changed else bucket

    def _enter(
        self, budget: "Budget", bucket: "Bucket", *, key: str | None, request: str
    ) -> "Bucket":
        """Write a bucket and the version that says how it now stands."""
        bucket.version += 1
        try:
            with transaction.atomic(using=self.db):  # a refused name leaves the block usable
                if bucket._state.adding:
                    bucket.save(force_insert=True)
                else:
                    bucket.save(update_fields=[*RULES, "version", "updated_at"])
        except ConstraintBroken as error:
            if (wrong := _WRONG.get(error.constraint or "")) is None:
                raise
            raise BadRule(f"{bucket.name}: {wrong}", bucket=bucket.name) from error
        bucket.versions.record(budget, bucket, key=key, request=request)
        budget.version += 1
        budget.save(update_fields=["version", "updated_at"])
        return bucket


class BucketVersionQuerySet(TenantQuerySet["BucketVersion"]):
    """Filters are adjectives."""

    def in_force_at(self, seq: int) -> Self:
        """The rules that governed movement `seq`: the newest version of each bucket by then."""
        past = self.filter(from_seq__lte=seq)
        return past.order_by("bucket", "-version").distinct("bucket")


class BucketVersionManager(
    TenantManager["BucketVersion"].from_queryset(BucketVersionQuerySet)  # type: ignore[misc]
):
    """The history of rules: replay reads it."""

    def record(
        self, budget: "Budget", bucket: "Bucket", *, key: str | None, request: str
    ) -> "BucketVersion":
        """Write down the rules a bucket has from the next movement on."""
        return self.create(
            budget=budget,
            bucket=bucket,
            version=bucket.version,
            from_seq=budget.last_seq + 1,
            actor_id=current_actor_id(),
            key=key,
            request_hash=request,
            **{name: getattr(bucket, name) for name in RULES},
        )

    def repeated(self, budget: "Budget", key: str | None, request: str) -> "Bucket | None":
        """The bucket an earlier request with this key changed, as it now stands.

        Raises KeyReused when that was another request.
        """
        if key is None:
            return None
        earlier = self.filter(budget=budget, key=key).select_related("bucket").first()
        if earlier is None:
            return None
        same_request(key, earlier.request_hash, request)
        return earlier.bucket


def columns(prefix: str, claim: Claim | None) -> dict[str, int | None]:
    """A claim as its two columns, one of which is null."""
    if claim is None:
        return {f"{prefix}_flat": None, f"{prefix}_share": None}
    share = claim.share or None
    return {f"{prefix}_flat": None if share else claim.flat, f"{prefix}_share": share}
