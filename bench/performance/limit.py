"""The limit: one hand-written function that does a whole deposit in one round trip.

It works on the product's own tables in a copy of the database: the same columns, foreign keys and
checks, and of the indexes the primary keys and one unique index for each key and each sequence.
There the triggers of the project are off, because they check after the fact what the function
does right by itself. A second copy keeps every index, to show what these cost.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from bench.performance.measure import Slice, slice_of
from bench.performance.server import BenchServer

SCHEMA = "bench_limit"
TABLES = ("budgets_budget", "budgets_bucket", "budgets_movement", "budgets_entry")
CALL = f"SELECT {SCHEMA}.deposit(%s, %s, %s, %s)"
STATED = (
    "in a copy of the database: the same tables, foreign keys and checks; the project's triggers"
    " off; of the indexes the primary keys and one unique index per key and sequence"
)

FUNCTION = """\
CREATE FUNCTION {schema}.deposit(for_tenant uuid, in_budget uuid, arriving bigint, with_key text)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER AS $function$
DECLARE
    new_id uuid := uuidv7();
    moment timestamptz := clock_timestamp();
    number bigint;
    bucket record;
    available bigint := arriving;
    wanted bigint;
    held bigint;
    kept bigint;
    buckets uuid[]; amounts bigint[]; reasons text[]; fills boolean[];
BEGIN
    UPDATE public.budgets_budget AS b
    SET last_movement_seq = b.last_movement_seq + 1, deposited = b.deposited + arriving,
        last_recorded_at = greatest(b.last_recorded_at, moment), updated_at = moment
    WHERE b.tenant_id = for_tenant AND b.id = in_budget AND b.archived_at IS NULL
    RETURNING b.last_movement_seq INTO STRICT number;
    FOR bucket IN
        SELECT b.id, b.kind, b.filter_flat, b.filter_share, b.hold_flat, b.hold_share, b.target,
            b.locked, b.balance
        FROM public.budgets_bucket AS b
        WHERE b.tenant_id = for_tenant AND b.budget_id = in_budget AND b.archived_at IS NULL
        ORDER BY b.priority NULLS LAST
    LOOP
        CONTINUE WHEN bucket.locked OR available = 0;
        wanted := least(available,
            coalesce(bucket.filter_flat, available * bucket.filter_share / 1000000, available));
        held := least(available,
            coalesce(bucket.hold_flat, available * bucket.hold_share / 1000000, 0));
        kept := greatest(wanted, held);
        IF bucket.target IS NOT NULL THEN
            kept := least(kept, greatest(bucket.target - bucket.balance, 0));
        END IF;
        CONTINUE WHEN kept = 0;
        buckets := buckets || bucket.id;
        amounts := amounts || kept;
        fills := fills || (bucket.balance + kept IS NOT DISTINCT FROM bucket.target);
        reasons := reasons || CASE WHEN bucket.kind = 'money' THEN 'remainder'
            WHEN kept < greatest(wanted, held) THEN 'capacity_limit'
            WHEN held > wanted THEN 'hold_floor' ELSE 'filter' END;
        available := available - kept;
    END LOOP;
    INSERT INTO public.budgets_movement ({movement_columns})
    VALUES ({movement_values});
    WITH moved AS (
        UPDATE public.budgets_bucket AS b
        SET balance = b.balance + part.amount, last_entry_seq = b.last_entry_seq + 1,
            updated_at = moment
        FROM unnest(buckets, amounts, reasons, fills)
            WITH ORDINALITY AS part (bucket_id, amount, reason, became_full, position)
        WHERE b.tenant_id = for_tenant AND b.id = part.bucket_id
        RETURNING part.*, old.balance AS balance_before, new.balance AS balance_after,
            new.last_entry_seq AS seq
    )
    INSERT INTO public.budgets_entry ({entry_columns})
    SELECT {entry_values} FROM moved;
    RETURN new_id;
END
$function$"""

MOVEMENT = {
    "id": "new_id",
    "tenant_id": "for_tenant",
    "created_at": "moment",
    "updated_at": "moment",
    "budget_id": "in_budget",
    "seq": "number",
    "kind": "'deposit'",
    "amount": "arriving",
    "net_amount": "arriving",
    "entry_count": "cardinality(buckets)",
    "effective_at": "moment",
    "recorded_at": "moment",
    "request_id": "''",
    "memo": "''",
    "metadata": "'{}'",
    "source": "''",
    "key": "with_key",
    "request_hash": "encode(sha256(convert_to(with_key, 'UTF8')), 'hex')",
}
ENTRY = {
    "id": "uuidv7()",
    "tenant_id": "for_tenant",
    "created_at": "moment",
    "updated_at": "moment",
    "movement_id": "new_id",
    "movement_seq": "number",
    **{
        name: f"moved.{name}"
        for name in (
            *("position", "bucket_id", "seq", "amount", "balance_before", "balance_after"),
            *("reason", "became_full"),
        )
    },
}
USUAL = {
    "bytea": "sha256(convert_to(new_id::text || arriving, 'UTF8'))",
    "text": "''",
    "character varying": "''",
    "boolean": "false",
    "jsonb": "'{}'",
    "uuid": "new_id",
    "timestamp with time zone": "moment",
}
"""What the function computes for a column that it does not know, by its type; numbers are 1."""

_COLUMNS = """
SELECT attname, format_type(atttypid, NULL), attnotnull AND NOT atthasdef FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""
_SPARE = """
SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, c.conname
FROM pg_index i
LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
    AND c.contype IN ('p', 'u')
JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = i.indnatts
WHERE i.indrelid = ANY (%s::regclass[]) AND NOT i.indisprimary
    AND NOT (i.indisunique AND a.attname IN ('key', 'seq'))
"""


def source(owner: psycopg.Connection) -> str:
    """The function for the columns that the tables have now."""
    movement, entry = columns_of(owner, TABLES[2], MOVEMENT), columns_of(owner, TABLES[3], ENTRY)
    return FUNCTION.format(
        schema=SCHEMA,
        movement_columns=_wrapped(movement),
        movement_values=_wrapped(movement.values()),
        entry_columns=_wrapped(entry),
        entry_values=_wrapped(entry.values()),
    )


def install(server: BenchServer, database: str, *, every_index: bool) -> str:
    """Create the function as role owner in a copy of the database; its source."""
    with server.connect("owner", database) as owner:
        for table in TABLES:
            name = sql.Identifier(table)
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
            # for bench.performance.raw
            owner.execute(sql.SQL("GRANT INSERT, UPDATE ON {} TO app").format(name))
        if not every_index:
            _drop_indexes(owner)
        text = source(owner)
        owner.execute(f"CREATE SCHEMA {SCHEMA}; GRANT USAGE ON SCHEMA {SCHEMA} TO app")
        owner.execute(text.encode())
        owner.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO app")
    return text


def remove(server: BenchServer, database: str) -> None:
    """Drop the function and its schema."""
    with server.connect("owner", database) as owner:
        owner.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _drop_indexes(owner: psycopg.Connection) -> None:
    """Drop what is neither a primary key nor the unique index of a key or a sequence."""
    for index, table, constraint in owner.execute(_SPARE, [list(TABLES)]).fetchall():
        owner.execute(
            f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"'.encode()
            if constraint
            else f"DROP INDEX {index}".encode()
        )


def columns_of(owner: psycopg.Connection, table: str, known: Mapping[str, str]) -> dict[str, str]:
    """Column -> value, of the columns that are known or must be given."""
    rows = owner.execute(_COLUMNS, [table]).fetchall()
    return {
        name: known.get(name) or USUAL.get(kind, "1")
        for name, kind, must_be_given in rows
        if name in known or must_be_given
    }


def _wrapped(words: Iterable[str], width: int = 88) -> str:
    """The words with commas, broken into lines."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) + 2 > width:
            lines.append(line + ",")
            line = ""
        line = f"{line}, {word}" if line else word
    return "\n        ".join([*lines, line])


class LimitClient:
    """A connection of role app that calls the function, prepared."""

    def __init__(self, url: str, pairs: list[tuple[UUID, UUID]], amount: int) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self._cursor = self.connection.cursor(binary=True)
        self._pairs, self._amount = pairs, amount

    def deposit(self, number: int) -> None:
        """A deposit with a key into one budget after the other."""
        tenant, budget = self._pairs[number * 7 % len(self._pairs)]
        values = (tenant, budget, self._amount, uuid4().hex)
        self._cursor.execute(CALL, values, prepare=True)
        self._cursor.fetchone()

    def slice(self, seconds: float) -> Slice:
        """One slice of deposits."""
        return slice_of(self.deposit, seconds)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
