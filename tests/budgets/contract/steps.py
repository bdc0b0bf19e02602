"""Steps that are taken on both sides, and what came of each, ids and clocks left out.

Buckets, budgets and movements are named by the order they were made in, so that a step means
the same on both sides as long as they agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from budgets.cascade import Claim
from budgets.errors import Refused
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition
from tenants.errors import CodedError
from tests.budgets.contract.sides import Side, entered, picture

type Step = tuple[str, dict[str, Any]]


class Disagreement(AssertionError):
    """The two sides did not answer the same."""


@dataclass
class Walk:
    """One side, and every row it has answered so far, as it was then."""

    side: Side
    budgets: list[Any] = field(default_factory=list)
    buckets: list[Any] = field(default_factory=list)
    movements: list[Any] = field(default_factory=list)

    def begin(self) -> None:
        """Two budgets with some buckets, money in the first; the last bucket is closed."""
        for name in ("One", "Two"):
            budget = self.side.run(partial(self.side.budgets.create_budget, name, "EUR"))
            self.budgets.append(budget)
        for which, name, filter, target in (
            (0, "Pot", Claim(flat=100), 150),
            (0, "Third", Claim(share=333_333), None),
            (0, "Car", Claim(flat=70), 100),
            (1, "Pot", Claim(flat=1), 5),
            (0, "Gone", Claim(flat=1), None),
        ):
            self.take("create_bucket", budget=which, name=name, filter=filter, target=target)
        self.take("close", bucket=4, to=Disposition.MONEY)
        for budget in reversed(self.budgets):
            self.buckets.insert(3, self.side.run(budget.buckets.money))
        self.take("deposit", budget=0, amount=1_000)

    def take(self, verb: str, **told: Any) -> Any:
        """Take a step; answer what came of it."""
        try:
            answer = self.side.run(lambda: self._asked(verb, **told))
        except CodedError as error:
            return _refusal(error)
        return self.side.run(lambda: self._seen(answer))

    def pictures(self) -> list[Any]:
        return self.side.run(lambda: [picture(self.side, budget) for budget in self.budgets])

    def _asked(self, verb: str, **told: Any) -> Any:
        for name, rows in (
            ("budget", self.budgets),
            ("bucket", self.buckets),
            ("to_bucket", self.buckets),
            ("into", self.buckets),
            ("movement", self.movements),
        ):
            if told.get(name) is not None:
                told[name] = rows[told[name] % len(rows)]
        if (expect := told.get("expect")) is not None:
            told["expect"] = self._version(told) + expect
        if "to_bucket" in told:
            told["to"] = told.pop("to_bucket")
        if verb == "deposit_many":
            return self._many(**told)
        if verb == "previewed_deposit":
            return self._previewed(**told)
        if verb == "reorder":
            return self.side.buckets.reorder(told["budget"], *self._order(**told))
        verbs = self.side.movements if hasattr(self.side.movements, verb) else self.side.buckets
        return getattr(verbs, verb)(**told)

    def _version(self, told: dict[str, Any]) -> int:
        """Of the budget a step is about, as it is now."""
        about = told.get("budget") or told.get("bucket") or told["movement"]
        pk = getattr(about, "budget_id", about.pk)
        return self.side.budgets.get_by_name(str(pk)).version

    def _order(self, budget: Any, sort: list[int], drop: bool = False) -> Any:
        rows = list(budget.buckets.envelopes())
        ranked = sorted(enumerate(rows), key=lambda each: (sort[each[0] % len(sort)], each[0]))
        return ([row for _, row in ranked][drop:],)

    def _previewed(self, budget: Any, amount: int, between: int | None) -> Any:
        preview = self.side.movements.preview(budget, amount)
        if between:
            self.side.movements.deposit(budget, between)
        movement = self.side.movements.deposit(budget, amount, expect=preview.hash)
        return [preview, movement]

    def _many(self, deposits: list[tuple[int, int, Any]], **how: Any) -> Any:
        many = [
            Deposit(self.budgets[which % 2].pk, amount, told) for which, amount, told in deposits
        ]
        return self.side.movements.deposit_many(many, **how)

    def _seen(self, answer: Any) -> Any:
        """An answer without ids and clocks; rows are remembered, each once."""
        if isinstance(answer, CodedError):
            return _refusal(answer)
        if isinstance(answer, list):
            return [self._seen(each) for each in answer]
        if hasattr(answer, "plan"):
            steps = [
                (step.key.name, step.available, step.filter, step.hold, step.space, step.kept,
                 str(step.reason))
                for step in answer.plan.steps
            ]  # fmt: skip
            filled = [bucket.name for bucket in answer.plan.filled]
            return answer.version, answer.money.name, steps, answer.plan.remainder, filled
        if hasattr(answer, "becomes_full"):
            return answer.bucket.name, answer.amount, str(answer.reason), answer.becomes_full
        known = self.movements if hasattr(answer, "net_amount") else self.buckets
        if answer not in known:
            known.append(answer)
        return known.index(answer), _row(answer)


def _row(row: Any) -> tuple[Any, ...]:
    if hasattr(row, "net_amount"):
        return (
            row.seq, str(row.kind), row.amount, row.net_amount, row.entry_count, row.memo, row.key,
            row.metadata, row.source, row.actor_id, row.request_id, entered(row),
            row.processed, row.to_money,
        )  # fmt: skip
    return (
        row.name, str(row.kind), row.priority, row.filter, row.hold, row.target, row.locked,
        row.balance, row.version, row.last_entry_seq, row.space, row.state,
    )  # fmt: skip


def _refusal(error: CodedError) -> tuple[Any, ...]:
    figures = error.figures if isinstance(error, Refused) else {}
    return error.code, {name: str(figure) for name, figure in figures.items()}


def recorded(side: Side, steps: Iterable[Step]) -> list[Any]:
    """What came of each step, and how everything stood after it unless it was refused."""
    walk = Walk(side)
    walk.begin()
    answers = []
    for verb, told in steps:
        answer = walk.take(verb, **told)
        refused = isinstance(answer, tuple) and isinstance(answer[-1], dict)
        answers.append((answer, None if refused else walk.pictures()))
    return [*answers, walk.pictures()]


def require_agreement(steps: list[Step], one: list[Any], other: list[Any]) -> None:
    """Raise Disagreement at the first step of which not the same came."""
    for step, left, right in zip([*steps, "at the end"], one, other, strict=True):
        if left != right:
            raise Disagreement(f"{step}: {left} is not {right}")
