"""Where the time of a deposit goes: by part of the client, and in the server.

The processor time of both is measured without a profile. Then a profile interrupts the client
after each millisecond of its processor time, and notes the innermost function that belongs to a
part.
"""

from typing import Any

import psycopg

from bench.performance import product, profile, reading
from bench.performance.client import Client
from bench.performance.measure import significant
from bench.performance.parts import limited
from bench.performance.setting import LIMIT, Setting

PARTS = {
    "SQL: compiling statements": "sql",
    "binding: the driver, values and rows": "binding",
    "models: instances and querysets": "models",
    "the cascade": "cascade",
    "the rest of the product": "product",
    "the rest of Django and Python": "other",
}
SERVER = "server: PostgreSQL's process"


def measured(where: Setting) -> dict[str, Any]:
    """The groups `share` and `cpu`."""
    count = where.sizes.profiled
    with where.client() as client, where.client(LIMIT) as bare:
        client(product.hold, where.pairs)
        bare(limited.hold, where.server.url("app", LIMIT), where.pairs)
        cpu = _cpu(where, client)
        cpu["deposit by the limit"] = bare(profile.cpu_of_limit, count)
        samples = client(profile.samples_of_deposits, count)
    ours = cpu["deposit"]
    total, taken = ours["client_ms"] + ours["server_ms"], sum(samples.values()) or 1
    rows = {
        name: ours["client_ms"] * samples.get(part, 0) / taken for name, part in PARTS.items()
    } | {SERVER: ours["server_ms"]}
    shares = {
        name: {"cpu_ms": significant(ms, 3), "share": round(ms / total, 4)}
        for name, ms in rows.items()
    }
    notes = [f"{count} deposits of 10 envelopes; {taken:,} samples of the client"]
    cpu_notes = ["processor time of each, on the client and in its process of the server"]
    return {
        "share": {"rows": shares, "notes": notes},
        "cpu": {"rows": cpu, "notes": cpu_notes},
    }


def _cpu(where: Setting, client: Client) -> dict[str, Any]:
    """The processor time of verbs and reads, and the log that a deposit writes."""
    count = where.sizes.profiled
    with where.server.connect() as admin:
        before = _log_position(admin)
        rows = {"deposit": client(profile.cpu_of_verb, "deposit", count)}
        written = _log_position(admin) - before
    rows["deposit"]["wal_bytes"] = round(written / (count + min(count, 10)))
    for verb in ("transfer", "withdraw"):
        rows[verb] = client(profile.cpu_of_verb, verb, count)
    tenant, budget = where.pairs[0]
    for name in reading.READS:
        rows[name] = client(profile.cpu_of_read, name, tenant, budget, count)
    return rows


def _log_position(admin: psycopg.Connection) -> int:
    """How many bytes the write-ahead log has."""
    [(position,)] = admin.execute(
        "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
    ).fetchall()
    return int(position)
