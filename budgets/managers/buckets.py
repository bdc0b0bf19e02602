"""Buckets: the verbs that change their rules, from creation to closing."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack
from uuid import UUID

from django.db import models
from django.utils import timezone

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import BadRule, NotAPermutation
from budgets.managers.budgets import clean_name
from budgets.managers.dispositions import Disposition, require_disposition
from budgets.managers.requests import RequestOptions, fingerprint
from budgets.managers.revising import RevisingManager
from budgets.roles import verb
from tenants.access import quotas

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget


class BucketManager(RevisingManager):
    """The verbs that change rules never move money, but for `close`; each writes a version.

    The keywords are `RequestOptions`. Repeating a `key` with the same request changes nothing; with
    another request it raises KeyReused. Every verb raises StalePlan, and BadRule or BucketClosed.
    """

    @verb("rules.create")
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
        **options: Unpack[RequestOptions],
    ) -> "Bucket":
        """Add an envelope; without a priority it comes last. Sums are in minor units.

        Raises QuotaReached.
        """
        rules = {"filter": filter, "hold": hold, "target": target, "locked": locked}
        request = fingerprint(
            "create_bucket", name=clean_name(name), priority=priority, **rules, **options
        )
        if earlier := self._begin(budget, request, options):
            return earlier
        quotas.require("buckets_per_budget", budget)
        bucket: Bucket = self.model(
            budget=budget,
            name=clean_name(name),
            priority=self._last_priority(budget) + 1 if priority is None else priority,
            target=clean_target(target),
            locked=locked,
            **columns("filter", filter),
            **columns("hold", hold),
        )
        return self._enter(budget, bucket, "create", request, options)

    @verb("rules.lock")
    def lock(self, bucket: "Bucket", **options: Unpack[RequestOptions]) -> "Bucket":
        """Keep cascades from filling it; locking a locked bucket changes nothing."""
        return self._set(bucket, "lock", options, locked=True)

    @verb("rules.lock")
    def unlock(self, bucket: "Bucket", **options: Unpack[RequestOptions]) -> "Bucket":
        """Let cascades fill it again; unlocking an open one changes nothing."""
        return self._set(bucket, "unlock", options, locked=False)

    @verb("rules.set")
    def set_rules(
        self,
        bucket: "Bucket",
        *,
        filter: Claim,
        hold: Claim | None = None,
        **options: Unpack[RequestOptions],
    ) -> "Bucket":
        """Change what it asks of the money that arrives, from the next movement on."""
        rules = {**columns("filter", filter), **columns("hold", hold)}
        return self._set(bucket, "set_rules", options, **rules)

    @verb("rules.set")
    def set_target(
        self, bucket: "Bucket", target: int | None, **options: Unpack[RequestOptions]
    ) -> "Bucket":
        """Change its target in minor units; None is no limit. `release_excess` moves the excess."""
        return self._set(bucket, "set_target", options, target=clean_target(target))

    @verb("rules.rename")
    def rename(self, bucket: "Bucket", name: str, **options: Unpack[RequestOptions]) -> "Bucket":
        """Give it another name."""
        return self._set(bucket, "rename", options, name=clean_name(name))

    @verb("rules.reorder")
    def reorder(
        self, budget: "Budget", order: "Sequence[Bucket]", **options: Unpack[RequestOptions]
    ) -> "list[Bucket]":
        """Serve the open envelopes in this order: each of them once, exactly.

        Raises NotAPermutation and changes nothing otherwise.
        """
        wanted = [bucket.pk for bucket in order]
        request = fingerprint("reorder", budget=budget.pk, order=wanted, **options)
        earlier = self._begin(budget, request, options)
        envelopes = {bucket.pk: bucket for bucket in budget.buckets.envelopes()}
        if earlier:
            for bucket in envelopes.values():
                bucket.repeated = True
            return list(envelopes.values())
        if len(wanted) != len(envelopes) or set(wanted) != set(envelopes):
            raise _misordered(order, envelopes)
        changed = []
        for priority, pk in enumerate(wanted):
            if envelopes[pk].priority != priority:
                envelopes[pk].priority = priority
                changed.append(envelopes[pk])
        if not changed and options.get("key") is not None:
            changed = list(envelopes.values())[:1]  # its version keeps the key
        if changed:
            self._revise(budget, changed, "reorder", request, options)
        return [envelopes[pk] for pk in wanted]

    @verb("rules.close")
    def close(
        self,
        bucket: "Bucket",
        to: Disposition,
        *,
        into: "Bucket | None" = None,
        **options: Unpack[RequestOptions],
    ) -> "Bucket":
        """Archive an envelope for good, after its money went where `to` says.

        With `Disposition.BUCKET` it goes to `into`. The name is free again, the history stays.
        """
        request = fingerprint("close", bucket=bucket.pk, to=to, into=into and into.pk, **options)
        budget = bucket.budget
        if earlier := self._begin(budget, request, options):
            return earlier
        self._require_envelope(bucket)
        require_disposition(to, into)
        from_seq = budget.last_seq + 1
        if bucket.balance:
            if into is not None:
                into.refresh_from_db()
            unkeyed: RequestOptions = {**options, "key": None, "expect": None}
            budget.movements._empty(bucket, Disposition(to), into, request, unkeyed)
            bucket.refresh_from_db()
        bucket.archived_at, bucket.priority = timezone.now(), None
        self._revise(budget, [bucket], "close", request, options, from_seq)
        return bucket

    def _last_priority(self, budget: "Budget") -> int:
        last = self.filter(budget=budget).aggregate(last=models.Max("priority"))["last"]
        return -1 if last is None else int(last)

    def _set(self, bucket: "Bucket", verb: str, options: RequestOptions, **rules: Any) -> "Bucket":
        """Change rules under the budget's lock, writing a version when anything changed.

        With a key always: a repeat must find it, and change nothing whatever came between.
        """
        request = fingerprint(verb, bucket=bucket.pk, **rules, **options)
        budget = bucket.budget
        if earlier := self._begin(budget, request, options):
            return earlier
        self._require_envelope(bucket)
        changed = {name for name, value in rules.items() if getattr(bucket, name) != value}
        for name in changed:
            setattr(bucket, name, rules[name])
        if changed or options.get("key") is not None:
            self._revise(budget, [bucket], verb, request, options)
        return bucket


def _misordered(order: "Sequence[Bucket]", envelopes: "dict[UUID, Bucket]") -> NotAPermutation:
    """Says which envelopes an order leaves out, repeats, or names by mistake."""
    named, times = {bucket.pk: bucket for bucket in order}, Counter(row.pk for row in order)
    wrong = {
        "left out": [row.name for pk, row in envelopes.items() if pk not in named],
        "named twice": [row.name for pk, row in named.items() if times[pk] > 1],
        "no open envelope of it": [row.name for pk, row in named.items() if pk not in envelopes],
    }
    told = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
    message = f"an order names every open envelope of the budget once: {told}"
    return NotAPermutation(message, given=len(order), envelopes=len(envelopes))


def columns(prefix: str, claim: Claim | None) -> dict[str, int | None]:
    """A claim as its two columns, one of which is null."""
    if claim is None:
        return {f"{prefix}_flat": None, f"{prefix}_share": None}
    share = claim.share or None
    return {f"{prefix}_flat": None if share else claim.flat, f"{prefix}_share": share}


def clean_target(target: int | None) -> int | None:
    """A target as it is kept. Raises BadRule unless it is an int of minor units, or None."""
    if target is not None and (type(target) is not int or not 0 <= target <= MAX_MINOR):
        raise BadRule(f"a target is an int of minor units from 0, or None, not {target!r}")
    return target
