"""Fill a ledger of any length with SQL, in a transaction that is rolled back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

from budgets.models import Budget
from tenants.postgres.base import as_owner

_LEDGER = """
SET LOCAL statement_timeout = 0; -- role app's own is for one request
INSERT INTO budgets_movement (id, tenant_id, created_at, updated_at, budget_id, seq, kind, amount,
    net_amount, entry_count, effective_at, recorded_at, request_id, memo, metadata, request_hash,
    source)
SELECT uuidv7(), %(tenant)s, now(), now(), %(budget)s, n, 'deposit', %(entries)s, %(entries)s,
    %(entries)s, at, at, '', '', '{}', '-', ''
FROM (SELECT n, timestamptz '2020-01-01Z' + n * interval '1 hour' AS at
      FROM generate_series(1, %(movements)s) AS n) AS movements;
ANALYZE budgets_movement;
INSERT INTO budgets_entry (id, tenant_id, created_at, updated_at, movement_id, position, bucket_id,
    seq, amount, balance_before, balance_after, reason, became_full)
SELECT uuidv7(), tenant_id, now(), now(), id, n, (%(buckets)s::uuid[])[n], seq, 1, seq - 1, seq,
    'filter', false
FROM budgets_movement, generate_series(1, %(entries)s) AS n
WHERE tenant_id = %(tenant)s AND budget_id = %(budget)s;
ANALYZE budgets_movement, budgets_entry, budgets_bucket
"""


def fill(budget: Budget, buckets: Sequence[UUID], *, movements: int) -> None:
    """Insert `movements` deposits, an hour apart, each of 1 minor unit for each bucket.

    The balances of the buckets are not changed, so PostgreSQL would refuse a COMMIT.
    """
    with analyzable(), connection.cursor() as cursor:
        cursor.execute(
            _LEDGER,
            {
                "tenant": budget.tenant_id,
                "budget": budget.pk,
                "buckets": list(buckets),
                "entries": len(buckets),
                "movements": movements,
            },
        )


@contextmanager
def analyzable() -> Iterator[None]:
    """Within the block role app may ANALYZE the ledger, because no other role sees its new rows."""
    tables = "budgets_movement, budgets_entry, budgets_bucket"
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(f"GRANT MAINTAIN ON {tables} TO app")
    try:
        yield
    finally:
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute(f"REVOKE MAINTAIN ON {tables} FROM app")
