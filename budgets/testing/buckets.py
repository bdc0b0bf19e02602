"""The verbs that change rules, in memory."""

from collections.abc import Sequence
from typing import Any, Unpack

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import BadRule, NotAPermutation, UnknownBucket
from budgets.interfaces import Given
from budgets.managers.buckets import clean_target
from budgets.managers.budgets import clean_name
from budgets.managers.dispositions import Disposition, require_disposition, require_open
from budgets.managers.requests import RequestOptions, fingerprint
from budgets.managers.revising import called_so
from budgets.testing.movements import emptied
from budgets.testing.rows import Bucket, BucketKind
from budgets.testing.store import Store, Verbs
from tenants.errors import ValueRefused

_LAST_PRIORITY = 2**31 - 1


class MemoryBuckets(Verbs):
    """Changes rules as BucketManager does."""

    def get_by_name(self, budget: Given, name: str) -> Bucket:
        """The open bucket of that name, whatever its case, or id. Raises UnknownBucket."""
        for bucket in self._store.all(Bucket):
            mine = bucket.budget_id == budget.pk and not bucket.archived_at
            if mine and called_so(name, bucket.name, bucket.pk):
                return bucket
        raise UnknownBucket(f"the budget has no open bucket {name!r}", name=name)

    def of(self, user: Any) -> list[Bucket]:
        """Buckets of the budgets that this user owns."""
        return [row for row in self._store.all(Bucket) if row.budget.belongs_to(user)]

    def create_bucket(
        self,
        budget: Given,
        name: str,
        *,
        filter: Claim,
        hold: Claim | None = None,
        target: int | None = None,
        priority: int | None = None,
        locked: bool = False,
        **options: Unpack[RequestOptions],
    ) -> Bucket:
        """Add an envelope; without a priority it comes last."""
        rules: dict[str, Any] = {"filter": filter, "hold": hold, "target": target, "locked": locked}
        request = fingerprint(
            "create_bucket", name=clean_name(name), priority=priority, **rules, **options
        )
        if earlier := self._begin(Bucket, budget, request, options):
            return earlier
        last = max((bucket.priority for bucket in budget.buckets.envelopes()), default=-1)
        bucket = Bucket(
            store=self._store,
            budget_id=budget.pk,
            name=clean_name(name),
            priority=last + 1 if priority is None else priority,
            **rules | {"target": clean_target(target)},
        )
        revise(self._store, budget, [bucket], request, options)
        return bucket

    def lock(self, bucket: Given, **options: Unpack[RequestOptions]) -> Bucket:
        """Keep cascades from filling it."""
        return self._set(bucket, "lock", options, locked=True)

    def unlock(self, bucket: Given, **options: Unpack[RequestOptions]) -> Bucket:
        """Let cascades fill it again."""
        return self._set(bucket, "unlock", options, locked=False)

    def set_rules(
        self,
        bucket: Given,
        *,
        filter: Claim,
        hold: Claim | None = None,
        **options: Unpack[RequestOptions],
    ) -> Bucket:
        """Change what it asks of the money that arrives."""
        return self._set(bucket, "set_rules", options, filter=filter, hold=hold)

    def set_target(
        self, bucket: Given, target: int | None, **options: Unpack[RequestOptions]
    ) -> Bucket:
        """Change its target in minor units; None is no limit."""
        return self._set(bucket, "set_target", options, target=clean_target(target))

    def rename(self, bucket: Given, name: str, **options: Unpack[RequestOptions]) -> Bucket:
        """Give it another name."""
        return self._set(bucket, "rename", options, name=clean_name(name))

    def reorder(
        self, budget: Given, order: Sequence[Given], **options: Unpack[RequestOptions]
    ) -> list[Bucket]:
        """Serve the open envelopes in this order: each of them once, exactly."""
        wanted = [bucket.pk for bucket in order]
        request = fingerprint("reorder", budget=budget.pk, order=wanted, **options)
        earlier = self._begin(Bucket, budget, request, options)
        envelopes = {bucket.pk: bucket for bucket in budget.buckets.envelopes()}
        if earlier:
            for bucket in envelopes.values():
                bucket.repeated = True
            return list(envelopes.values())
        if len(wanted) != len(envelopes) or set(wanted) != set(envelopes):
            raise NotAPermutation(given=len(wanted), envelopes=len(envelopes))
        ordered = [envelopes[pk] for pk in wanted]
        changed = [bucket for place, bucket in enumerate(ordered) if bucket.priority != place]
        for place, bucket in enumerate(ordered):
            bucket.priority = place
        if not changed and options.get("key") is not None:
            changed = ordered[:1]
        if changed:
            revise(self._store, budget, changed, request, options)
        return ordered

    def close(
        self,
        bucket: Given,
        to: Disposition,
        *,
        into: Given = None,
        **options: Unpack[RequestOptions],
    ) -> Bucket:
        """Archive an envelope for good, after its money went where `to` says."""
        request = fingerprint("close", bucket=bucket.pk, to=to, into=into and into.pk, **options)
        budget = bucket.budget
        if earlier := self._begin(Bucket, budget, request, options):
            return earlier
        self._require_envelope(bucket)
        require_disposition(to, into)
        version = budget.version
        with self._store.all_or_nothing():
            if bucket.balance:
                if into is not None:
                    self._store.renew(into)
                unkeyed: RequestOptions = {**options, "key": None, "expect": None}
                emptied(self._store, bucket, Disposition(to), into, request, unkeyed)
                self._store.renew(budget)
                budget.version = version  # it is one change, money and all
            bucket.archived_at, bucket.priority = self._store.clock(), None
            revise(self._store, budget, [bucket], request, options)
        return bucket  # type: ignore[no-any-return]

    def _set(self, bucket: Given, verb: str, options: RequestOptions, **rules: Any) -> Bucket:
        """Change rules; with a key always, so that a repeat finds it."""
        request = fingerprint(verb, bucket=bucket.pk, **rules, **options)
        budget = bucket.budget
        if earlier := self._begin(Bucket, budget, request, options):
            return earlier
        self._require_envelope(bucket)
        changed = any(getattr(bucket, name) != value for name, value in rules.items())
        if changed or options.get("key") is not None:
            for name, value in rules.items():
                setattr(bucket, name, value)
            revise(self._store, budget, [bucket], request, options)
        return bucket  # type: ignore[no-any-return]

    def _require_envelope(self, bucket: Given) -> None:
        """Read it anew; raise BucketClosed for a closed one, BadRule for the money bucket."""
        self._store.renew(bucket)
        require_open(bucket)
        if bucket.kind == BucketKind.MONEY:
            raise BadRule("the money bucket has no rules to change", bucket=bucket.name)


def revise(
    store: Store, budget: Given, buckets: Sequence[Bucket], request: str, said: RequestOptions
) -> None:
    """Write buckets, each a version further; the first has the request's key.

    Raises BadRule for what another bucket has.
    """
    for bucket in buckets:
        _require_storable(bucket)
        _require_unique(bucket, [row for row in budget.buckets.open() if row not in buckets])
    for bucket in buckets:
        bucket.version += 1
    budget.version += 1
    store.put(budget, *buckets)
    store.answer(budget, said.get("key"), buckets[0], request)


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
