"""The data of `manage.py seed`, written by the public verbs; each is safe to repeat."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from budgets.cascade import Claim
from budgets.errors import UnknownBudget
from budgets.models import Bucket, Budget, Movement
from tenants.management.seeding import DEV_EMAIL, DEV_PASSWORD, seed_tenant
from tenants.managers.users import make_inspectors
from tenants.models import Membership, User


@dataclass(frozen=True)
class Envelope:
    """A bucket of the seed; amounts in minor units, shares in parts per million."""

    name: str
    filter: Claim
    hold: Claim | None = None
    target: int | None = None
    locked: bool = False


@dataclass(frozen=True)
class SeedBudget:
    """A tenant with one budget; `history` lists deposits: key, amount, memo."""

    slug: str
    tenant: str
    members: tuple[tuple[str, str], ...]
    budget: str
    currency: str
    envelopes: tuple[Envelope, ...]
    history: tuple[tuple[str, int, str], ...] = ()


DEV = (
    SeedBudget(
        "tierney",
        "Tierney & Brandl",
        (("aoife@example.com", "owner"), ("max@example.com", "editor")),
        "Household",
        "EUR",
        (
            Envelope("Rent", Claim(share=300_000), hold=Claim(flat=725_00)),
            Envelope("Crèche", Claim(flat=310_00), target=7_440_00),
            Envelope("Groceries", Claim(share=150_000)),
            Envelope("Energy", Claim(flat=95_00), target=2_280_00),
            Envelope("Emergency fund", Claim(share=200_000), target=9_000_00),
            Envelope("Holiday", Claim(share=250_000), hold=Claim(flat=50_00), target=3_000_00),
            Envelope("Car loan", Claim(flat=150_00), locked=True),
            Envelope("Treats", Claim(share=333_333), target=2_500_00),
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
            Envelope("VAT", Claim(share=26_000)),
            Envelope("Wages", Claim(flat=1_450_00), hold=Claim(share=350_000)),
            Envelope("Flour and suppliers", Claim(share=400_000)),
            Envelope("New oven", Claim(share=250_000), target=14_500_00),
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
        (Envelope("Flat", Claim(flat=100_00)), Envelope("Half", Claim(share=500_000))),
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
        Bucket.objects.create_bucket(
            budget,
            envelope.name,
            filter=envelope.filter,
            hold=envelope.hold,
            target=envelope.target,
            locked=envelope.locked,
            priority=priority,
            key=f"seed-{priority}",
        )
    for key, amount, memo in seed.history:
        Movement.objects.deposit(budget, amount, key=key, memo=memo, effective_at=OPENED)
