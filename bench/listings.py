"""A page of each listing by each filter, with its index and without it.

In a database of its own: 200,000 rows of each model, of which about a hundred are asked for.
Without: every index that holds the filter's column, but for the primary key, is dropped in a
savepoint, which EXPLAIN has to confirm, and the same statement is sent. Both are sent in turn, by
role owner, in one transaction; the quickest of each counts, for other work can only slow them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rich.table import Table

from bench.crowd import MOST, QUESTIONS, Asked, fill, listed
from tenants.context import acting_for
from tenants.listing.asked import RESERVED, column_of, listing_of, search_of
from tenants.models import Tenant
from tenants.postgres.base import as_owner
from tenants.testing import scratch_database

ROUNDS = 7

_INDEXES = """
SELECT i.indexrelid::regclass::text, c.conname
FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'
WHERE i.indrelid = %s::regclass AND a.attname = %s AND NOT i.indisprimary
"""


def measured_listings(rows: int = MOST) -> Table:
    """The table; it takes minutes."""
    columns = ("asked", "with ms", "without ms", "ratio")
    table = Table("model", *columns, title=f"A page of 50 of {rows:,} rows")
    with scratch_database("bench_listings"):
        tenant = Tenant.objects.create_tenant("bench", "Bench")
        fill(tenant.pk, rows)
        for model, asked in every_question():
            statement = statement_of(tenant, model, asked)
            with as_owner(), acting_for(tenant):
                there, gone = in_turn(statement, model, asked)
            named = " ".join(key for key in asked if asked.keys() == {"budget"} or key != "budget")
            took = (f"{there * 1000:.2f}", f"{gone * 1000:.1f}", f"{gone / there:.0f}")
            table.add_row(model.__name__, named, *took)
    return table


def every_question() -> Iterator[tuple[Any, Asked]]:
    """Each question of each model."""
    for model, questions in QUESTIONS.items():
        for asked in questions:
            yield model, asked


def statement_of(tenant: Tenant, model: Any, asked: Asked) -> str:
    """The statement of the page, as role app sends it."""
    with acting_for(tenant), CaptureQueriesContext(connection) as captured:
        listed(model).page(asked, limit=50)
    [query] = captured.captured_queries
    return str(query["sql"])


def in_turn(statement: str, model: Any, asked: Asked) -> tuple[float, float]:
    """The seconds of the statement with the indexes and without them, sent A B A B."""
    indexes = dict(indexes_of(model, asked))
    if "search" not in asked and not used(statement) & indexes.keys():
        raise RuntimeError(f"{model} {asked}: no index serves it")
    there, gone = [], []
    for _ in range(ROUNDS):
        there += [seconds(statement) for _ in range(4)]
        with dropped(model, indexes):
            if used(statement) & indexes.keys():
                raise RuntimeError(f"{model} {asked}: its index is still there")
            gone.append(seconds(statement))
    return min(there), min(gone)


def indexes_of(model: Any, asked: Asked) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """The indexes that hold what is filtered by: each with its table, and its constraint if any."""
    listing = listing_of(model)
    names = {key.partition("__")[0] for key in asked.keys() - RESERVED}
    if len(names) > 1 or "search" in asked:
        names.discard(listing.within or "")
    for name in names:
        field = column_of(model, listing.filters[name].of or name)
        holder = field.model if "__" in (listing.filters[name].of or name) else model
        with connection.cursor() as cursor:
            cursor.execute(_INDEXES, [holder._meta.db_table, field.column])
            for index, constraint in cursor.fetchall():
                yield index, (holder._meta.db_table, constraint)
    search = search_of(model)
    if "search" in asked and search is not None:
        yield search.name, ("", None)


@contextmanager
def dropped(model: Any, indexes: dict[str, tuple[str, str | None]]) -> Iterator[None]:
    """The block runs without the indexes."""
    with transaction.atomic(), connection.cursor() as cursor:
        for index, (table, constraint) in indexes.items():
            cursor.execute(
                f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"'
                if constraint
                else f"DROP INDEX {index}"
            )
        yield
        transaction.set_rollback(True)


def used(statement: str) -> set[str]:
    """The indexes of the statement's plan."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        [(plan,)] = cursor.fetchall()
    return set(_named(plan))


def _named(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        yield from [plan["Index Name"]] if "Index Name" in plan else []
    for part in plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ():
        yield from _named(part)


def seconds(statement: str) -> float:
    """How long the statement takes, its rows fetched, the second time."""
    with connection.cursor() as cursor:
        for _ in range(2):
            begun = time.perf_counter()
            cursor.execute(statement)
            cursor.fetchall()
    return time.perf_counter() - begun
