"""Measure a page of each listing by each filter, with and without its indexes.

The scratch database has 200,000 rows of each model; a query returns about a hundred. For the
second variant every index with the column of the filter, except the primary key, is dropped in a
savepoint; EXPLAIN confirms it. Both variants run alternately, as role owner, in one
transaction. The minimum of each counts, because other load can only add time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rich.table import Table

from bench.crowd import MOST, QUESTIONS, Query, fill, rows_of
from tenants.context import acting_for
from tenants.listing.query import RESERVED, column_of, listing_of, search_of
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
    """The table of all queries; takes minutes."""
    columns = ("query", "with ms", "without ms", "ratio")
    table = Table("model", *columns, title=f"A page of 50 of {rows:,} rows")
    with scratch_database("bench_listings"):
        tenant = Tenant.objects.create_tenant("bench", "Bench")
        fill(tenant.pk, rows)
        for model, asked in every_question():
            statement = statement_of(tenant, model, asked)
            with as_owner(), acting_for(tenant):
                with_index, without = in_turn(statement, model, asked)
            filters = " ".join(
                key for key in asked if asked.keys() == {"budget"} or key != "budget"
            )
            times = (
                f"{with_index * 1000:.2f}",
                f"{without * 1000:.1f}",
                f"{without / with_index:.0f}",
            )
            table.add_row(model.__name__, filters, *times)
    return table


def every_question() -> Iterator[tuple[Any, Query]]:
    """Every query of every model."""
    for model, questions in QUESTIONS.items():
        for asked in questions:
            yield model, asked


def statement_of(tenant: Tenant, model: Any, asked: Query) -> str:
    """The SQL of the page, as role app sends it."""
    with acting_for(tenant), CaptureQueriesContext(connection) as captured:
        rows_of(model).page(asked, limit=50)
    [query] = captured.captured_queries
    return str(query["sql"])


def in_turn(statement: str, model: Any, asked: Query) -> tuple[float, float]:
    """The minimum seconds of the statement with and without the indexes, run alternately."""
    indexes = dict(indexes_of(model, asked))
    if "search" not in asked and not used(statement) & indexes.keys():
        raise RuntimeError(f"{model} {asked}: the plan uses none of its indexes")
    with_index, without = [], []
    for _ in range(ROUNDS):
        with_index += [seconds(statement) for _ in range(4)]
        with dropped(model, indexes):
            if used(statement) & indexes.keys():
                raise RuntimeError(f"{model} {asked}: the plan still uses its index")
            without.append(seconds(statement))
    return min(with_index), min(without)


def indexes_of(model: Any, asked: Query) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """The indexes with a column of the filters, each with its table and its constraint or None."""
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
    """Run the block without the indexes."""
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
    """The indexes in the plan of the statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        [(plan,)] = cursor.fetchall()
    return set(_index_names(plan))


def _index_names(plan: Any) -> Iterator[str]:
    if isinstance(plan, dict):
        yield from [plan["Index Name"]] if "Index Name" in plan else []
    for part in plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ():
        yield from _index_names(part)


def seconds(statement: str) -> float:
    """The seconds of the second of two runs, including the fetch."""
    with connection.cursor() as cursor:
        for _ in range(2):
            start = time.perf_counter()
            cursor.execute(statement)
            cursor.fetchall()
    return time.perf_counter() - start
