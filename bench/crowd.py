"""Fill a tenant with many rows of each model, and the queries of their listings.

For a scratch database only: foreign keys of the rows point to missing rows. The ids are
`id_of(n)`, n from 1; each query matches one row in two thousand.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models

from budgets.models import (
    Bucket,
    BucketVersion,
    Entry,
    ImportProfile,
    Movement,
    Schedule,
    ScheduleRun,
    Statement,
    StatementLine,
)
from tenants.listing.query import search_of
from tenants.models import Change, Invitation, Membership, TenantModel
from tenants.postgres.base import as_owner

type Query = dict[str, Any]

MOST = 200_000
RARE = 2_000
"""One row in so many matches a query."""

BEGIN, FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC), date(2020, 1, 1)
AT = "timestamptz '2026-01-01Z' + n * interval '1 minute'"


def id_of(n: int) -> UUID:
    """The id of the nth row of a model."""
    return UUID(int=n)


def _id(n: str) -> str:
    return f"lpad(to_hex({n}), 32, '0')::uuid"


def _if(remainder: int, then: str, otherwise: str = "NULL") -> str:
    """SQL for one row in RARE, and for the others."""
    return f"CASE WHEN n % {RARE} = {remainder} THEN {then} ELSE {otherwise} END"


SMALL, LARGE = id_of(1), id_of(2)
"""The ids of a budget with one row in RARE, and of the budget with all other rows."""

_BUDGET = _if(1, _id("1"), _id("2"))

COLUMNS: dict[type[TenantModel], dict[str, str]] = {
    Movement: {
        "budget": _BUDGET,
        "seq": "n",
        "kind": f"CASE n % {RARE} WHEN 0 THEN 'withdraw' WHEN 1 THEN 'reversal' ELSE 'deposit' END",
        "net_amount": _if(0, "-1", "1"),
        "reverses": _if(1, _id("n")),
        "effective_at": AT,
        "recorded_at": AT,
        "memo": _if(2, "'Landlord'", "'Salary no. ' || n"),
    },
    Entry: {
        "movement": _id("n"),
        "bucket": _id(f"n % {2 * RARE}"),
        "seq": "n",
        "movement_seq": "n",
        "amount": f"CASE n % {2 * RARE} WHEN 0 THEN 7 WHEN 4 THEN -1 ELSE 1 END",
        "balance_before": "n",
        "balance_after": f"n + CASE n % {2 * RARE} WHEN 0 THEN 7 WHEN 4 THEN -1 ELSE 1 END",
        "reason": "'filter'",
    },
    Bucket: {
        "budget": _BUDGET,
        "name": _if(2, "'Holiday ' || n", "'Bucket ' || n"),
        "kind": "'envelope'",
        "priority": _if(1, "NULL", "n"),
        "filter_flat": "1",
        "locked": f"n % {RARE} = 0",
        "archived_at": _if(1, AT),
        "balance": "0",
    },
    BucketVersion: {
        "budget": _BUDGET,
        "bucket": _id("n % 20000"),
        "version": "n",
        "name": "'Bucket ' || n",
        "verb": "'rename'",
    },
    Statement: {
        "budget": _BUDGET,
        "sha256": "lpad(to_hex(n), 64, '0')",
        "name": _if(2, "'giro.ofx'", "'may ' || n || '.csv'"),
        "format": "'csv'",
        "currency": "'EUR'",
        "imported_at": _if(1, "NULL", AT),
        "undone_at": _if(0, AT),
    },
    StatementLine: {
        "statement": _id(f"n % {RARE}"),
        "number": "n",
        "identity": "'id' || n",
        "posted": f"date '2020-01-01' + n % {RARE}",
        "currency": "'EUR'",
        "description": _if(2, "'Refund'", "'Salary no. ' || n"),
        "status": _if(0, "'held'", "'new'"),
        "movement": _if(0, "NULL", _id("n")),
    },
    ImportProfile: {
        "budget": _BUDGET,
        "account": _if(2, "'NL91 ' || n", "'DE89 ' || n"),
        "format": "'csv'",
    },
    Schedule: {
        "budget": _BUDGET,
        "name": _if(2, "'Pension ' || n", "'Salary ' || n"),
        "rrule": "'FREQ=MONTHLY'",
        "time_zone": "'UTC'",
        "catch_up": "'all'",
        "paused_at": _if(0, AT),
        "next_due_at": _if(1, "NULL", AT),
    },
    ScheduleRun: {
        "schedule": _id(f"n % {RARE}"),
        "due_at": AT,
        "outcome": _if(0, "'missed'", "'deposited'"),
        "movement": _if(0, "NULL", _id("n")),
    },
    Membership: {
        "user": _id("n"),
        "role": _if(0, "'viewer'", "'editor'"),
        "deleted_at": _if(1, AT),
    },
    Invitation: {
        "email": _if(2, "'carpenter' || n || '@example.com'", "'guest' || n || '@example.com'"),
        "role": "'viewer'",
        "token_hash": "n::text",
        "expires_at": AT,
        "accepted_at": _if(0, AT),
    },
    Change: {
        "model": _if(0, "'tenants.membership'", "'budgets.budget'"),
        "row_id": _id(f"n % {RARE}"),
        "verb": "'update'",
        "actor": _id(f"n % {RARE}"),
        "created_at": AT,
    },
}
"""Model -> SQL of a column in the nth row, unless the default of `_usual` is enough."""


def _key(name: str, key: UUID) -> list[Query]:
    return [{name: key}, {f"{name}__in": [key]}]


def _text(name: str, text: str) -> list[Query]:
    return [{name: text}, {f"{name}__in": [text]}]


def _time(name: str) -> list[Query]:
    """A range of a hundred rows in the middle, which no scan in another order finds early."""
    return [{f"{name}__gte": SINCE, f"{name}__lt": UNTIL}]


SINCE, UNTIL = BEGIN + timedelta(minutes=4_000), BEGIN + timedelta(minutes=4_100)
DAYS = [FIRST_DAY + timedelta(days=n) for n in (7, 8)]

LEDGER: list[Query] = [
    {},
    *_key("bucket", id_of(8)),
    *_text("kind", "withdraw"),
    *_time("effective_at"),
    *_time("recorded_at"),
    {"seq": 4_712},
    {"seq__gt": 4_000, "seq__lt": 4_100},
    {"seq__gte": 4_000, "seq__lte": 4_100},
    {"amount": 7},
    {"amount__gt": 6},
    {"amount__gte": 7},
    {"amount__lt": 0},
    {"amount__lte": -1},
    {"search": "LANDLORD"},
]

QUESTIONS: dict[type[TenantModel], list[Query]] = {
    Movement: [
        *_key("budget", SMALL),
        *_text("kind", "withdraw"),
        *_time("effective_at"),
        *_time("recorded_at"),
        *_key("reverses", id_of(RARE + 1)),
        {"search": "LANDLORD"},
    ],
    Entry: [{"budget": LARGE, **asked} for asked in LEDGER],
    Bucket: [
        *_key("budget", SMALL),
        {"locked": "true"},
        {"closed": "true"},
        {"search": "OLIDA"},
    ],
    BucketVersion: [*_key("budget", SMALL), *_key("bucket", id_of(7))],
    Statement: [
        *_key("budget", SMALL),
        {"finished": "false"},
        {"undone": "true"},
        *_time("imported_at"),
        {"search": "GIRO"},
    ],
    StatementLine: [
        *_key("statement", id_of(7)),
        *_text("status", "held"),
        {"posted": DAYS[0]},
        {"posted__gte": DAYS[0], "posted__lt": DAYS[1]},
        *_key("movement", id_of(7)),
        {"search": "REFUND"},
    ],
    ImportProfile: [
        *_key("budget", SMALL),
        *_text("account", "NL91 2"),
        {"search": "NL91"},
    ],
    Schedule: [
        *_key("budget", SMALL),
        {"ongoing": "false"},
        {"paused": "true"},
        *_time("next_due_at"),
        {"search": "PENSION"},
    ],
    ScheduleRun: [
        *_key("schedule", id_of(7)),
        *_text("outcome", "missed"),
        *_time("due_at"),
        *_key("movement", id_of(7)),
    ],
    Membership: [*_key("user", id_of(7)), *_text("role", "viewer"), {"left": "true"}],
    Invitation: [{"accepted": "true"}, *_time("expires_at"), {"search": "CARPENTER"}],
    Change: [
        *_text("model", "tenants.membership"),
        *_key("row", id_of(7)),
        *_key("actor", id_of(7)),
        *_time("created_at"),
    ],
}
"""Model -> queries by every filter and the search; each returns few rows."""


def rows_of(model: Any) -> Any:
    """The manager to query: of members the one with former members."""
    return getattr(model, "all_objects", model.objects)


def fill(tenant_id: UUID, rows: int = MOST) -> None:
    """Insert the rows as role owner, without triggers and foreign keys, and analyze the tables."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for model, columns in COLUMNS.items():
            table = model._meta.db_table
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")  # while measured
            cursor.execute(_insert(model, columns), {"tenant": tenant_id, "rows": rows})
            if (search := search_of(model)) and search in model._meta.constraints:
                cursor.execute("SELECT gin_clean_pending_list(%s)", [search.name])
            cursor.execute(f"ANALYZE {table}")


def _insert(model: type[TenantModel], sql: Mapping[str, str]) -> str:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(sql.get(field.name, _usual(field)).replace("%", "%%") for field in fields)
    values = values.replace(":tenant", "%(tenant)s::uuid")
    rows = "generate_series(1, %(rows)s) AS n"
    return f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {values} FROM {rows}"  # noqa: S608


def _usual(field: Any) -> str:
    """SQL of a column whose value does not matter."""
    if field.name in ("id", "tenant"):
        return _id("n") if field.name == "id" else ":tenant"
    if field.null:
        return "NULL"
    by_kind = {
        models.ForeignKey: _id("1"),
        models.DateTimeField: AT,
        models.DateField: "date '2020-01-01'",
        models.TimeField: "time '12:00'",
        models.BooleanField: "false",
        models.JSONField: "'{}'",
        models.IntegerField: "1",
    }
    return next((sql for kind, sql in by_kind.items() if isinstance(field, kind)), "''")
