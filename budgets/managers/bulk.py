"""Many deposits in one call: the same pure cascade between a few reads and a few writes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from budgets.cascade import cascade
from budgets.errors import KeyReused, Refused, UnknownBudget
from budgets.managers.plans import Preview
from budgets.managers.posting import Draft, PostingManager, positive
from budgets.managers.requests import Particulars, fingerprint, recorded, same_request
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget, Movement


@dataclass(frozen=True, slots=True)
class Deposit:
    """One deposit of many: which budget, how many minor units, and the `Particulars`."""

    budget_id: UUID
    amount: int
    particulars: Particulars = field(default_factory=Particulars)

    @property
    def request(self) -> str:
        """Its fingerprint: that of the same deposit made by itself."""
        return fingerprint("deposit", budget=self.budget_id, amount=self.amount, **self.particulars)


@dataclass(slots=True)
class _Stock:
    """What was read under the locks, moving on in memory with each deposit."""

    budgets: "dict[UUID, Budget]"
    buckets: "dict[UUID, list[Bucket]]"
    answered: "dict[tuple[UUID, str], Movement]"
    taken: set[tuple[UUID, str]]


class BulkManager(PostingManager):
    """Deposits by the hundred."""

    @verb("money.deposit")
    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: bool = False
    ) -> "list[Movement | Refused]":
        """Make deposits into budgets of the tenant: same result as one by one, in that order.

        The number of statements does not grow with theirs. Answers in the order of `deposits`. A
        refused one raises, its place among the figures as `number`, and nothing is written; with
        `each_on_its_own` its place in the answer holds the refusal, and the others are made.
        """
        stock = self._stocked(deposits)
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
        return answers

    def _answered(self, deposit: Deposit, stock: _Stock, drafts: list[Draft]) -> "Movement":
        """The movement of a deposit: an earlier one with its key, or one drafted now."""
        positive(deposit.amount)
        if (budget := stock.budgets.get(deposit.budget_id)) is None:
            raise UnknownBudget(f"there is no budget {deposit.budget_id} here")
        said, request = deposit.particulars, deposit.request
        if (key := said.get("key")) is not None:
            if earlier := stock.answered.get((budget.pk, key)):
                same_request(key, earlier.request_hash, request)
                return earlier
            if (budget.pk, key) in stock.taken:
                raise KeyReused(f"key {key!r} was used before, to change a bucket", key=key)
        recorded(said, request)  # refused here, as it is of a single deposit
        preview = _preview(stock.buckets[budget.pk], deposit.amount)
        preview.require(said.get("expect"))
        kind = self.model.Kind.DEPOSIT
        draft = self._draft(budget, kind, deposit.amount, preview.lines, request, said)
        drafts.append(draft)
        if key is not None:
            stock.answered[budget.pk, key] = draft.movement
        return draft.movement

    def _stocked(self, deposits: Sequence[Deposit]) -> _Stock:
        """Lock the budgets in id order, then read their buckets and the keys used before."""
        ids = sorted({deposit.budget_id for deposit in deposits})
        budgets = self._locked(ids)
        buckets: defaultdict[UUID, list[Bucket]] = defaultdict(list)
        if budgets:
            rows: Any = next(iter(budgets.values())).buckets.model.objects
            for bucket in rows.open().filter(budget__in=ids).order_by("budget", "priority"):
                bucket.budget = budgets[bucket.budget_id]
                buckets[bucket.budget_id].append(bucket)
        told = (deposit.particulars.get("key") for deposit in deposits)
        keys = [key for key in told if key is not None]
        earlier = self.filter(budget__in=ids, key__in=keys)
        answered = {(movement.budget_id, movement.key): movement for movement in earlier}
        return _Stock(budgets, buckets, answered, self._taken(budgets, keys))

    def _locked(self, ids: list[UUID]) -> "dict[UUID, Budget]":
        """The budgets under their locks, taken in id order so that nobody waits in a circle."""
        rows: Any = self.model.budget.field.remote_field.model.objects
        locked = rows.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
        return {budget.pk: budget for budget in locked}

    def _taken(self, budgets: "dict[UUID, Budget]", keys: list[str]) -> set[tuple[UUID, str]]:
        """The keys that requests which changed rules have used."""
        if not keys or not budgets:
            return set()
        versions: Any = next(iter(budgets.values())).versions.model.objects
        used = versions.filter(budget__in=list(budgets), key__in=keys)
        return set(used.values_list("budget", "key"))


def _preview(buckets: "Sequence[Bucket]", amount: int) -> Preview:
    """What a deposit does to buckets as they are now, in memory."""
    [money] = [bucket for bucket in buckets if bucket.kind == bucket.Kind.MONEY]
    plan = cascade(amount, [bucket.slot() for bucket in buckets if bucket is not money])
    return Preview(plan, money, money.budget.version)
