"""The verbs that move money. Every balance change in the project passes `_post`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self, Unpack
from uuid import UUID

from django.db.models import Count, F, Q, Sum, Window
from django.db.models.functions import Lag
from django.utils import timezone

from budgets.cascade import MAX_MINOR, Plan, Slot, cascade
from budgets.errors import BadAmount, BucketClosed, NoSpace, StalePlan
from budgets.managers.entries import Line
from budgets.managers.requests import Particulars, fingerprint, same_request
from tenants.context import tenancy
from tenants.managers import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement


class Overflow(StrEnum):
    """What becomes of money a bucket has no space for."""

    MONEY = "money"  # goes to the money bucket
    REJECT = "reject"  # refuses the whole deposit
    ALLOW = "allow"  # fills the bucket beyond its target


@dataclass(frozen=True, slots=True)
class Preview:
    """What a deposit would do to a budget as it is now; give its `hash` as `expect`."""

    plan: "Plan[Bucket]"
    money: "Bucket"
    version: int
    hash: str

    @property
    def lines(self) -> list[Line]:
        """The movement's lines: what each bucket keeps, then the rest to the money bucket."""
        kept = [Line(step.key, step.kept, step.reason) for step in self.plan.lines]
        rest = self.plan.remainder
        return [*kept, Line(self.money, rest, "remainder")] if rest else kept


class MovementQuerySet(TenantQuerySet["Movement"]):
    """Filters are adjectives."""

    def unbalanced(self) -> Self:
        """Movements whose entries are not as many, or not as much, as they say (I1)."""
        counted = self.annotate(entered=Count("entries"), total=Sum("entries__amount"))
        return counted.exclude(entered=F("lines"), total=F("external"))

    def unkeyed(self) -> Self:
        """Movements that share their key with another, or lost their fingerprint (I7)."""
        keys = self.exclude(key=None).values("budget", "key").annotate(n=Count("id"))
        return self.filter(Q(request_hash="") | Q(key__in=keys.filter(n__gt=1).values("key")))

    def backdated(self) -> Self:
        """Movements recorded before the one they follow (I10)."""
        before = Window(Lag("recorded_at"), partition_by="budget_id", order_by="seq")
        return self.annotate(before=before).filter(recorded_at__lt=F("before"))


class MovementManager(TenantManager["Movement"].from_queryset(MovementQuerySet)):  # type: ignore[misc]
    """Moves money. Amounts are positive ints of minor units; the keywords are `Particulars`.

    Repeating a `key` with the same request returns the first movement and moves nothing;
    with another request it raises KeyReused.
    """

    def preview(self, budget: "Budget", amount: int) -> Preview:
        """What `deposit` would do, every step explained; writes nothing.

        Raises BadAmount.
        """
        _positive(amount)
        # One statement, so that the version is the one these buckets were read at.
        buckets = list(budget.buckets.open().select_related("budget").order_by("priority"))
        envelopes = [bucket for bucket in buckets if bucket.kind == bucket.Kind.ENVELOPE]
        [money] = [bucket for bucket in buckets if bucket.kind == bucket.Kind.MONEY]
        plan = cascade(amount, [bucket.slot() for bucket in envelopes])
        version = money.budget.version
        steps = [(step.key.pk, step.kept, step.reason) for step in plan.steps]
        hash = fingerprint("plan", of=(money.pk, version, amount, steps))
        return Preview(plan, money, version, hash)

    def preview_into(
        self, bucket: "Bucket", amount: int, *, overflow: Overflow = Overflow.MONEY
    ) -> list[Line]:
        """The lines `deposit_into` would write; raises what it would."""
        _positive(amount)
        bucket.refresh_from_db()
        if bucket.archived_at:
            raise BucketClosed(f"{bucket.name} is closed", bucket=bucket.name)
        limited = overflow != Overflow.ALLOW and bucket.space is not None
        space = bucket.space if limited else amount
        assert space is not None
        if space < amount and overflow == Overflow.REJECT:
            raise NoSpace(f"{bucket.name} has less space than that", asked=amount, space=space)
        kept = min(amount, space)
        money = bucket.budget.buckets.money()
        lines = [Line(bucket, kept, "direct"), Line(money, amount - kept, "overflow")]
        return [line for line in lines if line.amount]

    def deposit(
        self,
        budget: "Budget",
        amount: int,
        *,
        expect: str | None = None,
        **particulars: Unpack[Particulars],
    ) -> "Movement":
        """Take `amount` in and let it cascade through the budget's envelopes.

        What no envelope keeps lands in the money bucket. `expect` is a preview's hash: a
        budget that has changed since raises StalePlan. Raises BadAmount.
        """
        request = fingerprint("deposit", budget=budget.pk, amount=amount, **particulars)
        if earlier := self._begin(budget, amount, request, particulars):
            return earlier
        preview = self.preview(budget, amount)
        if expect is not None and expect != preview.hash:
            raise StalePlan("the budget has changed since the preview: look again")
        kind = self.model.Kind.DEPOSIT
        return self._post(budget, kind, amount, preview.lines, request, particulars)

    def deposit_into(
        self,
        bucket: "Bucket",
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **particulars: Unpack[Particulars],
    ) -> "Movement":
        """Take `amount` in for one bucket, locked or not, up to its target.

        The excess goes where `overflow` says. Raises BadAmount, BucketClosed, and NoSpace
        (figures `asked` and `space`) when the overflow is to be rejected.
        """
        request = fingerprint(
            "deposit_into", bucket=bucket.pk, amount=amount, overflow=overflow, **particulars
        )
        budget = bucket.budget
        if earlier := self._begin(budget, amount, request, particulars):
            return earlier
        lines = self.preview_into(bucket, amount, overflow=overflow)
        kind = self.model.Kind.DEPOSIT_INTO
        return self._post(budget, kind, amount, lines, request, particulars)

    def slots_before(self, movement: "Movement") -> "list[Slot[UUID]]":
        """The envelopes as a past movement met them: the rules and balances of its time."""
        past = Q(entries__movement__seq__lt=movement.seq)
        balances = dict(
            movement.budget.buckets.annotate(past=Sum("entries__amount", filter=past)).values_list(
                "pk", "past"
            )
        )
        return [
            Slot(
                rule.bucket_id, rule.priority, balances[rule.bucket_id] or 0,
                rule.target, rule.filter, rule.hold, rule.locked,
            )
            for rule in movement.budget.versions.in_force_at(movement.seq)
            if rule.priority is not None
        ]  # fmt: skip

    def replay(self, movement: "Movement") -> "Plan[UUID]":
        """The plan of a past deposit, made again."""
        return cascade(movement.amount, self.slots_before(movement))

    def _begin(
        self, budget: "Budget", amount: int, request: str, particulars: Particulars
    ) -> "Movement | None":
        """Check the amount, take the budget's lock, and return an earlier answer to the key."""
        _positive(amount)
        budget.acquire()
        key = particulars.get("key")
        if key is not None and (earlier := self.filter(budget=budget, key=key).first()):
            same_request(key, earlier.request_hash, request)
            return earlier
        if budget.deposited + amount > MAX_MINOR:
            raise BadAmount("the budget cannot count that much money", asked=amount)
        return None

    def _post(
        self,
        budget: "Budget",
        kind: str,
        external: int,
        lines: list[Line],
        request: str,
        particulars: Particulars,
    ) -> "Movement":
        """Write a movement, its entries, the balances and the budget's totals, in that order."""
        now = max(filter(None, [timezone.now(), budget.last_recorded_at]))
        movement = self.create(
            budget=budget,
            seq=budget.last_seq + 1,
            kind=kind,
            amount=abs(external),
            external=external,
            lines=len(lines),
            effective_at=particulars.get("effective_at") or now,
            recorded_at=now,
            actor_id=tenancy().actor_id,
            request_id=tenancy().request_id,
            memo=particulars.get("memo", ""),
            metadata=dict(particulars.get("metadata", {})),
            source=particulars.get("source", ""),
            key=particulars.get("key"),
            request_hash=request,
        )
        movement.entries.record(movement, lines)
        budget.buckets.apply({line.bucket.pk: line.amount for line in lines})
        budget.count(movement)
        return movement


def _positive(amount: int) -> None:
    if type(amount) is not int or not 0 < amount <= MAX_MINOR:
        raise BadAmount(
            f"an amount is an int of minor units from 1 to {MAX_MINOR}, not {amount!r}",
            asked=amount,
        )
