"""`python -m bench`: compare the managers with bare SQL, and listings with and without indexes.

`bench.listings` measures the listings of tenants, `bench.people` those of people;
`python -m bench listings` runs only these two. `python -m bench reading` runs only `bench.reading`,
the reading of bank statements.

The variants of a pair run alternately, A B A B, in one process and one transaction that is rolled
back, so the ratio does not depend on the machine. The times are medians.
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
from bench.reading import measured_reading  # noqa: E402
from budgets.cascade import Claim, cascade  # noqa: E402
from budgets.models import Bucket, Budget, Movement  # noqa: E402
from tenants.context import acting_for  # noqa: E402
from tenants.models import Tenant  # noqa: E402

ROUNDS = 60

type Work = Callable[[], object]
type Pair = tuple[str, Work, str, Work]


def main() -> None:
    """Measure the pairs, print a table and roll back."""
    tenant_id = uuid7()
    with acting_for(tenant_id, even_suspended=True):  # it does not exist yet
        Tenant(pk=tenant_id, slug="bench", name="Bench").save(force_insert=True)
        table = Table("what", "milliseconds", "against", "milliseconds", "ratio", title="Medians")
        for pair in pairs(filled_budget("Short", buckets=10)):
            table.add_row(*measured(*pair, rounds=ROUNDS))
        for pair in pairs_of_a_long_ledger(filled_budget("Long", buckets=10)):
            table.add_row(*measured(*pair, rounds=ROUNDS // 6))
        Console(width=100).print(table)
        transaction.set_rollback(True)


def filled_budget(name: str, *, buckets: int) -> Budget:
    """A budget with envelopes that each keep 10 % of what arrives."""
    budget = Budget.objects.create_budget(name, "EUR")
    for number in range(buckets):
        Bucket.objects.create_bucket(budget, f"Bucket {number}", filter=Claim(share=100_000))
    return budget


def pairs(budget: Budget) -> list[Pair]:
    """The pairs of a budget with few movements."""
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
    """Past balances in a ledger of 200,000 entries, compared with sums over the entries."""
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
    """A row of the table: both variants with their milliseconds, and the ratio."""
    first, second = in_turn(one, other, rounds)
    yield from (what, f"{first * 1000:.3f}", against, f"{second * 1000:.3f}")
    yield f"{first / second:.2g}" if first < second / 10 else f"{first / second:.2f}"


def in_turn(one: Work, other: Work, rounds: int) -> tuple[float, float]:
    """The median seconds of each, run alternately."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, durations in zip((one, other), times, strict=True):
            start = time.perf_counter()
            work()
            durations.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def sql_of_a_deposit(budget: Budget) -> list[str]:
    """The SELECT statements of a deposit, with their parameters."""
    with CaptureQueriesContext(connection) as captured:
        Movement.objects.deposit(budget, 1_000_00)
    return [query["sql"] for query in captured if query["sql"].startswith("SELECT")]


def replayed(statements: list[str]) -> Callable[[], None]:
    """A function that executes the statements and fetches their rows, without models."""

    def work() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                cursor.fetchall()

    return work


def bare_count() -> None:
    """Count the buckets with bare SQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM budgets_bucket")
        cursor.fetchall()


def sums(budget: Budget, seq: int) -> None:
    """Sum the entries of each bucket up to a movement with bare SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.bucket_id, sum(e.amount), max(m.seq) FROM budgets_entry e"
            " JOIN budgets_movement m ON m.tenant_id = e.tenant_id AND m.id = e.movement_id"
            " WHERE m.tenant_id = %s AND m.budget_id = %s AND m.seq <= %s GROUP BY e.bucket_id",
            [budget.tenant_id, budget.pk, seq],
        )
        cursor.fetchall()


def run(words: list[str]) -> None:
    """All benchmarks, or those of one name: `listings`, or `reading`, perhaps with a checkout."""
    if not words:
        main()
    if words[:1] in ([], ["reading"]):
        Console(width=100).print(measured_reading(*words[1:]))
    if words[:1] in ([], ["listings"]):
        for measured_pages in (measured_listings, measured_people):
            Console(width=100).print(measured_pages())


if __name__ == "__main__":
    run(sys.argv[1:])
