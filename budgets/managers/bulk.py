"""Many deposits in one call: the same pure cascade between a few reads and a few writes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, overload
from uuid import UUID

from django.apps import apps

from budgets.cascade import cascade
from budgets.errors import BadOption, Refused, UnknownBudget
from budgets.keywords import require_known
from budgets.managers.dispositions import Preview, require_in_use
from budgets.managers.keys import Keys
from budgets.managers.posting import Draft, PostingManager, require_amount
from budgets.managers.requests import REQUEST_OPTIONS, RequestOptions, fingerprint, require_key
from budgets.roles import verb
from tenants.errors import WrongType

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement


@dataclass(frozen=True, slots=True)
class Deposit:
    """One deposit of many: which budget, how many minor units, and the `RequestOptions`.

    Raises UnknownKeyword for options that do not exist, and WrongType for what is none of these.
    """

    budget_id: UUID
    amount: int
    options: RequestOptions = field(default_factory=RequestOptions)

    def __post_init__(self) -> None:
        for name, kind in (("budget_id", UUID), ("options", Mapping)):
            if not isinstance(given := getattr(self, name), kind):
                raise WrongType(f"{name} is {kind.__name__}, not {type(given).__name__}", name)
        require_known("a deposit", self.options, REQUEST_OPTIONS)

    @property
    def request(self) -> str:
        """Its fingerprint: that of the same deposit made by itself."""
        return fingerprint("deposit", budget=self.budget_id, amount=self.amount, **self.options)


@dataclass(slots=True)
class _Stock:
    """What was read under the locks, moving on in memory with each deposit."""

    budgets: "dict[UUID, Budget]"
    buckets: "dict[UUID, list[Bucket]]"
    keys: Keys
    movements: "dict[UUID, Movement]"
    """Those that earlier requests with the keys made, and then the drafts'."""


class BulkManager(PostingManager):
    """Deposits by the hundred."""

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
        """
        stock = self._stocked(deposits)
        earlier = set(stock.movements)
        answers: list[Movement | Refused] = []
        drafts: list[Draft] = []
        for number, deposit in enumerate(deposits):
            try:
                answers.append(self._answered(deposit, stock, drafts))
            except Refused as refusal:
                if not each_on_its_own:
                    refusal.figures["number"] = number
                    raise
                answers.append(refusal)
        if drafts:
            self._write(drafts)
        return list(_told_apart(answers, earlier))

    def _answered(self, deposit: Deposit, stock: _Stock, drafts: list[Draft]) -> "Movement":
        """The movement of a deposit: an earlier one with its key, or one drafted now."""
        require_amount(deposit.amount)
        if (budget := stock.budgets.get(deposit.budget_id)) is None:
            raise UnknownBudget(f"there is no budget {deposit.budget_id} here")
        said, request = deposit.options, deposit.request
        if pk := stock.keys.answer(budget.pk, key := said.get("key"), request):
            return stock.movements[pk]
        require_in_use(budget)
        preview = _preview(stock.buckets[budget.pk], deposit.amount)
        preview.require(said.get("expect"))
        kind = self.model.Kind.DEPOSIT
        draft = self._draft(budget, kind, deposit.amount, preview.lines, request, said)
        drafts.append(draft)
        stock.keys.take(budget.pk, key, request, draft.movement.pk)
        stock.movements[draft.movement.pk] = draft.movement
        return draft.movement

    def _stocked(self, deposits: Sequence[Deposit]) -> _Stock:
        """Lock the budgets in id order, then read their buckets and the keys used before."""
        ids = sorted({deposit.budget_id for deposit in deposits})
        budgets = self._locked(ids)
        buckets: defaultdict[UUID, list[Bucket]] = defaultdict(list)
        if budgets:
            rows = apps.get_model("budgets.Bucket").objects.open()
            for bucket in rows.filter(budget__in=ids).order_by("budget", "priority"):
                bucket.budget = budgets[bucket.budget_id]
                buckets[bucket.budget_id].append(bucket)
        keys = Keys.read(self.db, budgets, map(_key, deposits))
        earlier = self.in_bulk(keys.answers) if keys.answers else {}
        for movement in earlier.values():
            movement.budget = budgets[movement.budget_id]
        return _Stock(budgets, buckets, keys, earlier)

    def _locked(self, ids: list[UUID]) -> "dict[UUID, Budget]":
        """The budgets under their locks, taken in id order so that nobody waits in a circle."""
        rows = apps.get_model("budgets.Budget").objects.acquired()
        locked = rows.filter(pk__in=ids).in_lock_order()
        return {budget.pk: budget for budget in locked}


def _key(deposit: Deposit) -> str | None:
    """Its key, to look for; one that is refused in its turn is not looked for."""
    with suppress(BadOption):
        return require_key(deposit.options.get("key"))
    return None


def _told_apart(
    answers: "Iterable[Movement | Refused]", earlier: set[UUID]
) -> "Iterator[Movement | Refused]":
    """The answers; those to a repeat are copies that say so."""
    for answer in answers:
        if isinstance(answer, Refused):
            yield answer
        elif answer.pk in earlier:
            again = copy(answer)
            again.repeated = True
            yield again
        else:
            earlier.add(answer.pk)
            yield answer


def _preview(buckets: "Sequence[Bucket]", amount: int) -> Preview:
    """What a deposit does to buckets as they are now, in memory."""
    [money] = [bucket for bucket in buckets if bucket.kind == bucket.Kind.MONEY]
    plan = cascade(amount, [bucket.slot() for bucket in buckets if bucket is not money])
    return Preview(plan, money, money.budget.version)
