"""The data of `manage.py seed`, written by the public verbs; each is safe to repeat."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from budgets.cascade import Claim
from budgets.errors import UnknownBudget
from budgets.models import Bucket, Budget, Movement
from tenants.management.seeding import DEV_EMAIL, DEV_PASSWORD, seed_tenant
from tenants.managers.users import make_inspectors
from tenants.models import Membership, User


@dataclass(frozen=True)
class SeedBudget:
    """A tenant with one budget; amounts in minor units, shares in parts per million.

    `envelopes` are the rules of `create_bucket`; `history` lists deposits: key, amount, memo.
    """

    slug: str
    tenant: str
    members: tuple[tuple[str, str], ...]
    budget: str
    currency: str
    envelopes: tuple[dict[str, Any], ...]
    history: tuple[tuple[str, int, str], ...] = ()


DEV = (
    SeedBudget(
        "tierney",
        "Tierney & Brandl",
        (("aoife@example.com", "owner"), ("max@example.com", "editor")),
        "Household",
        "EUR",
        (
            dict(name="Rent", filter=Claim(share=300_000), hold=Claim(flat=725_00)),
            dict(name="Crèche", filter=Claim(flat=310_00), target=7_440_00),
            dict(name="Groceries", filter=Claim(share=150_000)),
            dict(name="Energy", filter=Claim(flat=95_00), target=2_280_00),
            dict(name="Emergency fund", filter=Claim(share=200_000), target=9_000_00),
            dict(
                name="Holiday", filter=Claim(share=250_000), hold=Claim(flat=50_00), target=3_000_00
            ),
            dict(name="Car loan", filter=Claim(flat=150_00), locked=True),
            dict(name="Treats", filter=Claim(share=333_333), target=2_500_00),
        ),
        (("seed-opening", 1_200_00, "Opening balance"), ("seed-gift", 250_00, "Birthday money")),
    ),
    SeedBudget(
        "morgenrot",
        "Bäckerei Morgenrot",
        (("rejane@example.com", "owner"),),
        "Bakery",
        "CHF",
        (
            dict(name="VAT", filter=Claim(share=26_000)),
            dict(name="Wages", filter=Claim(flat=1_450_00), hold=Claim(share=350_000)),
            dict(name="Flour and suppliers", filter=Claim(share=400_000)),
            dict(name="New oven", filter=Claim(share=250_000), target=14_500_00),
        ),
        (("seed-opening", 3_000_00, "Opening balance"),),
    ),
)

TEST = (
    SeedBudget(
        "test",
        "Test",
        tuple((f"{role}@example.com", role) for role in Membership.Role.values),
        "Test",
        "EUR",
        (
            dict(name="Flat", filter=Claim(flat=100_00)),
            dict(name="Half", filter=Claim(share=500_000)),
        ),
    ),
)

OPENED = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""The `effective_at` of the deposits in `history`."""


def plant(seeded: Iterable[SeedBudget]) -> list[str]:
    """Create missing users, tenants, budgets and history; return one line for each tenant."""
    planted = []
    for seed in seeded:
        seed_tenant(seed.slug, seed.tenant, seed.members, partial(_fill, seed))
        planted.append(f"tenant {seed.slug}: budget {seed.budget} ({seed.currency})")
    return planted


def plant_admin() -> str:
    """Create the development login, which may view everything in the admin."""
    if not User.objects.active().by_email(DEV_EMAIL).exists():
        User.objects.create_superuser(DEV_EMAIL, DEV_PASSWORD, first_name="Ada")
    return f"admin login {DEV_EMAIL} / {DEV_PASSWORD}"


def plant_roles() -> str:
    """Create the group whose members may view everything in the admin and change nothing."""
    group = make_inspectors()
    return f"group {group.name}: {group.permissions.count()} permissions to view"


def _budget(seed: SeedBudget) -> Budget:
    try:
        return Budget.objects.get_by_name(seed.budget)
    except UnknownBudget:
        return Budget.objects.create_budget(seed.budget, seed.currency)


def _fill(seed: SeedBudget) -> None:
    """Create the budget, its buckets and its history; called in the tenant's block."""
    budget = _budget(seed)
    for priority, envelope in enumerate(seed.envelopes):
        key = f"seed-{priority}"
        Bucket.objects.create_bucket(budget, priority=priority, key=key, **envelope)
    for key, amount, memo in seed.history:
        Movement.objects.deposit(budget, amount, key=key, memo=memo, effective_at=OPENED)
