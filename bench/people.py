"""Measure a page of users, sessions and failed log-ins by each filter, with and without indexes.

The scratch database has 200,000 rows of each; a query returns about fifty. For the second variant
the indexes of the query are dropped in a savepoint. Both variants run alternately, as role owner;
the first run of a statement does not count.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rich.table import Table

from tenants.models import LoginFailure, User, UserSession
from tenants.postgres.base import as_owner
from tenants.testing import scratch_database

ROWS, ROUNDS, BATCH = 200_000, 5, 50_000
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
RARE = 4_000
"""One row in so many matches a query."""

_ID = "lpad(to_hex({}), 32, '0')::uuid"
_AT = "timestamptz '2020-01-01Z' + n * interval '1 minute'"
# The same times in another order, so that an index on one column does not help with another.
_SEEN = _AT.replace("n *", "(n * 7919 % 200000 + 1440) *")
_UNTIL = _AT.replace("n *", "(n * 6151 % 200000 + 20160) *")


def _if(remainder: int, then: str, otherwise: str) -> str:
    """SQL for one row in RARE, and for the others."""
    return f"CASE n % {RARE} WHEN {remainder} THEN {then} ELSE {otherwise} END"


COLUMNS = {
    User: {
        "id": _ID.format("n"),
        "password": "'!'",
        "is_superuser": "false",
        # Rows that match "@sluice" sort near the beginning, but not first. So none of them is a
        # bound of the histogram, from which the planner would conclude that one row in a hundred
        # matches, and would walk through the index of the sort.
        "email": f"""CASE n % {RARE} WHEN 0 THEN 'A' WHEN 1 THEN 'B' WHEN 2 THEN 'C' ELSE '' END
            || 'Person' || n || {_if(2, "'@Sluice.example'", "'@Example.com'")}""",
        "first_name": _if(0, "'Ana'", "'First' || n"),
        "last_name": _if(1, "'Rivera'", "'Last' || n"),
        "avatar_url": "''",
        "email_verified": "true",
        "is_staff": "false",
        "created_at": _AT,
        "updated_at": _AT,
        "deleted_at": f"CASE n % 20 WHEN 3 THEN {_AT} + interval '1 day' END",
    },
    UserSession: {
        "id": _ID.format("n"),
        "session_key": "'key' || n",
        "session_data": "repeat('x', 200)",
        "user_id": _if(0, _ID.format("5"), f"CASE n % 10 WHEN 1 THEN {_ID.format('n')} END"),
        "ip": _if(1, "inet '192.0.2.7'", "inet '10.0.0.0' + n"),
        "user_agent": "''",
        "created_at": _AT,
        "last_seen_at": _SEEN,
        "expire_date": _UNTIL,
    },
    LoginFailure: {
        "id": _ID.format("n"),
        "email": _if(0, "'ana@example.com'", "'person' || n || '@example.com'"),
        "ip": _if(1, "inet '192.0.2.7'", "inet '10.0.0.0' + n"),
        "at": _AT,
    },
}

type Question = tuple[Any, dict[str, Any], tuple[str, ...]]
"""A queryset, the parameters of its page, and the indexes of which the plan uses one."""


def questions(rows: int = ROWS) -> Iterator[Question]:
    """At least one query for each filter and operator, and for each search."""
    active, every = User.objects.all(), User.all_objects.all()
    sessions, failures = UserSession.objects.all(), LoginFailure.objects.all()
    for name, words in (
        ("email", ("person4711@example.com", "PERSON42@example.com")),
        ("first_name", ("ana", "first4711")),
        ("last_name", ("rivera", "last4711")),
    ):
        served: tuple[str, ...] = (f"tenants_user_{name}", f"tenants_user_{name}_once")
        yield active, {name: words[0]}, served
        yield active, {f"{name}__in": list(words)}, served
    yield active, {"search": "rivera"}, ("tenants_user_search",)
    yield every, {"search": "@SLUICE"}, ("tenants_user_search",)
    yield from _moments(active, "created_at", ("tenants_user_created_at",), rows)
    yield from _moments(every, "deleted_at", ("tenants_user_deleted_at",), rows, ago=1)
    yield sessions, {"user": UUID(int=5)}, ("tenants_usersession_user",)
    yield sessions, {"user__in": [UUID(int=5), UUID(int=6)]}, ("tenants_usersession_user",)
    yield from _moments(sessions, "created_at", ("tenants_usersession_created",), rows)
    served = ("tenants_usersession_seen", "tenants_usersession_user")
    yield from _moments(sessions, "last_seen_at", served, rows, ago=1)
    yield from _moments(sessions, "expire_date", ("tenants_usersession_expires",), rows, ago=14)
    for queryset, table in ((sessions, "usersession"), (failures, "loginfailure")):
        served = (f"tenants_{table}_ip",)
        yield queryset, {"ip": "192.0.2.7"}, served
        yield queryset, {"ip__in": ["192.0.2.7", "10.0.0.9"]}, served
    served = ("tenants_loginfailure_address",)
    yield failures, {"email": "Ana@example.com"}, served
    yield failures, {"email__in": ["ana@example.com", "person3@example.com"]}, served
    yield from _moments(failures, "at", ("tenants_loginfailure_time",), rows)


def _moments(
    rows: Any, name: str, served: tuple[str, ...], most: int, *, ago: int = 0
) -> Iterator[Question]:
    """Queries for the first and last 200 minutes of a column that is `ago` days after the row."""
    early = BEGIN + timedelta(days=ago, minutes=200)
    late = BEGIN + timedelta(days=ago, minutes=most - 200)
    for operator, moment in (("lt", early), ("lte", early), ("gt", late), ("gte", late)):
        yield rows, {f"{name}__{operator}": moment}, served


def fill(rows: int = ROWS) -> None:
    """Insert the rows as role owner, without a history, and analyze the tables.

    Each batch stays within the statement timeout.
    """
    history = "ALTER TABLE tenants_user {} TRIGGER tenants_user_history"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # CREATE INDEX needs no pending checks
        cursor.execute(history.format("DISABLE"))
        for model, columns in COLUMNS.items():
            table = model._meta.db_table
            with _rebuilding_indexes(table):
                for first in range(1, rows + 1, BATCH):
                    last = min(first + BATCH - 1, rows)
                    cursor.execute(
                        f"INSERT INTO {table} ({', '.join(columns)}) SELECT"  # noqa: S608
                        f" {', '.join(columns.values())} FROM generate_series({first}, {last}) AS n"
                    )
            cursor.execute(f"ANALYZE {table}")
        cursor.execute(history.format("ENABLE"))


@contextmanager
def _rebuilding_indexes(table: str) -> Iterator[None]:
    """Run the block without the table's plain indexes; creating them at the end costs half."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisunique",
            [table],
        )
        indexes = dict(cursor.fetchall())
        cursor.execute(f"DROP INDEX {', '.join(indexes)}")
        yield
        for definition in indexes.values():
            cursor.execute(definition)


def measured_people(rows: int = ROWS) -> Table:
    """The table of the medians in milliseconds; rolled back."""
    columns = ("query", "with ms", "without ms", "ratio")
    table = Table("model", *columns, title=f"A page of 50 of {rows:,} people: medians")
    with scratch_database("bench_people"), as_owner(), transaction.atomic():
        fill(rows)
        for queryset, query, indexes in questions(rows):
            served, bare = in_turn(statement_of(queryset, query), indexes)
            times = (f"{served * 1000:.2f}", f"{bare * 1000:.1f}", f"{bare / served:.0f}")
            table.add_row(queryset.model.__name__, " ".join(query), *times)
    return table


def statement_of(queryset: Any, query: dict[str, Any]) -> str:
    """The SQL of a page."""
    with CaptureQueriesContext(connection) as captured:
        queryset.page(query, limit=50)
    [statement] = captured.captured_queries
    return str(statement["sql"])


def in_turn(statement: str, indexes: tuple[str, ...]) -> tuple[float, float]:
    """The median seconds of the statement with and without the indexes."""
    served, bare = [], []
    for _ in range(ROUNDS):
        served.append(seconds(statement))
        with dropped(indexes):
            bare.append(seconds(statement))
    return statistics.median(served), statistics.median(bare)


@contextmanager
def dropped(indexes: tuple[str, ...]) -> Iterator[None]:
    """Run the block without the indexes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS " + ", ".join(indexes))
        yield
        transaction.set_rollback(True)


def seconds(statement: str) -> float:
    """The minimum seconds of three runs after a first one, including the fetch."""
    durations = []
    with connection.cursor() as cursor:
        for _ in range(4):
            start = time.perf_counter()
            cursor.execute(statement)
            cursor.fetchall()
            durations.append(time.perf_counter() - start)
    return min(durations[1:])
