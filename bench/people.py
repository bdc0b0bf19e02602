"""A page of users, sessions and failed log-ins by each filter, with its index and without it.

In a database of its own: 200,000 rows of each, of which about fifty are asked for. Without: the
indexes that serve the question are dropped in a savepoint, and the same statement is sent. Both in
turn, A B A B, by role owner; what each has cost once is not counted.
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
"""Of so many rows one is what a question is about."""

_ID = "lpad(to_hex({}), 32, '0')::uuid"
_AT = "timestamptz '2020-01-01Z' + n * interval '1 minute'"
# The same times in another order: a walk along one column is no way to another's.
_SEEN = _AT.replace("n *", "(n * 7919 % 200000 + 1440) *")
_UNTIL = _AT.replace("n *", "(n * 6151 % 200000 + 20160) *")


def _if(remainder: int, then: str, otherwise: str) -> str:
    """For one row of RARE, and for the others."""
    return f"CASE n % {RARE} WHEN {remainder} THEN {then} ELSE {otherwise} END"


COLUMNS = {
    User: {
        "id": _ID.format("n"),
        "password": "'!'",
        "is_superuser": "false",
        "email": f"'Person' || n || {_if(2, "'@Sluice.example'", "'@Example.com'")}",
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
"""A queryset, what is asked of it, and the indexes of which one serves it."""


def questions(rows: int = ROWS) -> Iterator[Question]:
    """One question at least for each filter and operator, and for each search."""
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
    for listed, table in ((sessions, "usersession"), (failures, "loginfailure")):
        served = (f"tenants_{table}_ip",)
        yield listed, {"ip": "192.0.2.7"}, served
        yield listed, {"ip__in": ["192.0.2.7", "10.0.0.9"]}, served
    served = ("tenants_loginfailure_address",)
    yield failures, {"email": "Ana@example.com"}, served
    yield failures, {"email__in": ["ana@example.com", "person3@example.com"]}, served
    yield from _moments(failures, "at", ("tenants_loginfailure_time",), rows)


def _moments(
    rows: Any, name: str, served: tuple[str, ...], most: int, *, ago: int = 0
) -> Iterator[Question]:
    """The first and the last two hundred minutes; a time comes so many days after the row."""
    early = BEGIN + timedelta(days=ago, minutes=200)
    late = BEGIN + timedelta(days=ago, minutes=most - 200)
    for operator, moment in (("lt", early), ("lte", early), ("gt", late), ("gte", late)):
        yield rows, {f"{name}__{operator}": moment}, served


def fill(rows: int = ROWS) -> None:
    """Put the rows there, as the owner of the tables, without a history; analyze.

    In batches that keep within the statement timeout.
    """
    history = "ALTER TABLE tenants_user {} TRIGGER tenants_user_history"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no index is made while checks wait
        cursor.execute(history.format("DISABLE"))
        for model, columns in COLUMNS.items():
            table = model._meta.db_table
            with _made_anew(table):
                for first in range(1, rows + 1, BATCH):
                    last = min(first + BATCH - 1, rows)
                    cursor.execute(
                        f"INSERT INTO {table} ({', '.join(columns)}) SELECT"  # noqa: S608
                        f" {', '.join(columns.values())} FROM generate_series({first}, {last}) AS n"
                    )
            cursor.execute(f"ANALYZE {table}")
        cursor.execute(history.format("ENABLE"))


@contextmanager
def _made_anew(table: str) -> Iterator[None]:
    """The block runs without the table's plain indexes: made at the end, they cost half."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = %s::regclass AND NOT indisunique",
            [table],
        )
        indexes = dict(cursor.fetchall())
        cursor.execute(f"DROP INDEX {', '.join(indexes)}")
        yield
        for made in indexes.values():
            cursor.execute(made)


def measured_people(rows: int = ROWS) -> Table:
    """The table of the medians, in milliseconds; nothing stays."""
    columns = ("asked", "with ms", "without ms", "ratio")
    table = Table("model", *columns, title=f"A page of 50 of {rows:,} people: medians")
    with scratch_database("bench_people"), as_owner(), transaction.atomic():
        fill(rows)
        for listed, asked, indexes in questions(rows):
            there, gone = in_turn(statement_of(listed, asked), indexes)
            took = (f"{there * 1000:.2f}", f"{gone * 1000:.1f}", f"{gone / there:.0f}")
            table.add_row(listed.model.__name__, " ".join(asked), *took)
    return table


def statement_of(listed: Any, asked: dict[str, Any]) -> str:
    """The one statement of a page."""
    with CaptureQueriesContext(connection) as captured:
        listed.page(asked, limit=50)
    [query] = captured.captured_queries
    return str(query["sql"])


def in_turn(statement: str, indexes: tuple[str, ...]) -> tuple[float, float]:
    """The median seconds of the statement with the indexes and without them."""
    there, gone = [], []
    for _ in range(ROUNDS):
        there.append(seconds(statement))
        with dropped(indexes):
            gone.append(seconds(statement))
    return statistics.median(there), statistics.median(gone)


@contextmanager
def dropped(indexes: tuple[str, ...]) -> Iterator[None]:
    """The block runs without the indexes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS " + ", ".join(indexes))
        yield
        transaction.set_rollback(True)


def seconds(statement: str) -> float:
    """How long the statement takes, its rows fetched: the best of three, after a first time."""
    took = []
    with connection.cursor() as cursor:
        for _ in range(4):
            begun = time.perf_counter()
            cursor.execute(statement)
            cursor.fetchall()
            took.append(time.perf_counter() - begun)
    return min(took[1:])
