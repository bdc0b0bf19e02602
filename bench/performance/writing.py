"""The statement with which bare SQL writes a whole deposit: see `bench.performance.raw`."""

import psycopg

from bench.performance.limit import ENTRY, MOVEMENT, TABLES, columns_of
from bench.performance.server import BenchServer

WRITE = """
WITH movement AS (
    INSERT INTO budgets_movement ({movement_columns}) SELECT {movement_values}
    FROM (SELECT %(id)s::uuid AS new_id, %(tenant)s::uuid AS for_tenant,
        %(budget)s::uuid AS in_budget, %(seq)s::bigint AS number, %(amount)s::bigint AS arriving,
        %(key)s::text AS with_key, %(buckets)s::uuid[] AS buckets, now() AS moment) AS given
), moved AS (
    UPDATE budgets_bucket AS b
    SET balance = b.balance + part.amount, last_entry_seq = b.last_entry_seq + 1,
        updated_at = now()
    FROM unnest(%(buckets)s::uuid[], %(amounts)s::bigint[], %(reasons)s::text[],
        %(fills)s::boolean[])
        WITH ORDINALITY AS part (bucket_id, amount, reason, became_full, position)
    WHERE b.tenant_id = %(tenant)s AND b.id = part.bucket_id
    RETURNING part.*, old.balance AS balance_before, new.balance AS balance_after,
        new.last_entry_seq AS seq
)
INSERT INTO budgets_entry ({entry_columns}) SELECT {entry_values}
FROM moved, (SELECT %(id)s::uuid AS new_id, %(tenant)s::uuid AS for_tenant,
    %(seq)s::bigint AS number, %(amount)s::bigint AS arriving, now() AS moment) AS given
"""


def text(server: BenchServer, database: str) -> str:
    """The statement for the columns that the tables of the database have."""
    with server.connect("owner", database) as owner:
        return _text(owner)


def _text(owner: psycopg.Connection) -> str:
    movement = columns_of(owner, TABLES[2], MOVEMENT)
    entry = columns_of(owner, TABLES[3], ENTRY)
    return WRITE.format(
        movement_columns=", ".join(movement),
        movement_values=", ".join(movement.values()),
        entry_columns=", ".join(entry),
        entry_values=", ".join(entry.values()),
    )
