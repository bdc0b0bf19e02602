"""The verbs that move money, in memory; `managers.dispositions` makes their lines."""

from collections.abc import Sequence
from typing import Any, Unpack

from budgets.cascade import MAX_MINOR, Plan, cascade
from budgets.errors import BadAmount, NothingToMove, Refused, UnknownBudget
from budgets.interfaces import Given
from budgets.managers import dispositions
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition, Overflow, Preview
from budgets.managers.entries import Line, net
from budgets.managers.posting import require_amount
from budgets.managers.requests import RequestOptions, fingerprint, told
from budgets.testing.rows import BucketKind, Budget, Entry, Movement, MovementKind
from budgets.testing.store import Store, Verbs


class MemoryMovements(Verbs):
    """Moves money as MovementManager does."""

    def preview(self, budget: Given, amount: int) -> Preview:
        """What `deposit` would do, every step explained; writes nothing."""
        require_amount(amount)
        money, plan = cascaded(self._found(budget), amount)
        dispositions.require_in_use(money.budget)
        return Preview(plan, money, money.budget.version)

    def preview_into(
        self, bucket: Given, amount: int, *, overflow: Overflow = Overflow.MONEY
    ) -> list[Line]:
        """The lines `deposit_into` would write; raises what it would."""
        require_amount(amount)
        self._store.renew(bucket)
        dispositions.require_in_use(bucket.budget)
        return [line for line in dispositions.into(bucket, amount, overflow) if line.amount]

    def deposit(self, budget: Given, amount: int, **options: Unpack[RequestOptions]) -> Movement:
        """Take `amount` in and let it cascade through the budget's envelopes."""
        request = fingerprint("deposit", budget=budget.pk, amount=amount, **options)
        if earlier := self._asked(budget, amount, request, {**options, "expect": None}):
            return earlier
        preview = self.preview(budget, amount)
        preview.require(options.get("expect"))
        kind = MovementKind.DEPOSIT
        return post(self._store, budget, kind, amount, preview.lines, request, options)

    def deposit_into(
        self,
        bucket: Given,
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> Movement:
        """Take `amount` in for one bucket, up to its target; the excess as `overflow` says."""
        request = fingerprint(
            "deposit_into", bucket=bucket.pk, amount=amount, overflow=overflow, **options
        )
        budget = bucket.budget
        if earlier := self._asked(budget, amount, request, options):
            return earlier
        dispositions.require_in_use(budget)
        self._store.renew(bucket)
        lines, kind = dispositions.into(bucket, amount, overflow), MovementKind.DEPOSIT_INTO
        return post(self._store, budget, kind, amount, lines, request, options)

    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: bool = False
    ) -> list[Movement | Refused]:
        """Make deposits in that order: all of them or none, or else each on its own."""
        answers: list[Movement | Refused] = []
        with self._store.all_or_nothing():
            for number, deposit in enumerate(deposits):
                try:
                    answers.append(self._one_of_many(deposit))
                except Refused as refusal:
                    if not each_on_its_own:
                        refusal.figures["number"] = number
                        raise
                    answers.append(refusal)
        return answers

    def withdraw(self, bucket: Given, amount: int, **options: Unpack[RequestOptions]) -> Movement:
        """Take `amount` out of a bucket and out of the budget."""
        request = fingerprint("withdraw", bucket=bucket.pk, amount=amount, **options)
        budget = bucket.budget
        if earlier := self._asked(budget, amount, request, options):
            return earlier
        self._store.renew(bucket)
        lines, kind = [dispositions.out_of(bucket, amount, "withdrawn")], MovementKind.WITHDRAW
        return post(self._store, budget, kind, amount, lines, request, options)

    def transfer(
        self,
        bucket: Given,
        to: Given,
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> Movement:
        """Move `amount` to another bucket of the budget, up to its target."""
        request = fingerprint(
            "transfer", bucket=bucket.pk, to=to.pk, amount=amount, overflow=overflow, **options
        )
        budget = bucket.budget
        if earlier := self._asked(budget, amount, request, options):
            return earlier
        for each in (bucket, to):
            self._store.renew(each)
        lines, kind = dispositions.between(bucket, to, amount, overflow), MovementKind.TRANSFER
        return post(self._store, budget, kind, amount, lines, request, options)

    def redistribute_to(
        self, bucket: Given, amount: int, **options: Unpack[RequestOptions]
    ) -> Movement:
        """Move up to `amount` from the money bucket to an envelope; what is too much stays."""
        request = fingerprint("redistribute_to", bucket=bucket.pk, amount=amount, **options)
        budget = bucket.budget
        if earlier := self._asked(budget, amount, request, options):
            return earlier
        self._store.renew(bucket)
        lines = dispositions.redistributed(budget.buckets.money(), bucket, amount)
        kind = MovementKind.REDISTRIBUTE_TO
        return post(self._store, budget, kind, amount, lines, request, options)

    def redistribute(
        self, budget: Given, amount: int, **options: Unpack[RequestOptions]
    ) -> Movement:
        """Let `amount` of the money bucket cascade through the envelopes."""
        request = fingerprint("redistribute", budget=budget.pk, amount=amount, **options)
        if earlier := self._asked(budget, amount, request, options):
            return earlier
        money, plan = cascaded(budget, amount)
        dispositions.out_of(money, amount, "source")
        lines = [*dispositions.kept(plan), Line(money, plan.remainder - amount, "source")]
        kind = MovementKind.REDISTRIBUTE
        return post(self._store, budget, kind, amount, lines, request, options)

    def release_excess(self, bucket: Given, **options: Unpack[RequestOptions]) -> Movement:
        """Move what a bucket holds beyond its target to the money bucket."""
        request = fingerprint("release_excess", bucket=bucket.pk, **options)
        budget = bucket.budget
        if earlier := self._asked(budget, 1, request, options):
            return earlier
        self._store.renew(bucket)
        lines, kind = dispositions.excess(bucket), MovementKind.RELEASE_EXCESS
        return post(self._store, budget, kind, lines[-1].amount, lines, request, options)

    def reverse_movement(self, movement: Given, **options: Unpack[RequestOptions]) -> Movement:
        """Undo a movement by its mirror image, once."""
        request = fingerprint("reverse", movement=movement.pk, **options)
        budget, amount, kind = movement.budget, movement.amount, MovementKind.REVERSAL
        if earlier := self._asked(budget, amount, request, options):
            return earlier
        gone = any(row.reverses_id == movement.pk for row in self._store.all(Movement))
        lines = dispositions.mirror(movement, gone, movement.entries.order_by("position"))
        return post(
            self._store, budget, kind, amount, lines, request, options, reverses=movement.pk
        )

    def _asked(
        self, budget: Given, amount: int, request: str, options: RequestOptions
    ) -> Movement | None:
        require_amount(amount)
        return self._begin(Movement, budget, request, options)

    def _one_of_many(self, deposit: Deposit) -> Movement:
        require_amount(deposit.amount)
        if (budget := self._store.find(Budget, deposit.budget_id)) is None:
            raise UnknownBudget(f"there is no budget {deposit.budget_id} here")
        return self.deposit(budget, deposit.amount, **deposit.options)


def cascaded(budget: Given, amount: int, without: Given = None) -> tuple[Any, Plan[Any]]:
    """The money bucket, and the plan for `amount` over the other open buckets."""
    buckets = budget.buckets.open()
    [money] = [bucket for bucket in buckets if bucket.kind == BucketKind.MONEY]
    slots = [bucket.slot() for bucket in buckets if bucket not in (money, without)]
    return money, cascade(amount, slots)


def emptied(
    store: Store, bucket: Given, to: Disposition, into: Given, request: str, said: RequestOptions
) -> Movement:
    """Move all a closing bucket holds."""
    budget, amount = bucket.budget, bucket.balance
    lines, kind = dispositions.emptied(bucket, to, into), MovementKind.CLOSE
    if to == Disposition.CASCADE:
        money, plan = cascaded(budget, amount, without=bucket)
        lines += [*dispositions.kept(plan), Line(money, plan.remainder, "remainder")]
        kind = MovementKind.CLOSE_CASCADE
    return post(store, budget, kind, amount, lines, request, said)


def post(
    store: Store,
    budget: Given,
    kind: MovementKind,
    amount: int,
    lines: Sequence[Line],
    request: str,
    options: RequestOptions,
    reverses: Any = None,
) -> Movement:
    """Write a movement, its entries, the balances and the budget's totals.

    Raises NothingToMove and BadAmount.
    """
    lines = net(lines)
    external = sum(line.amount for line in lines)
    if not lines:
        raise NothingToMove
    _require_countable(budget, external, amount)
    now = store.clock()
    by = {"actor_id": store.actor_id, "request_id": store.request_id}
    movement = Movement(
        store=store,
        budget_id=budget.pk,
        seq=budget.last_seq + 1,
        kind=kind,
        amount=amount,
        external=external,
        lines=len(lines),
        recorded_at=max(filter(None, [now, budget.last_recorded_at])),
        reverses_id=reverses,
        source=options.get("source", ""),
        **by | told(options, request, now),
    )
    for position, line in enumerate(lines, start=1):
        _enter(store, movement, position, line)
    budget.count(movement)
    store.put(movement, budget)
    store.answer(budget, movement.key, movement, request)
    return movement


def _require_countable(budget: Given, external: int, amount: int) -> None:
    """Raise BadAmount for more money than a budget can count."""
    if budget.deposited + max(external, 0) > MAX_MINOR:
        raise BadAmount("the budget cannot count that much money", asked=amount)


def _enter(store: Store, movement: Movement, position: int, line: Line) -> None:
    """Write one line, with the balance before and after; its bucket moves on."""
    bucket: Given = line.bucket
    entry = Entry(
        store=store,
        movement_id=movement.pk,
        position=position,
        bucket_id=bucket.pk,
        seq=bucket.last_seq + 1,
        amount=line.amount,
        balance_before=bucket.balance,
        balance_after=line.after,
        reason=line.reason,
        became_full=line.becomes_full,
    )
    bucket.balance, bucket.last_seq = entry.balance_after, entry.seq
    store.put(entry, bucket)
