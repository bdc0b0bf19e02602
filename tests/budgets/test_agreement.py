"""The pure cascade, deposits one by one and bulk deposits: one answer, on random cases (I13)."""

import os
import random
from dataclasses import replace
from functools import partial
from operator import attrgetter

import pytest

from budgets.cascade import Claim, Slot, cascade
from budgets.jobs import audit
from budgets.managers.bulk import Deposit
from budgets.models import Bucket, Budget, Movement
from tenants.context import run_for
from tenants.models import Tenant
from tests.factories import TenantFactory

MANY = 3_000 if os.environ.get("CI") else 10_000
"""Cases of the slow test."""


def random_claim(chance: random.Random) -> Claim:
    if chance.random() < 0.5:
        return Claim(flat=chance.choice([0, chance.randrange(1, 10 ** chance.randrange(1, 15))]))
    return Claim(share=chance.randrange(0, 1_000_001))


def random_slots(chance: random.Random, count: int) -> list[Slot[int]]:
    """Envelopes of every kind, empty."""
    return [
        Slot(
            number,
            number,
            0,
            chance.choice([None, None, 0, chance.randrange(10 ** chance.randrange(1, 16))]),
            random_claim(chance),
            chance.choice([None, random_claim(chance)]),
            chance.random() < 0.1,
        )
        for number in range(count)
    ]


def planted(name: str, slots: list[Slot[int]]) -> Budget:
    budget = Budget.objects.create_budget(name, "EUR")
    for slot in slots:
        Bucket.objects.create_bucket(
            budget,
            str(slot.key),
            filter=slot.filter,
            hold=slot.hold,
            target=slot.target,
            locked=slot.locked,
            priority=slot.priority,
        )
    return budget


def pure(slots: list[Slot[int]], amounts: list[int]) -> list[list[tuple[str, int, str]]]:
    """What each deposit gives, one after another."""
    lines = []
    for amount in amounts:
        plan = cascade(amount, slots)
        kept = plan.changes
        slots = [replace(slot, balance=slot.balance + kept.get(slot.key, 0)) for slot in slots]
        rest = [("Money", plan.remainder, "remainder")] if plan.remainder else []
        lines.append([(str(s.key), s.kept, str(s.reason)) for s in plan.lines] + rest)
    return lines


def stored(budget: Budget) -> list[list[tuple[str, int, str]]]:
    return [
        [
            (entry.bucket.name, entry.amount, entry.reason)
            for entry in sorted(movement.entries.all(), key=attrgetter("position"))
        ]
        for movement in budget.movements.order_by("seq").prefetch_related("entries__bucket")
    ]


def agree(seed: int, sizes: list[int], deposits: int) -> int:
    """Compare the three paths on a budget of each size; how many cases that was."""
    chance = random.Random(seed)
    print(f"seed {seed}")
    tenant = TenantFactory()
    run_for(tenant, partial(Tenant.objects.change_plan, "business"))  # two budgets a case
    for number, size in enumerate(sizes):
        slots = random_slots(chance, size)
        amounts = [
            chance.choice([chance.randrange(1, 500), chance.randrange(1, 10**6), 10**15])
            for _ in range(deposits)
        ]

        def plant(number: int = number, slots: list[Slot[int]] = slots) -> list[Budget]:
            return [planted(f"{kind} {number}", slots) for kind in ("single", "bulk")]

        single, bulk = run_for(tenant, plant)
        for amount in amounts:
            run_for(tenant, partial(Movement.objects.deposit, single, amount))
        batch = [Deposit(bulk.pk, amount) for amount in amounts]
        run_for(tenant, partial(Movement.objects.deposit_many, batch))

        expected = pure(slots, amounts)
        assert run_for(tenant, partial(stored, single)) == expected
        assert run_for(tenant, partial(stored, bulk)) == expected
    assert list(audit.breaks_of(tenant, replay=deposits * max(sizes) < 2_000)) == []
    return len(sizes) * deposits


def test_three_paths_agree_on_random_cases(committed):
    assert agree(seed=1, sizes=[0, 1, 3, 5, 8, 40], deposits=25) == 150


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_three_paths_agree_on_many_cases(committed):
    chance = random.Random(2)
    sizes = [chance.randrange(1, 15) for _ in range(MANY // 50 - 1)] + [1_000]

    assert agree(seed=2, sizes=sizes, deposits=50) == MANY
