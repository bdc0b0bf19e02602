"""The verbs that move money. Every one begins with the lock and ends in `_post`."""

from typing import TYPE_CHECKING, Unpack

from budgets.cascade import Plan, cascade
from budgets.managers import dispositions
from budgets.managers.bulk import BulkManager
from budgets.managers.dispositions import Overflow, Preview
from budgets.managers.entries import Line
from budgets.managers.posting import require_amount
from budgets.managers.reads.asked import found
from budgets.managers.requests import RequestOptions, fingerprint
from budgets.managers.reversing import ReversingManager
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement


class MovementManager(BulkManager, ReversingManager):
    """Moves money. Amounts are positive ints of minor units; the keywords are `RequestOptions`.

    Repeating a `key` with the same request returns the first movement and moves nothing; with
    another request it raises KeyReused. Every verb raises BadAmount and StalePlan.
    """

    def preview(self, budget: "Budget", amount: int) -> Preview:
        """What `deposit` would do, every step explained; writes nothing. Raises what it would."""
        require_amount(amount)
        money, plan = _cascaded(budget, amount)
        dispositions.require_in_use(money.budget)
        return Preview(plan, money, money.budget.version)

    def preview_into(
        self, bucket: "Bucket", amount: int, *, overflow: Overflow = Overflow.MONEY
    ) -> list[Line]:
        """The lines `deposit_into` would write; raises what it would."""
        require_amount(amount)
        bucket.refresh_from_db()
        dispositions.require_in_use(bucket.budget)
        return [line for line in dispositions.into(bucket, amount, overflow) if line.amount]

    @verb("money.deposit")
    def deposit(
        self, budget: "Budget", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Take `amount` in and let it cascade through the budget's envelopes.

        What no envelope keeps lands in the money bucket. Raises BudgetArchived.
        """
        request = fingerprint("deposit", budget=budget.pk, amount=amount, **options)
        if earlier := self._begin(budget, amount, request, {**options, "expect": None}):
            return earlier
        preview = self.preview(budget, amount)
        preview.require(options.get("expect"))
        kind = self.model.Kind.DEPOSIT
        return self._post(budget, kind, amount, preview.lines, request, options)

    @verb("money.deposit")
    def deposit_into(
        self,
        bucket: "Bucket",
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> "Movement":
        """Take `amount` in for one bucket, locked or not, up to its target.

        The excess goes where `overflow` says. Raises BudgetArchived, BucketClosed, and NoSpace
        (figures `asked` and `space`) when the excess is to be rejected.
        """
        request = fingerprint(
            "deposit_into", bucket=bucket.pk, amount=amount, overflow=overflow, **options
        )
        budget = bucket.budget
        if earlier := self._begin(budget, amount, request, options):
            return earlier
        dispositions.require_in_use(budget)
        bucket.refresh_from_db()
        lines = dispositions.into(bucket, amount, overflow)
        return self._post(budget, self.model.Kind.DEPOSIT_INTO, amount, lines, request, options)

    @verb("money.withdraw")
    def withdraw(
        self, bucket: "Bucket", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Take `amount` out of a bucket, locked or not, and out of the budget.

        Raises BucketClosed, and NotEnoughMoney (figures `asked` and `available`).
        """
        request = fingerprint("withdraw", bucket=bucket.pk, amount=amount, **options)
        budget = bucket.budget
        if earlier := self._begin(budget, amount, request, options):
            return earlier
        bucket.refresh_from_db()
        lines = [dispositions.out_of(bucket, amount, "withdrawn")]
        return self._post(budget, self.model.Kind.WITHDRAW, amount, lines, request, options)

    @verb("money.transfer")
    def transfer(
        self,
        bucket: "Bucket",
        to: "Bucket",
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> "Movement":
        """Move `amount` from a bucket to another of its budget, locked or not, up to the target.

        The excess goes where `overflow` says. Raises BucketClosed, BucketFull, NotEnoughMoney,
        NoSpace, WrongBudget and NothingToMove.
        """
        request = fingerprint(
            "transfer", bucket=bucket.pk, to=to.pk, amount=amount, overflow=overflow, **options
        )
        budget = bucket.budget
        if earlier := self._begin(budget, amount, request, options):
            return earlier
        for each in (bucket, to):
            each.refresh_from_db()
        lines = dispositions.between(bucket, to, amount, overflow)
        return self._post(budget, self.model.Kind.TRANSFER, amount, lines, request, options)

    @verb("money.redistribute")
    def redistribute_to(
        self, bucket: "Bucket", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Move up to `amount` from the money bucket to an envelope; what is too much stays.

        Raises BucketClosed, BucketLocked, BucketFull and NotEnoughMoney.
        """
        request = fingerprint("redistribute_to", bucket=bucket.pk, amount=amount, **options)
        budget = bucket.budget
        if earlier := self._begin(budget, amount, request, options):
            return earlier
        bucket.refresh_from_db()
        lines = dispositions.redistributed(budget.buckets.money(), bucket, amount)
        kind = self.model.Kind.REDISTRIBUTE_TO
        return self._post(budget, kind, amount, lines, request, options)

    @verb("money.redistribute")
    def redistribute(
        self, budget: "Budget", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Let `amount` of the money bucket cascade through the envelopes; the rest never leaves.

        It is not income. Raises NotEnoughMoney, and NothingToMove when no envelope keeps any.
        """
        request = fingerprint("redistribute", budget=budget.pk, amount=amount, **options)
        if earlier := self._begin(budget, amount, request, options):
            return earlier
        money, plan = _cascaded(budget, amount)
        dispositions.out_of(money, amount, "source")
        lines = [*dispositions.kept(plan), Line(money, plan.remainder - amount, "source")]
        kind = self.model.Kind.REDISTRIBUTE
        return self._post(budget, kind, amount, lines, request, options)

    @verb("money.release_excess")
    def release_excess(self, bucket: "Bucket", **options: Unpack[RequestOptions]) -> "Movement":
        """Move what a bucket holds beyond its target to the money bucket.

        Raises BucketClosed and NothingToMove.
        """
        request = fingerprint("release_excess", bucket=bucket.pk, **options)
        budget = bucket.budget
        if earlier := self._begin(budget, 1, request, options):
            return earlier
        bucket.refresh_from_db()
        lines = dispositions.excess(bucket)
        amount = lines[-1].amount
        kind = self.model.Kind.RELEASE_EXCESS
        return self._post(budget, kind, amount, lines, request, options)

    @verb("money.reverse")
    def reverse_movement(
        self, movement: "Movement", **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Undo a movement by its mirror image, once.

        Raises ReversalRefused, whose figure `why` is reversal, reversed, closed or
        not_enough_money.
        """
        request = fingerprint("reverse", movement=movement.pk, **options)
        budget = movement.budget
        if earlier := self._begin(budget, movement.amount, request, options):
            return earlier
        lines = dispositions.mirrored(movement)
        kind = self.model.Kind.REVERSAL
        return self._post(budget, kind, movement.amount, lines, request, options, movement)

    def _empty(
        self,
        bucket: "Bucket",
        to: "dispositions.Disposition",
        into: "Bucket | None",
        request: str,
        options: RequestOptions,
    ) -> "Movement":
        """Move all a closing bucket holds: for `Bucket.objects.close`, under its lock."""
        budget, amount = bucket.budget, bucket.balance
        lines, kind = dispositions.emptied(bucket, to, into), self.model.Kind.CLOSE
        if to == dispositions.Disposition.CASCADE:
            money, plan = _cascaded(budget, amount, without=bucket)
            lines += [*dispositions.kept(plan), Line(money, plan.remainder, "remainder")]
            kind = self.model.Kind.CLOSE_CASCADE
        return self._post(budget, kind, amount, lines, request, options)


def _cascaded(
    budget: "Budget", amount: int, without: "Bucket | None" = None
) -> "tuple[Bucket, Plan[Bucket]]":
    """The money bucket, and the plan for `amount` over the other open buckets.

    One statement reads them, so that they are all of the version the money bucket names.
    Raises UnknownBudget.
    """
    buckets = found(list(budget.buckets.open().in_order().select_related("budget")))
    [money] = [bucket for bucket in buckets if bucket.kind == bucket.Kind.MONEY]
    slots = [bucket.slot() for bucket in buckets if bucket not in (money, without)]
    return money, cascade(amount, slots)
