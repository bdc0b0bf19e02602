"""The verbs that change rules, shared by PostgreSQL and ledgers in memory."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack
from uuid import UUID

from budgets.cascade import Claim
from budgets.errors import BadRule, NotAPermutation
from budgets.managers import dispositions
from budgets.managers.cleaning import claim_columns, clean_name, clean_target
from budgets.managers.dispositions import Disposition, require_disposition, require_open
from budgets.managers.entries import ProposedEntry
from budgets.managers.kinds import BucketKind, EntryReason, MovementKind
from budgets.managers.requests import Request, RequestOptions
from budgets.managers.writer import LedgerVerbs
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget


class RuleVerbs(LedgerVerbs):
    """The verbs that change rules never move money, but for `close`; each writes a version.

    The keywords are `RequestOptions`. Repeating a `key` with the same request changes nothing; with
    another request it raises KeyReused. Every verb raises StalePlan, and BadRule or BucketClosed.
    """

    def _answer(self, pk: UUID) -> "Bucket":
        bucket: Bucket = self._writer.answer("Bucket", pk)
        return bucket

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

        >>> trip = Bucket.objects.create_bucket(household, "Trip", filter=Claim(share=250_000))
        >>> trip.priority, trip.balance, trip.version
        (2, 0, 1)
        """
        rules: dict[str, Any] = {"filter": filter, "hold": hold, "target": target, "locked": locked}
        name = clean_name(name)
        request = Request("create_bucket", options, name=name, priority=priority, **rules)
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._writer.require_quota("buckets_per_budget", budget)
        last = budget.buckets.last_priority()
        rules["priority"] = last + 1 if priority is None else priority
        rules["target"] = clean_target(target)
        bucket: Bucket = self._writer.make("Bucket", budget=budget, name=name, **rules)
        self._writer.write_rules(request, budget, [bucket], verb="create")
        return bucket

    @verb("rules.lock")
    def lock(self, bucket: "Bucket", **options: Unpack[RequestOptions]) -> "Bucket":
        """Keep cascades from filling it; locking a locked bucket changes nothing.

        >>> Bucket.objects.lock(rent).state
        'locked'
        """
        request = Request("lock", options, bucket=bucket.pk, locked=True)
        return self._change(request, bucket, locked=True)

    @verb("rules.lock")
    def unlock(self, bucket: "Bucket", **options: Unpack[RequestOptions]) -> "Bucket":
        """Let cascades fill it again; unlocking an open one changes nothing.

        >>> locked = Bucket.objects.lock(rent)
        >>> Bucket.objects.unlock(locked).state
        'active'
        """
        request = Request("unlock", options, bucket=bucket.pk, locked=False)
        return self._change(request, bucket, locked=False)

    @verb("rules.set")
    def set_rules(
        self,
        bucket: "Bucket",
        *,
        filter: Claim,
        hold: Claim | None = None,
        **options: Unpack[RequestOptions],
    ) -> "Bucket":
        """Change what it asks of the money that arrives, from the next movement on.

        >>> changed = Bucket.objects.set_rules(rent, filter=Claim(flat=750_00))
        >>> changed.filter, changed.hold, changed.balance
        (Claim(flat=75000, share=0), None, 72500)
        """
        columns = claim_columns("filter", filter) | claim_columns("hold", hold)
        request = Request("set_rules", options, bucket=bucket.pk, **columns)
        return self._change(request, bucket, filter=filter, hold=hold)

    @verb("rules.set")
    def set_target(
        self, bucket: "Bucket", target: int | None, **options: Unpack[RequestOptions]
    ) -> "Bucket":
        """Change its target in minor units; None is no limit. `release_excess` moves the excess.

        >>> Bucket.objects.set_target(rent, 700_00).state
        'full'
        """
        target = clean_target(target)
        request = Request("set_target", options, bucket=bucket.pk, target=target)
        return self._change(request, bucket, target=target)

    @verb("rules.rename")
    def rename(self, bucket: "Bucket", name: str, **options: Unpack[RequestOptions]) -> "Bucket":
        """Give it another name.

        >>> Bucket.objects.rename(rent, "Flat").name
        'Flat'
        """
        name = clean_name(name)
        request = Request("rename", options, bucket=bucket.pk, name=name)
        return self._change(request, bucket, name=name)

    @verb("rules.reorder")
    def reorder(
        self, budget: "Budget", order: "Sequence[Bucket]", **options: Unpack[RequestOptions]
    ) -> "list[Bucket]":
        """Serve the open envelopes in this order: each of them once, exactly.

        Raises NotAPermutation and changes nothing otherwise.

        >>> [bucket.priority for bucket in Bucket.objects.reorder(household, [fun, rent])]
        [0, 1]
        """
        wanted = [bucket.pk for bucket in order]
        request = Request("reorder", options, budget=budget.pk, order=wanted)
        answer = request.open(self._writer, budget)
        envelopes = {bucket.pk: bucket for bucket in budget.buckets.envelopes()}
        if answer:
            for bucket in envelopes.values():
                bucket.repeated = True
            return list(envelopes.values())
        if len(wanted) != len(envelopes) or set(wanted) != set(envelopes):
            raise _misordered(order, envelopes)
        ordered = [envelopes[pk] for pk in wanted]
        changed = [bucket for place, bucket in enumerate(ordered) if bucket.priority != place]
        for place, bucket in enumerate(ordered):
            bucket.priority = place
        if not changed and request.key is not None:
            changed = ordered[:1]  # its version keeps the key
        if changed:
            self._writer.write_rules(request, budget, changed)
        return ordered

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

        >>> closed = Bucket.objects.close(fun, Disposition.BUCKET, into=rent)
        >>> closed.state, closed.balance
        ('closed', 0)
        """
        values = {"bucket": bucket.pk, "to": to, "into": into and into.pk}
        request, budget = Request("close", options, **values), bucket.budget
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._renew_envelope(bucket)
        require_disposition(to, into)
        version, from_seq = budget.version, budget.last_movement_seq + 1
        if bucket.balance:
            kind, lines = self._emptying(budget, bucket, Disposition(to), into)
            self._writer.post(request.without_key(), budget, kind, bucket.balance, lines)
            budget.version = version  # money and rules are one change, and the rules keep the key
        bucket.archived_at, bucket.priority = self._writer.now(), None
        self._writer.write_rules(request, budget, [bucket], from_seq=from_seq)
        return bucket

    def _emptying(
        self, budget: "Budget", bucket: "Bucket", to: Disposition, into: "Bucket | None"
    ) -> tuple[MovementKind, list[ProposedEntry]]:
        """The movement of all that a closing bucket holds: its kind and its lines."""
        if into is not None:
            self._writer.renew(into)
        lines = dispositions.emptied(bucket, to, into)
        if to != Disposition.CASCADE:
            return MovementKind.CLOSE, lines
        buckets = self._writer.open_buckets(budget)
        money, plan = dispositions.cascaded(buckets, bucket.balance, without=bucket)
        remainder = ProposedEntry(money, plan.remainder, EntryReason.REMAINDER)
        return MovementKind.CLOSE_CASCADE, [*lines, *dispositions.kept(plan), remainder]

    def _change(self, request: Request, bucket: "Bucket", **rules: Any) -> "Bucket":
        """Change rules under the budget's lock, writing a version when anything changed.

        With a key always: a repeat must find it, and change nothing whatever came between.
        """
        budget = bucket.budget
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._renew_envelope(bucket)
        changed = any(getattr(bucket, name) != value for name, value in rules.items())
        for name, value in rules.items():
            setattr(bucket, name, value)
        if changed or request.key is not None:
            self._writer.write_rules(request, budget, [bucket])
        return bucket

    def _renew_envelope(self, bucket: "Bucket") -> None:
        """Read it anew; raise BucketClosed for a closed one, BadRule for the money bucket."""
        self._writer.renew(bucket)
        bucket.repeated = False
        require_open(bucket)
        if bucket.kind == BucketKind.MONEY:
            raise BadRule("the money bucket has no rules to change", bucket=bucket.name)


def _misordered(order: "Sequence[Bucket]", envelopes: "dict[UUID, Bucket]") -> NotAPermutation:
    """Says which envelopes an order leaves out, repeats, or names by mistake."""
    named, times = {bucket.pk: bucket for bucket in order}, Counter(row.pk for row in order)
    wrong = {
        "left out": [row.name for pk, row in envelopes.items() if pk not in named],
        "named twice": [row.name for pk, row in named.items() if times[pk] > 1],
        "no open envelope of it": [row.name for pk, row in named.items() if pk not in envelopes],
    }
    mistakes = "; ".join(f"{what}: {', '.join(names)}" for what, names in wrong.items() if names)
    message = f"an order names every open envelope of the budget once: {mistakes}"
    return NotAPermutation(message, given=len(order), envelopes=len(envelopes))
