"""How PostgreSQL finds a page of a long ledger: asked of the plan, not of the clock."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from budgets.models import Entry
from tests.factories import BucketFactory

pytestmark = pytest.mark.usefixtures("own_database")

LEDGER = """
INSERT INTO budgets_movement (id, tenant_id, created_at, updated_at, budget_id, seq, kind, amount,
    external, lines, effective_at, recorded_at, request_id, memo, metadata, request_hash, source)
SELECT uuidv7(), %(tenant)s, now(), now(), %(budget)s, n, 'deposit', 2, 2, 2, at, at, '', '', '{}',
    '-', ''
FROM (SELECT n, timestamptz '2020-01-01Z' + n * interval '1 hour' AS at
      FROM generate_series(1, 10000) AS n) AS movements;
ANALYZE budgets_movement;
INSERT INTO budgets_entry (id, tenant_id, created_at, updated_at, movement_id, position, bucket_id,
    seq, amount, balance_before, balance_after, reason, became_full)
SELECT uuidv7(), tenant_id, now(), now(), id, n, (%(buckets)s::uuid[])[n], seq, 1, seq - 1, seq,
    'filter', false
FROM budgets_movement, generate_series(1, 2) AS n
WHERE tenant_id = %(tenant)s AND budget_id = %(budget)s;
ANALYZE budgets_movement, budgets_entry, budgets_bucket
"""


class TestPlan:
    """PostgreSQL, as role app, on a ledger of 20,000 entries that is rolled back."""

    @pytest.fixture
    def rent(self, budget):
        rent = BucketFactory(budget=budget)
        buckets = [rent.pk, budget.buckets.money().pk]
        said = {"tenant": budget.tenant_id, "budget": budget.pk, "buckets": buckets}
        with connection.cursor() as cursor:
            cursor.execute(LEDGER, said)
        yield rent
        transaction.set_rollback(True)

    def test_walks_indexes_and_reads_no_more_than_the_page(self, budget, rent):
        day = {"from": datetime(2020, 3, 1, tzinfo=UTC), "to": datetime(2020, 3, 2, tzinfo=UTC)}
        middle = Cursor(5_000, 1)
        walked = {"budgets_movement_seq_once", "budgets_entry_position_once"}
        of_bucket = {"budgets_entry_seq_once", "budgets_movement_pkey"}
        for used, asked in (
            (walked, {}),
            (walked, {"after": middle}),
            (walked, {"before": middle}),
            (of_bucket, {"bucket": rent}),
            (of_bucket, {"bucket": rent, "after": middle}),
            (of_bucket, {"bucket": rent, "before": middle}),
            ({"budgets_movement_effective"}, {f"effective_{at}": day[at] for at in day}),
            ({"budgets_movement_recorded"}, {f"recorded_{at}": day[at] for at in day}),
        ):
            nodes = explained(budget, **asked)

            indexes = {node.get("Index Name") for node in nodes}
            assert used <= indexes, (asked, indexes)
            assert "Seq Scan" not in {node["Node Type"] for node in nodes}, asked
            assert max(node["Actual Rows"] * node["Actual Loops"] for node in nodes) < 300, asked
            assert sum(node.get("Rows Removed by Filter", 0) for node in nodes) < 10, asked


def explained(budget, **asked):
    """The plan of a page's statement, node by node, as it really ran; but for the few buckets."""
    with CaptureQueriesContext(connection) as captured:
        assert Entry.objects.page(budget, limit=50, **asked).rows
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("app",)
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {captured.captured_queries[-1]['sql']}")
        [(answer,)] = cursor.fetchall()
    [plan] = answer if isinstance(answer, list) else json.loads(answer)
    nodes = nodes_of(plan["Plan"])
    return [node for node in nodes if node.get("Relation Name") != "budgets_bucket"]


def nodes_of(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)
