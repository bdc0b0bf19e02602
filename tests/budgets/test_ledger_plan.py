"""How PostgreSQL finds a page of a long ledger: asked of the plan, not of the clock."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.ledger import analyzable
from budgets.models import Entry
from tenants.listing.filters import filter_keys
from tenants.listing.query import listing_of
from tenants.postgres.base import as_owner
from tests.factories import BucketFactory
from tests.tenants.listing.test_plans import explained

pytestmark = pytest.mark.usefixtures("own_database")

LEDGER = """
INSERT INTO budgets_movement (id, tenant_id, created_at, updated_at, budget_id, seq, kind, amount,
    net_amount, entry_count, effective_at, recorded_at, request_id, memo, metadata, request_hash,
    source)
SELECT uuidv7(), %(tenant)s, now(), now(), %(budget)s, n,
    CASE WHEN n %% 500 = 0 THEN 'deposit_into' ELSE 'deposit' END, 2, 2, 2, at, at, '',
    'Salary no. ' || n, '{}', '-', CASE WHEN n %% 1000 = 0 THEN 'Employer' ELSE '' END
FROM (SELECT n, timestamptz '2020-01-01Z' + n * interval '1 hour' AS at
      FROM generate_series(1, 10000) AS n) AS movements;
ANALYZE budgets_movement;
INSERT INTO budgets_entry (id, tenant_id, created_at, updated_at, movement_id, position, bucket_id,
    seq, amount, balance_before, balance_after, reason, became_full)
SELECT uuidv7(), tenant_id, now(), now(), id, n, (%(buckets)s::uuid[])[n], seq,
    CASE WHEN seq %% 1000 = 0 THEN 7 ELSE 1 END, seq - 1,
    seq + CASE WHEN seq %% 1000 = 0 THEN 6 ELSE 0 END, 'filter', false
FROM budgets_movement, generate_series(1, 2) AS n
WHERE tenant_id = %(tenant)s AND budget_id = %(budget)s;
ANALYZE budgets_movement, budgets_entry, budgets_bucket
"""

FIRST, LAST = datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 3, 2, tzinfo=UTC)
LATE, EARLY = datetime(2021, 2, 20, tzinfo=UTC), datetime(2020, 1, 3, tzinfo=UTC)
WALKED = {"budgets_movement_seq_once", "budgets_entry_position_once"}

ASKED: list[tuple[set[str], dict[str, Any]]] = [
    (WALKED, {}),
    (WALKED, {"sort": "oldest"}),
    ({"budgets_movement_seq_once"}, {"seq": 4711}),
    ({"budgets_movement_seq_once"}, {"seq__gt": 9_990}),
    ({"budgets_movement_seq_once"}, {"seq__gte": 9_990}),
    ({"budgets_movement_seq_once"}, {"seq__lt": 10}),
    ({"budgets_movement_seq_once"}, {"seq__lte": 10}),
    ({"budgets_entry_bucket_once"}, {"bucket": "rent"}),
    ({"budgets_entry_bucket_once"}, {"bucket__in": ["rent"]}),
    ({"budgets_movement_kind"}, {"kind": "deposit_into"}),
    ({"budgets_movement_kind"}, {"kind__in": ["deposit_into", "withdraw"]}),
    ({"budgets_movement_effective"}, {"effective_at__gte": FIRST, "effective_at__lt": LAST}),
    ({"budgets_movement_effective"}, {"effective_at__gte": LATE}),
    ({"budgets_movement_effective"}, {"effective_at__lt": EARLY}),
    ({"budgets_movement_recorded"}, {"recorded_at__gte": FIRST, "recorded_at__lt": LAST}),
    ({"budgets_movement_recorded"}, {"recorded_at__gte": LATE}),
    ({"budgets_movement_recorded"}, {"recorded_at__lt": EARLY}),
    ({"budgets_entry_amount"}, {"amount": 7}),
    ({"budgets_entry_amount"}, {"amount__gt": 6}),
    ({"budgets_entry_amount"}, {"amount__gte": 7}),
    ({"budgets_entry_amount"}, {"amount__lt": 0}),
    ({"budgets_entry_amount"}, {"amount__lte": 0}),
]


def test_every_filter_of_the_ledger_is_here():
    asked = {key for _, mapping in ASKED for key in mapping} - {"sort"}

    assert asked | {"budget"} == set(filter_keys(listing_of(Entry).filters.items()))


class TestPlan:
    """PostgreSQL, as role app, on a ledger of 20,000 entries that is rolled back."""

    @pytest.fixture
    def rent(self, budget):
        rent = BucketFactory(budget=budget)
        buckets = [rent.pk, budget.buckets.money().pk]
        said = {"tenant": budget.tenant_id, "budget": budget.pk, "buckets": buckets}
        with analyzable(), connection.cursor() as cursor:
            cursor.execute(LEDGER, said)
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('budgets_movement_search')")
        yield rent
        transaction.set_rollback(True)

    def test_walks_indexes_and_reads_no_more_than_the_page(self, budget, rent):
        for used, asked in ASKED:
            named = {"budget": budget.pk} | {
                key: rent.pk if value == "rent" else [rent.pk] if value == ["rent"] else value
                for key, value in asked.items()
            }

            assert_served(named, None, used)

    def test_walks_them_in_the_midst_as_at_the_ends(self, budget, rent):
        for asked in ({}, {"bucket": rent.pk}):
            for sort in ("newest", "oldest"):
                named = {"budget": budget.pk, "sort": sort, **asked}
                page = Entry.objects.page(named)
                for _ in range(20):
                    page = Entry.objects.page(named, cursor=page.next, limit=300)

                for cursor in (page.next, page.previous):
                    assert_served(named, cursor, {"budgets_movement_seq_once"})

    @pytest.mark.parametrize(("text", "found"), [("NO. 4711", 2), ("employer", 20), ("nobody", 0)])
    def test_searches_by_the_index_within_the_function(self, text, found, budget, rent):
        asked = {"budget": budget.pk, "search": text}
        before = searches()

        nodes = plan(asked)

        assert searches() > before
        assert len(Entry.objects.page(asked).rows) == found
        [scan] = [node for node in nodes if "movement_id = ANY" in node.get("Index Cond", "")]
        assert scan["Index Name"] in {"budgets_entry_position_once", "budgets_entry_bucket_once"}
        assert scan["Actual Rows"] == found
        assert_lean(nodes)


def searches():
    """How often the index of the search was used in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_numscans('budgets_movement_search'::regclass)")
        [(scans,)] = cursor.fetchall()
    return scans


def assert_served(asked, cursor, used):
    """A page is found by the indexes, and nothing else is read."""
    nodes = plan(asked, cursor)
    indexes = {node.get("Index Name") for node in nodes}
    assert used <= indexes, (asked, indexes)
    assert_lean(nodes, asked)


def assert_lean(nodes, asked=None):
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}, asked
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in nodes) < 300, asked
    assert sum(node.get("Rows Removed by Filter", 0) for node in nodes) < 10, asked


def plan(asked, cursor=None):
    """The plan of a page's statement, node by node, as it really ran, as role app."""
    with CaptureQueriesContext(connection) as captured:
        Entry.objects.page(asked, limit=50, cursor=cursor)
    [statement] = captured.captured_queries
    with connection.cursor() as database:
        database.execute("SELECT current_user")
        assert database.fetchone() == ("app",)
    return explained(statement["sql"], "ANALYZE,")
