"""`python -m bench`: what the data-access layer costs over the SQL it sends, as ratios.

Every pair is measured in turn, A B A B, in one process and one transaction that is rolled back,
so that the speed of the machine cancels out and nothing stays. Medians of the rounds.
"""

import os
import statistics
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402  # after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from budgets.cascade import Claim, cascade  # noqa: E402
from budgets.models import Bucket, Budget, Movement  # noqa: E402
from tenants.context import acting_for  # noqa: E402
from tenants.models import Tenant  # noqa: E402

ROUNDS = 60


def main() -> None:
    """Measure, print a table, and leave no trace."""
    tenant_id = uuid7()
    with acting_for(tenant_id):
        Tenant(pk=tenant_id, slug="bench", name="Bench").save(force_insert=True)
        Console(width=100).print(measured(filled_budget(buckets=10)))
        transaction.set_rollback(True)


def filled_budget(buckets: int) -> Budget:
    """A budget whose every envelope takes a tenth of what arrives."""
    budget = Budget.objects.create_budget("Bench", "EUR")
    for number in range(buckets):
        Bucket.objects.create_bucket(budget, f"Bucket {number}", filter=Claim(share=100_000))
    return budget


def measured(budget: Budget) -> Table:
    """The ratios, each with the seconds of both sides."""
    table = Table("what", "milliseconds", "against", "milliseconds", "ratio", title="Medians")
    slots = [bucket.slot() for bucket in budget.buckets.envelopes()]
    statements = sql_of_a_deposit(budget)

    def deposit() -> None:
        Movement.objects.deposit(budget, 1_000_00)

    pairs: list[tuple[str, Callable[[], object], str, Callable[[], object]]] = [
        ("deposit, 10 buckets", deposit, "its reads and lock as bare SQL", replayed(statements)),
        ("deposit, 10 buckets", deposit, "cascade alone", lambda: cascade(1_000_00, slots)),
        ("count() by the manager", Bucket.objects.count, "count(*) as bare SQL", bare_count),
    ]
    for what, one, against, other in pairs:
        first, second = in_turn(one, other)
        milliseconds = (f"{seconds * 1000:.3f}" for seconds in (first, second))
        table.add_row(
            what, next(milliseconds), against, next(milliseconds), f"{first / second:.2f}"
        )
    return table


def in_turn(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """The median seconds of each, run A B A B."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
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


if __name__ == "__main__":
    main()
