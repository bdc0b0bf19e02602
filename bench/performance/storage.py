"""What rows and connections take: bytes by table and index, rows of a tenant, memory."""

from collections.abc import Iterator
from typing import Any

import psutil

from bench.performance import product
from bench.performance.measure import significant
from bench.performance.setting import Setting

_SIZES = """
SELECT c.relname::text, c.reltuples::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid),
    (SELECT count(*) FROM pg_index AS i WHERE i.indrelid = c.oid)
FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.reltuples > 0
ORDER BY 1
"""
LEDGER = {"budgets_movement": "movement", "budgets_entry": "entry"}


def measured(where: Setting, longest: str, widest: str) -> dict[str, Any]:
    """The groups `storage` and `memory`, from the databases with most entries and most tenants."""
    rows = dict(_ledger(where, longest))
    rows["deposit of 10 envelopes: a movement, 11 entries"] = {"bytes": _deposit(rows)}
    count, taken = _tenant(where, widest)
    key = f"tenant with one budget of 10 envelopes: {count} rows with their indexes"
    rows[key] = {"bytes": round(taken)}
    notes = ["bytes of each row in a long ledger and among many tenants, after VACUUM"]
    return {
        "storage": {"rows": rows, "notes": notes},
        "memory": {"rows": _memory(where), "notes": ["resident and not shared, in bytes"]},
    }


def _sizes(admin: Any) -> list[Any]:
    admin.execute("VACUUM ANALYZE")
    return list(admin.execute(_SIZES).fetchall())


def _ledger(where: Setting, database: str) -> Iterator[tuple[str, dict[str, int]]]:
    """The bytes of a movement and of an entry, and of their indexes."""
    with where.server.connect(database=database) as admin:
        for table, tuples, heap, indexes, number in _sizes(admin):
            if name := LEDGER.get(table):
                yield f"{name}: row", {"bytes": round(heap / tuples)}
                yield f"{name}: its {number} indexes", {"bytes": round(indexes / tuples)}


def _tenant(where: Setting, database: str) -> tuple[int, float]:
    """How many rows a tenant without a ledger has, and their bytes."""
    count, taken = 0, 0.0
    with where.server.connect(database=database) as admin:
        sizes = _sizes(admin)
        find = "SELECT id FROM tenants_tenant WHERE slug = 'empty-0'"
        [(tenant,)] = admin.execute(find).fetchall()
        for table, tuples, heap, indexes, _ in sizes:
            mine = 0 if table in LEDGER else _rows_of(admin, table, tenant)
            count += mine
            taken += mine * (heap + indexes) / tuples
    return count, taken


def _deposit(rows: dict[str, Any]) -> int:
    """The bytes of a whole deposit."""
    movement, entry = (
        sum(row["bytes"] for name, row in rows.items() if name.startswith(f"{each}: "))
        for each in LEDGER.values()
    )
    return int(movement + 11 * entry)


def _rows_of(admin: Any, table: str, tenant: Any) -> int:
    """How many rows of the table belong to the tenant."""
    key = "id" if table == "tenants_tenant" else "tenant_id"
    has = admin.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s", [table, key]
    ).fetchone()
    if has is None or (key == "id" and table != "tenants_tenant"):
        return 0
    [(count,)] = admin.execute(
        f"SELECT count(*) FROM {table} WHERE {key} = %s".encode(),  # noqa: S608
        [tenant],
    ).fetchall()
    return int(count)


def _memory(where: Setting) -> dict[str, Any]:
    """The memory of a connection's process after a hundred deposits, and of a client."""
    servers, own = [], []
    for _ in range(where.sizes.connections):
        with where.client() as client:
            client(product.hold, where.pairs[:10])
            client(product.verb_slice, "deposit", 0.2)
            server, memory = client(memories)
            servers.append(server)
            own.append(memory)
    return {
        "a connection's process of PostgreSQL": {"bytes": sorted(servers)[len(servers) // 2]},
        "a process of the application": {"bytes": sorted(own)[len(own) // 2]},
    }


def memories() -> tuple[int, int]:
    """Bytes of this process's backend and of this process that no other process shares."""
    backend, own = psutil.Process(product.backend_pid()), psutil.Process()
    return tuple(  # type: ignore[return-value]
        int(significant(process.memory_full_info().uss)) for process in (backend, own)
    )
