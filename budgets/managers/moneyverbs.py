"""The verbs that move money, shared by PostgreSQL and ledgers in memory.

Each opens a request, decides on lines (`dispositions`) and posts them through the ledger writer.
The examples have a household of 1,000.00: rent holds 725.00 of 900.00, fun 27.50, money 247.50.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Unpack, overload
from uuid import UUID

from budgets.errors import Refused
from budgets.managers import bulk, dispositions
from budgets.managers.bulk import Deposit
from budgets.managers.cleaning import require_amount
from budgets.managers.dispositions import Overflow, Preview
from budgets.managers.entries import ProposedEntry
from budgets.managers.kinds import EntryReason, MovementKind
from budgets.managers.requests import Request, RequestOptions
from budgets.managers.writer import LedgerVerbs
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement


class MoneyVerbs(LedgerVerbs):
    """Moves money. Amounts are positive ints of minor units; the keywords are `RequestOptions`.

    Repeating a `key` with the same request returns the first movement and moves nothing; with
    another request it raises KeyReused. Every verb raises BadAmount and StalePlan.
    """

    def _answer(self, pk: UUID) -> "Movement":
        movement: Movement = self._writer.answer("Movement", pk)
        return movement

    def preview(self, budget: "Budget", amount: int) -> Preview:
        """What `deposit` would do, every step explained; writes nothing. Raises what it would.

        >>> seen = Movement.objects.preview(household, 200_00)
        >>> [(step.key == rent, step.kept, str(step.reason)) for step in seen.plan.lines]
        [(True, 17500, 'capacity_limit'), (False, 250, 'filter')]
        >>> seen.plan.remainder
        2250
        """
        require_amount(amount)
        buckets = self._writer.open_buckets(budget)
        now = buckets[0].budget
        dispositions.require_in_use(now)
        return dispositions.preview_of(now, buckets, amount)

    def preview_into(
        self, bucket: "Bucket", amount: int, *, overflow: Overflow = Overflow.MONEY
    ) -> list[ProposedEntry]:
        """The lines `deposit_into` would write; raises what it would.

        >>> lines = Movement.objects.preview_into(rent, 200_00)
        >>> [(line.amount, str(line.reason)) for line in lines]
        [(17500, 'direct'), (2500, 'overflow')]
        """
        require_amount(amount)
        self._writer.renew(bucket)
        dispositions.require_in_use(bucket.budget)
        return [line for line in dispositions.into(bucket, amount, overflow) if line.amount]

    @verb("money.deposit")
    def deposit(
        self, budget: "Budget", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Deposit `amount` and cascade it through the budget's envelopes.

        The unallocated rest goes to the money bucket. Raises BudgetArchived.

        >>> movement = Movement.objects.deposit(household, 200_00, key="bonus-2026")
        >>> movement.processed, movement.to_money
        (17750, 2250)
        >>> Movement.objects.deposit(household, 200_00, key="bonus-2026").repeated
        True
        """
        request = Request("deposit", options, budget=budget.pk, amount=amount)
        require_amount(amount)
        if answer := request.open_unchecked(self._writer, budget):
            return self._answer(answer)
        preview = self.preview(budget, amount)
        preview.require(request.expect)
        return self._writer.post(request, budget, MovementKind.DEPOSIT, amount, preview.lines)

    @verb("money.deposit")
    def deposit_into(
        self,
        bucket: "Bucket",
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> "Movement":
        """Deposit `amount` into one bucket, locked or not, up to its target.

        The excess goes where `overflow` says. Raises BudgetArchived, BucketClosed, and NoSpace
        (figures `asked` and `space`) when the excess is to be rejected.

        >>> Movement.objects.deposit_into(rent, 200_00, key="gift").to_money
        2500
        """
        values = {"bucket": bucket.pk, "amount": amount, "overflow": overflow}
        request, budget = Request("deposit_into", options, **values), bucket.budget
        require_amount(amount)
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        dispositions.require_in_use(budget)
        self._writer.renew(bucket)
        lines = dispositions.into(bucket, amount, overflow)
        return self._writer.post(request, budget, MovementKind.DEPOSIT_INTO, amount, lines)

    @overload
    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: Literal[False] = False
    ) -> "list[Movement]": ...

    @overload
    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: bool = False
    ) -> "Sequence[Movement | Refused]": ...

    @verb("money.deposit")
    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: bool = False
    ) -> "Sequence[Movement | Refused]":
        """Make deposits into budgets of the tenant: same result as one by one, in that order.

        The number of statements does not grow with theirs. Answers in the order of `deposits`; a
        repeat, of one among them too, is a copy of the first answer that says `repeated`. A
        refused one raises, its place among the figures as `number`, and nothing is written; with
        `each_on_its_own` its place in the answer holds the refusal, and the others are made.

        >>> wages = [Deposit(household.pk, 100_00, {"key": f"wages-{week}"}) for week in (1, 2)]
        >>> [movement.processed for movement in Movement.objects.deposit_many(wages)]
        [10000, 7750]
        """
        return bulk.deposit_many(self._writer, deposits, each_on_its_own=each_on_its_own)

    @verb("money.withdraw")
    def withdraw(
        self, bucket: "Bucket", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Withdraw `amount` from a bucket, locked or not, and from the budget.

        Raises BucketClosed, and NotEnoughMoney (figures `asked` and `available`).

        >>> Movement.objects.withdraw(rent, 700_00, key="rent-2026-12").net_amount
        -70000
        """
        request = Request("withdraw", options, bucket=bucket.pk, amount=amount)
        require_amount(amount)
        budget = bucket.budget
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._writer.renew(bucket)
        lines = [dispositions.out_of(bucket, amount, EntryReason.WITHDRAWN)]
        return self._writer.post(request, budget, MovementKind.WITHDRAW, amount, lines)

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

        >>> Movement.objects.transfer(money, fun, 50_00, memo="a concert").processed
        5000
        """
        values = {"bucket": bucket.pk, "to": to.pk, "amount": amount, "overflow": overflow}
        request, budget = Request("transfer", options, **values), bucket.budget
        require_amount(amount)
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._writer.renew(bucket, to)
        lines = dispositions.between(bucket, to, amount, overflow)
        return self._writer.post(request, budget, MovementKind.TRANSFER, amount, lines)

    @verb("money.redistribute")
    def redistribute_to(
        self, bucket: "Bucket", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Move up to `amount` from the money bucket to an envelope; what is too much stays.

        Raises BucketClosed, BucketLocked, BucketFull and NotEnoughMoney.

        >>> Movement.objects.redistribute_to(rent, 200_00).processed
        17500
        """
        request = Request("redistribute_to", options, bucket=bucket.pk, amount=amount)
        require_amount(amount)
        budget = bucket.budget
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._writer.renew(bucket)
        lines = dispositions.redistributed(budget.buckets.money(), bucket, amount)
        return self._writer.post(request, budget, MovementKind.REDISTRIBUTE_TO, amount, lines)

    @verb("money.redistribute")
    def redistribute(
        self, budget: "Budget", amount: int, **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Cascade `amount` of the money bucket through the envelopes; the rest never leaves it.

        It is not income. Raises NotEnoughMoney, and NothingToMove when no envelope keeps any.

        >>> Movement.objects.redistribute(household, 200_00).processed
        17750
        """
        request = Request("redistribute", options, budget=budget.pk, amount=amount)
        require_amount(amount)
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        money, plan = dispositions.cascaded(self._writer.open_buckets(budget), amount)
        dispositions.out_of(money, amount, EntryReason.SOURCE)
        source = ProposedEntry(money, plan.remainder - amount, EntryReason.SOURCE)
        lines = [*dispositions.kept(plan), source]
        return self._writer.post(request, budget, MovementKind.REDISTRIBUTE, amount, lines)

    @verb("money.release_excess")
    def release_excess(self, bucket: "Bucket", **options: Unpack[RequestOptions]) -> "Movement":
        """Move what a bucket holds beyond its target to the money bucket.

        Raises BucketClosed and NothingToMove.

        >>> lowered = Bucket.objects.set_target(rent, 700_00)
        >>> Movement.objects.release_excess(lowered).to_money
        2500
        """
        request, budget = Request("release_excess", options, bucket=bucket.pk), bucket.budget
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        self._writer.renew(bucket)
        lines = dispositions.excess(bucket)
        amount = lines[-1].amount
        return self._writer.post(request, budget, MovementKind.RELEASE_EXCESS, amount, lines)

    @verb("money.reverse")
    def reverse_movement(
        self, movement: "Movement", **options: Unpack[RequestOptions]
    ) -> "Movement":
        """Undo a movement by its mirror image, once.

        Raises ReversalRefused, whose figure `why` is reversal, reversed, closed or
        not_enough_money.

        >>> Movement.objects.reverse_movement(salary, memo="paid twice").net_amount
        -100000
        """
        request, budget = Request("reverse", options, movement=movement.pk), movement.budget
        if answer := request.open(self._writer, budget):
            return self._answer(answer)
        entries, amount = movement.entries.with_buckets(), movement.amount
        is_reversed = self._writer.is_reversed(movement)
        lines = dispositions.mirror(movement, entries, is_reversed=is_reversed)
        return self._writer.post(request, budget, MovementKind.REVERSAL, amount, lines, movement)
