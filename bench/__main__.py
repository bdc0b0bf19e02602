"""`python -m bench`: what the data-access layer costs over the SQL it sends, as ratios.

And what the indexes of the listings save, those of tenants (`bench.listings`) and those of people
(`bench.people`); alone: `python -m bench listings`.

Every pair is measured in turn, A B A B, in one process and one transaction that is rolled back,
so that the speed of the machine cancels out and nothing stays. Medians of the rounds.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402  # after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from bench.ledger import fill  # noqa: E402
from bench.listings import measured_listings  # noqa: E402
from bench.people import measured_people  # noqa: E402
from budgets.cascade import Claim, cascade  # noqa: E402
from budgets.models import Bucket, Budget, Movement  # noqa: E402
from tenants.context import acting_for  # noqa: E402
from tenants.models import Tenant  # noqa: E402

ROUNDS = 60

type Work = Callable[[], object]
type Pair = tuple[str, Work, str, Work]


def main() -> None:
    """Measure, print a table, and leave no trace."""
    tenant_id = uuid7()
    with acting_for(tenant_id, even_suspended=True):  # it is not there yet
        Tenant(pk=tenant_id, slug="bench", name="Bench").save(force_insert=True)
        table = Table("what", "milliseconds", "against", "milliseconds", "ratio", title="Medians")
        for pair in pairs(filled_budget("Short", buckets=10)):
            table.add_row(*measured(*pair, rounds=ROUNDS))
        for pair in pairs_of_a_long_ledger(filled_budget("Long", buckets=10)):
            table.add_row(*measured(*pair, rounds=ROUNDS // 6))
        Console(width=100).print(table)
        transaction.set_rollback(True)


def filled_budget(name: str, *, buckets: int) -> Budget:
    """A budget whose every envelope takes a tenth of what arrives."""
    budget = Budget.objects.create_budget(name, "EUR")
    for number in range(buckets):
        Bucket.objects.create_bucket(budget, f"Bucket {number}", filter=Claim(share=100_000))
    return budget


def pairs(budget: Budget) -> list[Pair]:
    """What is measured against what."""
    slots = [bucket.slot() for bucket in budget.buckets.envelopes()]
    statements = sql_of_a_deposit(budget)

    def deposit() -> None:
        Movement.objects.deposit(budget, 1_000_00)

    return [
        ("deposit, 10 buckets", deposit, "its reads and lock as bare SQL", replayed(statements)),
        ("deposit, 10 buckets", deposit, "cascade alone", lambda: cascade(1_000_00, slots)),
        ("count() by the manager", Bucket.objects.count, "count(*) as bare SQL", bare_count),
    ]


def pairs_of_a_long_ledger(budget: Budget) -> list[Pair]:
    """Past balances in a ledger of 200,000 entries, against adding them up."""
    fill(budget, [bucket.pk for bucket in budget.buckets.envelopes()], movements=20_000)
    at = budget.movements.get(seq=10_000).recorded_at
    read = Budget.objects.balances_at
    return [
        (
            "balances_at by seq",
            lambda: read(budget, seq=10_000),
            "100,000 entries added up",
            lambda: sums(budget, 10_000),
        ),
        (
            "balances_at by recorded time",
            lambda: read(budget, recorded=at),
            "the same",
            lambda: sums(budget, 10_000),
        ),
    ]


def measured(what: str, one: Work, against: str, other: Work, *, rounds: int) -> Iterator[str]:
    """A row of the table: each with its milliseconds, and their ratio."""
    first, second = in_turn(one, other, rounds)
    yield from (what, f"{first * 1000:.3f}", against, f"{second * 1000:.3f}")
    yield f"{first / second:.2g}" if first < second / 10 else f"{first / second:.2f}"


def in_turn(one: Work, other: Work, rounds: int) -> tuple[float, float]:
    """The median seconds of each, run A B A B."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, taken in zip((one, other), times, strict=True):
            begun = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def sql_of_a_deposit(budget: Budget) -> list[str]:
    """The SELECTs a deposit sends, with their values in place."""
    with CaptureQueriesContext(connection) as captured:
        Movement.objects.deposit(budget, 1_000_00)
    return [query["sql"] for query in captured if query["sql"].startswith("SELECT")]


def replayed(statements: list[str]) -> Callable[[], None]:
    """Send the statements and fetch their rows, without models."""

    def work() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    return work


def bare_count() -> None:
    """Count the buckets by a statement of our own: what is measured against the manager's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM budgets_bucket")
        cursor.fetchall()


def sums(budget: Budget, seq: int) -> None:
    """What each bucket held, by adding up its entries: what `balances_at` is measured against."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.bucket_id, sum(e.amount), max(m.seq) FROM budgets_entry e"
            " JOIN budgets_movement m ON m.tenant_id = e.tenant_id AND m.id = e.movement_id"
            " WHERE m.tenant_id = %s AND m.budget_id = %s AND m.seq <= %s GROUP BY e.bucket_id",
            [budget.tenant_id, budget.pk, seq],
        )
        cursor.fetchall()


if __name__ == "__main__":
    if sys.argv[1:] != ["listings"]:
        main()
    for measured_pages in (measured_listings, measured_people):
        Console(width=100).print(measured_pages())
