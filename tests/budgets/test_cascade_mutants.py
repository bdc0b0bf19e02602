"""Deliberate mistakes in the cascade: the conformance cases and the rule must catch each."""

import json
import random
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import budgets.cascade
from budgets.money import percent
from tests.budgets.ledger_model import Book, Pot

SOURCE = Path(budgets.cascade.__file__).read_text()
CASES = json.loads((Path(__file__).parent.parent / "data" / "cascade_cases.json").read_text())

MUTANTS = [
    # what a claim asks
    ("min(self.flat, arriving) if self.flat", "self.flat if self.flat"),
    ("arriving * self.share // WHOLE", "-(-arriving * self.share // WHOLE)"),
    ("arriving * self.share // WHOLE", "round(arriving * self.share / WHOLE)"),
    ("arriving * self.share // WHOLE", "int(arriving * (self.share / WHOLE))"),
    ("arriving * self.share // WHOLE", "arriving * (self.share // 10_000) // 100"),
    # what a bucket has space for
    ("max(0, self.target - self.balance)", "self.target"),
    ("max(0, self.target - self.balance)", "abs(self.target - self.balance)"),
    ("None if self.target is None else", "None if not self.target else"),
    # what a step keeps
    ("wanted, space = max(filter_, hold)", "wanted, space = filter_"),
    ("wanted, space = max(filter_, hold)", "wanted, space = hold or filter_"),
    ("wanted, space = max(filter_, hold)", "wanted, space = min(available, filter_ + hold)"),
    ("if slot.locked:", "if False:"),
    ("elif space == 0:", "elif False:"),
    ("kept, reason = space, Reason.CAPACITY_LIMIT", "kept, reason = wanted, Reason.FILTER"),
    ("kept, reason = space, Reason.CAPACITY_LIMIT", "kept, reason = 0, Reason.CAPACITY_LIMIT"),
    ("space < wanted:", "space <= wanted:"),
    ("hold > filter_ else", "hold >= filter_ else"),
    ("0 < self.kept == self.space", "self.kept == self.space"),
    # how the money flows
    ("left -= step.kept", "left -= 0"),
    ("step = _step(slot, left)", "step = _step(slot, amount)"),
    ("left -= step.kept", "left -= step.filter"),
    ('key=attrgetter("priority"))', 'key=attrgetter("priority"), reverse=True)'),
    ('key=attrgetter("priority"))', "key=lambda slot: str(slot.priority))"),
    ("return Plan(amount, tuple(steps), left)", "return Plan(amount, tuple(steps), amount)"),
    # what is refused
    ('_require_whole("amount", amount, least=1)', '_require_whole("amount", amount)'),
    ('_require_whole("share", self.share, most=WHOLE)', '_require_whole("share", self.share)'),
    ("type(value) is not int or value < least", "value < least"),
    ("if before.priority == after.priority:", "if False:"),
]


def made(source: str) -> Any:
    """The module of a source text."""
    module = types.ModuleType("mutant")
    sys.modules["mutant"] = module  # dataclasses look their module up
    exec(compile(source, "mutant", "exec"), module.__dict__)  # noqa: S102  # a mutant
    return module


def mistakes(module: Any) -> list[str]:
    """What a cascade gets wrong; nothing, if it is right."""
    return [
        *_wrong_cases(module),
        *_wrong_rule(module),
        *_wrong_reasons(module),
        *_accepted(module),
    ]


def _claim(module: Any, rule: dict[str, Any] | None) -> Any:
    if rule is None:
        return None
    if rule.get("method", rule.get("type")) == "percentage":
        return module.Claim(share=percent(rule["value"]))
    return module.Claim(flat=rule["value"])


def _wrong_cases(module: Any) -> list[str]:
    wrong = []
    for case in CASES:
        slots = [
            module.Slot(
                bucket["name"],
                bucket["priority"],
                bucket["balance_minor"],
                bucket["target_minor"],
                _claim(module, bucket["filter"]),
                _claim(module, bucket["hold"]),
                bucket["locked"],
            )
            for bucket in case["buckets"]
        ]
        plan = module.cascade(case["deposit_minor"], slots)
        answer = {
            "allocations": dict(plan.changes),
            "remainder_minor": plan.remainder,
            "filled": list(plan.filled),
        }
        if answer != case["expected"]:
            wrong.append(case["name"])
    return wrong


def _random_claim(chance: random.Random) -> tuple[str, int]:
    return chance.choice([("flat", chance.randrange(300)), ("share", chance.randrange(1, 10**6))])


def _wrong_rule(module: Any) -> list[str]:
    """Random budgets, against the plain model of the stateful test."""
    chance = random.Random(20260101)
    wrong = []
    for number in range(300):
        book = Book(
            {
                f"pot {n}": Pot(
                    chance.choice([0, chance.randrange(500)]),
                    chance.choice([None, 0, chance.randrange(600)]),
                    _random_claim(chance),
                    chance.choice([None, _random_claim(chance)]),
                    chance.random() < 0.2,
                )
                for n in range(chance.randrange(6))
            }
        )
        amount = chance.choice([chance.randrange(1, 1000), 10**15 + chance.randrange(1000)])
        slots = [
            module.Slot(
                name,
                n,
                pot.balance,
                pot.target,
                module.Claim(**dict([pot.filter])),
                pot.hold and module.Claim(**dict([pot.hold])),
                pot.locked,
            )
            for n, (name, pot) in enumerate(book.pots.items())
        ]
        plan = module.cascade(amount, slots)
        kept = dict(plan.changes) | ({"Money": plan.remainder} if plan.remainder else {})
        if kept != book.cascade(amount):
            wrong.append(f"random {number}")
    return wrong


def _wrong_reasons(module: Any) -> list[str]:
    """A hold that equals its filter is not what decided, and a full bucket is full."""
    claim = module.Claim(flat=5)
    slots = [module.Slot("a", 0, 0, 5, claim, claim), module.Slot("b", 1, 5, 5, claim)]
    plan = module.cascade(10, slots)
    reasons = [str(step.reason) for step in plan.steps]
    return [] if reasons == ["filter", "full"] else reasons


def _accepted(module: Any) -> list[str]:
    """Input that should have been refused, and was not."""
    slot = module.Slot("a", 0, 0, None, module.Claim(flat=1))
    twin = module.Slot("b", 0, 0, None, module.Claim(flat=1))
    refused = {
        "a deposit of nothing": lambda: module.cascade(0, [slot]),
        "a fraction": lambda: module.cascade(1.5, [slot]),
        "more than everything": lambda: module.Claim(share=1_000_001),
        "a shared priority": lambda: module.cascade(1, [slot, twin]),
    }
    accepted = []
    for name, work in refused.items():
        try:
            work()
        except ValueError:
            continue
        accepted.append(name)
    return accepted


def test_the_cascade_itself_makes_no_mistake():
    assert mistakes(made(SOURCE)) == []


@pytest.mark.parametrize(("right", "wrong"), MUTANTS, ids=[wrong for _, wrong in MUTANTS])
def test_a_mistake_in_the_cascade_is_caught(right, wrong):
    assert SOURCE.count(right) == 1, "the mutant no longer fits the code"
    try:
        found = mistakes(made(SOURCE.replace(right, wrong)))
    except (ValueError, TypeError, AssertionError) as error:
        found = [repr(error)]

    assert found
