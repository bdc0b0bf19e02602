"""The deposit on longer ledgers and among more tenants, and what a row takes on the disk."""

from functools import partial
from typing import Any

from bench.performance import copies, product, storage
from bench.performance.measure import in_turn
from bench.performance.setting import BEFORE, LIMIT, SHORT, Setting

ENTRIES = 11
"""Entries of a deposit: ten envelopes and the money bucket."""
AT_MOST = 400
"""Budgets that a client works on."""


def measured(where: Setting) -> dict[str, Any]:
    """The groups `growth`, `storage` and `memory`."""
    databases = {"small": where.server.copy("bench_small", BEFORE)}
    databases |= _longer(where) | _wider(where)
    small = _size(where, databases["small"])
    names = {f"deposit, {small}": databases["small"]}
    names |= {f"deposit, {_size(where, each)}": each for each in list(databases.values())[1:]}
    clients = {name: where.client(database) for name, database in names.items()}
    for name, database in names.items():
        clients[name](product.hold, _budgets(where, database))
        where.server.settle(database)
    limit = where.limit(LIMIT)
    base = next(iter(names))
    cases = {
        name: partial(client, product.verb_slice, "deposit", where.seconds)
        for name, client in clients.items()
    }
    rows = in_turn({**cases, "limit, small database": partial(limit.slice, where.seconds)},
                   where.sizes.rounds, base)  # fmt: skip
    for client in clients.values():
        client.end()
    limit.close()
    longest, widest = [*databases.values()][len(where.sizes.entries)], [*databases.values()][-1]
    groups = storage.measured(where, longest, widest)
    for database in databases.values():
        where.server.drop(database)
    notes = ["the ratio is to the small database; the budgets are chosen from all tenants"]
    return {"growth": {"base": base, "rows": rows, "notes": notes}, **groups}


def _longer(where: Setting) -> dict[str, str]:
    """A database for each length of the ledger: copies of budgets of every tenant."""
    found = {}
    tenants = {tenant: budget for tenant, budget in where.pairs}
    here = len(where.pairs) * where.sizes.history * ENTRIES
    each = where.sizes.history * ENTRIES * len(tenants)
    for entries in where.sizes.entries:
        name = where.server.copy(f"bench_entries_{entries}", BEFORE)
        for tenant, budget in tenants.items():
            copies.copy_budget(where.server, name, tenant, budget, max(1, (entries - here) // each))
        found[f"{entries} entries"] = name
    return found


def _wider(where: Setting) -> dict[str, str]:
    """A database for each number of tenants: copies of one with a short ledger."""
    found = {}
    for tenants in where.sizes.more_tenants:
        name = where.server.copy(f"bench_tenants_{tenants}", BEFORE)
        copies.copy_tenant(where.server, name, where.model, tenants)
        found[f"{tenants} tenants"] = name
    return found


def _size(where: Setting, database: str) -> str:
    with where.server.connect(database=database) as admin:
        [(entries, tenants)] = admin.execute(
            "SELECT (SELECT count(*) FROM budgets_entry), (SELECT count(*) FROM tenants_tenant)"
        ).fetchall()
    return f"{entries:,} entries, {tenants:,} tenants"


def _budgets(where: Setting, database: str) -> list[Any]:
    """Budgets with a history, from as many tenants as possible."""
    with where.server.connect(database=database) as admin:
        return admin.execute(
            "SELECT tenant_id, id FROM budgets_budget WHERE last_movement_seq >= %s"
            " AND name LIKE 'Budget %%' ORDER BY md5(tenant_id || id::text) LIMIT %s",
            [min(SHORT, where.sizes.history), AT_MOST],
        ).fetchall()
