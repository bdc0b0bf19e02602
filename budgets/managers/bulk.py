"""Many deposits in one call: the same pure cascade between a few reads and a few writes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from budgets.errors import BadOption, Refused, UnknownBudget
from budgets.keywords import require_known
from budgets.managers.cleaning import require_amount
from budgets.managers.databasewriter import Draft
from budgets.managers.dispositions import preview_of, require_in_use
from budgets.managers.keys import Keys
from budgets.managers.kinds import MovementKind
from budgets.managers.requests import REQUEST_OPTIONS, Request, RequestOptions, require_key
from budgets.managers.writer import LedgerWriter
from tenants.errors import WrongType

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement


@dataclass(frozen=True, slots=True)
class Deposit:
    """One deposit of many: which budget, how many minor units, and the `RequestOptions`.

    Raises UnknownKeyword for options that do not exist, and WrongType for other types.
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
    def request(self) -> Request:
        """That of the same deposit made by itself."""
        return Request("deposit", self.options, budget=self.budget_id, amount=self.amount)

    @property
    def key(self) -> str | None:
        """Its key, to look it up; None for a key that its request will refuse."""
        with suppress(BadOption):
            return require_key(self.options.get("key"))
        return None


@dataclass(slots=True)
class _Stock:
    """What was read under the locks; each draft changes it in memory."""

    budgets: "dict[UUID, Budget]"
    buckets: "dict[UUID, list[Bucket]]"
    keys: Keys
    movements: "dict[UUID, Movement]"
    """Earlier answers to the keys, and the movements of the drafts."""
    drafts: list[Draft] = field(default_factory=list)


def deposit_many(
    writer: LedgerWriter, deposits: Sequence[Deposit], *, each_on_its_own: bool
) -> "Sequence[Movement | Refused]":
    """Lock, read, draft and write: see `Movement.objects.deposit_many`."""
    stock = _stock(writer, deposits)
    earlier = set(stock.movements)
    answers: list[Movement | Refused] = []
    for number, deposit in enumerate(deposits):
        try:
            answers.append(_answer(writer, deposit, stock))
        except Refused as refusal:
            if not each_on_its_own:
                refusal.figures["number"] = number
                raise
            answers.append(refusal)
    if stock.drafts:
        writer.write(stock.drafts)
    return list(_mark_repeats(answers, earlier))


def _stock(writer: LedgerWriter, deposits: Sequence[Deposit]) -> _Stock:
    """Lock the budgets, then read their buckets and the keys used before."""
    budgets = writer.lock_all(sorted({deposit.budget_id for deposit in deposits}))
    buckets = writer.open_buckets_of(budgets)
    keys = writer.keys(list(budgets), [deposit.key for deposit in deposits])
    return _Stock(budgets, buckets, keys, writer.movements(keys.answers, budgets))


def _answer(writer: LedgerWriter, deposit: Deposit, stock: _Stock) -> "Movement":
    """The movement of a deposit: an earlier one with its key, or one drafted now."""
    require_amount(deposit.amount)
    if (budget := stock.budgets.get(deposit.budget_id)) is None:
        raise UnknownBudget(f"there is no budget {deposit.budget_id} here")
    request = deposit.request
    if answer := stock.keys.answer(budget.pk, request.key, request.fingerprint):
        return stock.movements[answer]
    require_in_use(budget)
    preview = preview_of(budget, stock.buckets[budget.pk], deposit.amount)
    preview.require(request.expect)
    kind, amount = MovementKind.DEPOSIT, deposit.amount
    draft = writer.draft(request, budget, kind, amount, preview.lines)
    stock.drafts.append(draft)
    stock.keys.take(budget.pk, request.key, request.fingerprint, draft.movement.pk)
    stock.movements[draft.movement.pk] = draft.movement
    return draft.movement


def _mark_repeats(
    answers: "Iterable[Movement | Refused]", earlier: set[UUID]
) -> "Iterator[Movement | Refused]":
    """The answers; those to a repeat are copies that say so."""
    for answer in answers:
        if isinstance(answer, Refused):
            yield answer
        elif answer.pk in earlier:
            repeat = copy(answer)
            repeat.repeated = True
            yield repeat
        else:
            earlier.add(answer.pk)
            yield answer
