"""More tenants, or a longer ledger: copies of rows of one tenant.

The columns come from the catalog. The superuser copies, without triggers and foreign keys; the
copies of hashes are those of their originals, so nothing may be audited afterwards.
"""

from uuid import UUID

import psycopg

from bench.performance.server import BenchServer

_COLUMNS = """
SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attgenerated = ''
ORDER BY 1, a.attnum
"""
GLOBAL = ("actor_id", "user_id", "owner_id", "tenant_id")
"""Columns whose ids stay when a budget is copied inside of its tenant."""
LEDGER = {
    "budgets_budget": "id = %(budget)s",
    "budgets_bucket": "budget_id = %(budget)s",
    "budgets_bucketversion": "budget_id = %(budget)s",
    "budgets_movement": "budget_id = %(budget)s",
    "budgets_entry": (
        "movement_id IN (SELECT id FROM budgets_movement"
        " WHERE tenant_id = %(tenant)s AND budget_id = %(budget)s)"
    ),
}
"""Table -> which of its rows belong to a budget."""


def copy_tenant(server: BenchServer, database: str, tenant: UUID, count: int) -> list[UUID]:
    """Copy all rows of a tenant for so many new tenants: their ids."""
    with _copying(server, database) as admin:
        for table, columns in _tables(admin).items():
            if "tenant_id" in columns or table == "tenants_tenant":
                _insert(admin, table, _for_tenant(table, columns), count, tenant=tenant)
        admin.execute("SET session_replication_role = origin")
        found = admin.execute(
            "SELECT md5('copy ' || n)::uuid FROM generate_series(1, %s) AS n", [count]
        ).fetchall()
    return [pk for (pk,) in found]


def copy_budget(server: BenchServer, database: str, tenant: UUID, budget: UUID, count: int) -> None:
    """Copy a budget with its ledger so many times inside of its tenant."""
    with _copying(server, database) as admin:
        tables = _tables(admin)
        for table in LEDGER:
            values = _for_budget(table, tables[table])
            _insert(admin, table, values, count, tenant=tenant, budget=budget)


def _copying(server: BenchServer, database: str) -> psycopg.Connection:
    admin = server.connect(database=database)
    admin.execute("SET session_replication_role = replica")
    return admin


def _tables(admin: psycopg.Connection) -> dict[str, dict[str, str]]:
    """Table -> column -> type."""
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in admin.execute(_COLUMNS).fetchall():
        tables.setdefault(table, {})[column] = kind
    return tables


def _insert(
    admin: psycopg.Connection, table: str, values: dict[str, str], count: int, **ids: UUID
) -> None:
    """Insert `count` copies of the rows of a table that belong to these ids."""
    own = "id = %(tenant)s" if table == "tenants_tenant" else "tenant_id = %(tenant)s"
    where = f"{own} AND {LEDGER[table]}" if "budget" in ids else own
    statement = (
        f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())}"  # noqa: S608
        f" FROM {table}, generate_series(1, %(count)s) AS n WHERE {where}"
    )
    admin.execute(statement.encode(), {**ids, "count": count})


def _for_tenant(table: str, columns: dict[str, str]) -> dict[str, str]:
    """The same values under the id of the nth copy; slugs and external ids are unique."""
    key = "id" if table == "tenants_tenant" else "tenant_id"
    new = {key: "md5('copy ' || n)::uuid", "slug": "slug || '-copy-' || n"}
    return {name: new.get(name, f'"{name}"') for name in columns}


def _for_budget(table: str, columns: dict[str, str]) -> dict[str, str]:
    """Other ids for the rows of the ledger; the name of the budget is unique."""
    values = {
        name: f"md5({name} || ' ' || n)::uuid" if kind == "uuid" and name not in GLOBAL else name
        for name, kind in columns.items()
    }
    values = {name: f'"{value}"' if value == name else value for name, value in values.items()}
    if table == "budgets_budget":
        values["name"] = "name || ' ' || n"
    return values
