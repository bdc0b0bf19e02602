"""What a verb would write: lines, made from buckets as they are and written by nobody yet.

Pure but for what the buckets hold; the verbs call these under the budget's lock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from budgets.cascade import Plan, cascade
from budgets.errors import (
    BadRule,
    BucketClosed,
    BucketFull,
    BucketLocked,
    BudgetArchived,
    NoSpace,
    NotEnoughMoney,
    NothingToMove,
    ReversalRefused,
    StalePlan,
    WrongBudget,
)
from budgets.managers.entries import ProposedEntry, net
from budgets.managers.kinds import BucketKind, EntryReason, MovementKind
from budgets.managers.requests import fingerprint, require_expected

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Entry, Movement


class Overflow(StrEnum):
    """What becomes of money a bucket has no space for."""

    MONEY = "money"  # goes to the money bucket
    REJECT = "reject"  # refuses the whole operation
    ALLOW = "allow"  # fills the bucket beyond its target


@dataclass(frozen=True, slots=True)
class Preview:
    """What a deposit would do to a budget as it is now; give its `hash` as `expect`."""

    plan: "Plan[Bucket]"
    money: "Bucket"
    version: int

    @property
    def hash(self) -> str:
        """It changes with the budget's version and with everything the plan says."""
        steps = [(step.key.pk, step.kept, step.reason) for step in self.plan.steps]
        values = (self.money.pk, self.version, self.plan.amount, steps)
        return fingerprint("plan", {"of": values})

    def require(self, expect: int | str | None) -> None:
        """Raise StalePlan when a version, or a preview's hash, is expected and this has another."""
        if not isinstance(expect, str):
            require_expected(self.version, expect)
        elif expect != self.hash:
            raise StalePlan(
                "the budget has changed since the preview: look again", version=self.version
            )

    @property
    def lines(self) -> list[ProposedEntry]:
        """The movement's lines: what each bucket keeps, then the rest to the money bucket."""
        rest = ProposedEntry(self.money, self.plan.remainder, EntryReason.REMAINDER)
        return net([*kept(self.plan), rest])


def preview_of(budget: "Budget", buckets: "Iterable[Bucket]", amount: int) -> Preview:
    """What a deposit would do to a budget with these open buckets."""
    money, plan = cascaded(buckets, amount)
    return Preview(plan, money, budget.version)


def cascaded(
    buckets: "Iterable[Bucket]", amount: int, without: "Bucket | None" = None
) -> "tuple[Bucket, Plan[Bucket]]":
    """The money bucket, and the plan for `amount` over the other open buckets."""
    buckets = list(buckets)
    [money] = [bucket for bucket in buckets if bucket.kind == BucketKind.MONEY]
    slots = [bucket.slot() for bucket in buckets if bucket not in (money, without)]
    return money, cascade(amount, slots)


def kept(plan: "Plan[Bucket]") -> list[ProposedEntry]:
    """A line for each bucket that keeps something."""
    return [ProposedEntry(step.key, step.kept, step.reason) for step in plan.lines]


def into(bucket: "Bucket", amount: int, overflow: Overflow) -> list[ProposedEntry]:
    """`amount` for one bucket up to its target; the excess as `overflow` says.

    Raises BadRule for another word, BucketClosed, and NoSpace when the excess is to be rejected.
    """
    if overflow not in Overflow:
        ways = ", ".join(Overflow)
        raise BadRule(f"an overflow is one of {ways}, not {overflow!r}", overflow=overflow)
    require_open(bucket)
    space = bucket.space
    if space is None or overflow == Overflow.ALLOW:
        return [ProposedEntry(bucket, amount, EntryReason.DIRECT)]
    if space < amount and overflow == Overflow.REJECT:
        wrong = "is full" if space == 0 else "has less space than that"
        raise NoSpace(f"{bucket.name} {wrong}", asked=amount, space=space)
    fits = min(amount, space)
    money = bucket.budget.buckets.money()
    return [
        ProposedEntry(bucket, fits, EntryReason.DIRECT),
        ProposedEntry(money, amount - fits, EntryReason.OVERFLOW),
    ]


def out_of(bucket: "Bucket", amount: int, reason: str) -> ProposedEntry:
    """`amount` taken from a bucket. Raises BucketClosed and NotEnoughMoney."""
    require_open(bucket)
    if amount > bucket.balance:
        raise NotEnoughMoney(
            f"{bucket.name} holds less than that", asked=amount, available=bucket.balance
        )
    return ProposedEntry(bucket, -amount, reason)


def between(source: "Bucket", to: "Bucket", amount: int, overflow: Overflow) -> list[ProposedEntry]:
    """`amount` from one bucket to another of the budget.

    Raises WrongBudget, NothingToMove for a bucket to itself, BucketFull when all of it would go
    back to the money bucket, and what `into` and `out_of` do.
    """
    if source.budget_id != to.budget_id:
        raise WrongBudget("money moves between buckets of one budget")
    if source.pk == to.pk:
        raise NothingToMove("a bucket has nothing to give itself", bucket=source.name)
    lines = [out_of(source, amount, EntryReason.SOURCE), *into(to, amount, overflow)]
    if not net(lines):
        raise BucketFull(f"{to.name} is full", asked=amount, space=0)
    return lines


def redistributed(money: "Bucket", bucket: "Bucket", amount: int) -> list[ProposedEntry]:
    """Up to `amount` from the money bucket to one envelope, as far as its target allows.

    Raises BucketClosed, BucketLocked, BucketFull, NotEnoughMoney.
    """
    require_open(bucket)
    if bucket.locked:
        raise BucketLocked(f"{bucket.name} is locked: unlock it, or transfer", bucket=bucket.name)
    if bucket.pk == money.pk:
        raise NothingToMove("the money bucket has nothing to give itself", bucket=bucket.name)
    if bucket.space == 0:
        raise BucketFull(f"{bucket.name} is full", asked=amount, space=0)
    out_of(money, amount, EntryReason.SOURCE)
    fits = amount if bucket.space is None else min(amount, bucket.space)
    return [
        ProposedEntry(money, -fits, EntryReason.SOURCE),
        ProposedEntry(bucket, fits, EntryReason.DIRECT),
    ]


def excess(bucket: "Bucket") -> list[ProposedEntry]:
    """What a bucket holds beyond its target, to the money bucket. Raises NothingToMove."""
    require_open(bucket)
    over = 0 if bucket.target is None else bucket.balance - bucket.target
    if over <= 0:
        wrong = "has no target" if bucket.target is None else "holds no more than its target"
        raise NothingToMove(f"{bucket.name} {wrong}", bucket=bucket.name)
    return [
        ProposedEntry(bucket, -over, EntryReason.SOURCE),
        ProposedEntry(bucket.budget.buckets.money(), over, EntryReason.OVERFLOW),
    ]


def mirror(
    movement: "Movement", entries: "Iterable[Entry]", *, is_reversed: bool
) -> list[ProposedEntry]:
    """The lines that undo a movement, of its entries. Raises ReversalRefused, with the reason."""
    if movement.kind == MovementKind.REVERSAL:
        raise ReversalRefused("a reversal is not reversed: make the movement again", why="reversal")
    if is_reversed:
        raise ReversalRefused("it was reversed before", why="reversed")
    lines = []
    for entry in entries:
        bucket = entry.bucket
        if bucket.archived_at:
            raise ReversalRefused(f"{bucket.name} is closed", why="closed", bucket=bucket.name)
        if entry.amount > bucket.balance:
            raise ReversalRefused(
                f"{bucket.name} no longer has the money",
                why="not_enough_money",
                bucket=bucket.name,
                asked=entry.amount,
                available=bucket.balance,
            )
        lines.append(ProposedEntry(bucket, -entry.amount, EntryReason.REVERSAL))
    return lines


def require_open(bucket: "Bucket") -> None:
    """Raise BucketClosed for a closed bucket."""
    if bucket.archived_at:
        raise BucketClosed(f"{bucket.name} is closed", bucket=bucket.name)


def require_in_use(budget: "Budget") -> None:
    """Raise BudgetArchived for an archived budget; what it holds may still go out of it."""
    if budget.archived_at:
        raise BudgetArchived(f"{budget.name} is archived: no money comes in", budget=budget.name)


class Disposition(StrEnum):
    """Where the money of a bucket goes that is closed."""

    MONEY = "money"  # to the money bucket
    CASCADE = "cascade"  # through the other envelopes
    BUCKET = "bucket"  # to a named bucket
    OUT = "out"  # out of the budget


def require_disposition(to: Disposition, into_: "Bucket | None") -> None:
    """Raise BadRule unless a bucket is named when the money goes to a bucket, and only then."""
    if to not in Disposition or (to == Disposition.BUCKET) != (into_ is not None):
        raise BadRule("name a bucket when the money goes to a bucket, and only then", to=to)


def emptied(bucket: "Bucket", to: Disposition, into_: "Bucket | None") -> list[ProposedEntry]:
    """The lines that empty a closing bucket; for a cascade, its own line alone.

    A named bucket takes it all, beyond its target if need be: what closes is not to be split.
    Raises what `between` does.
    """
    amount = bucket.balance
    if into_ is not None:
        return between(bucket, into_, amount, Overflow.ALLOW)
    gone = out_of(
        bucket, amount, EntryReason.WITHDRAWN if to == Disposition.OUT else EntryReason.SOURCE
    )
    if to == Disposition.MONEY:
        return [gone, ProposedEntry(bucket.budget.buckets.money(), amount, EntryReason.DIRECT)]
    return [gone]
