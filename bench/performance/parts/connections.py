"""What a connection and a tenant's block cost, against a bare query on an open connection."""

from functools import partial
from typing import Any

from bench.performance import connecting
from bench.performance.measure import in_turn
from bench.performance.pooler import pooler
from bench.performance.setting import Setting

BASE = "SELECT 1 on an open connection"
CASES = {
    BASE: "bare",
    "SELECT 1 on an open connection, control": "bare",
    "connect, SELECT 1, close": "connect",
    "Django's cursor: SELECT 1": "cursor",
    "Django's pool: take, SELECT 1, put back": "pool",
    "empty tenant block": "block",
    "tenant block with SELECT 1": "block_query",
}


def measured(where: Setting) -> dict[str, Any]:
    """The group `connections`."""
    tenant, _ = where.pairs[0]
    with where.client() as client, pooler(where) as through:
        client(connecting.prepare, where.server.url(), through, tenant)
        names = dict(CASES)
        if through:
            names["pooler: SELECT 1 on an open connection"] = "pooler"
            names["pooler: connect, SELECT 1, close"] = "pooler_connect"
        cases = {
            name: partial(client, connecting.work_slice, work, where.seconds)
            for name, work in names.items()
        }
        rows = in_turn(cases, where.sizes.rounds, BASE)
    if not through:
        rows["pooler: not installed"] = {}
    note = "over the socket of one machine, without TLS; the pooler is pgbouncer by transaction"
    return {"connections": {"base": BASE, "rows": rows, "notes": [note]}}
