"""How PostgreSQL finds a page of a long ledger, and what buckets held.

Asked of the plan, not of the clock.
"""

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.ledger import fill
from budgets.managers.reads.pages import Cursor
from budgets.models import Budget, Entry
from tests.factories import BucketFactory

pytestmark = pytest.mark.usefixtures("own_database")


class TestPlan:
    """PostgreSQL, as role app, on a ledger of 20,000 entries that is rolled back."""

    @pytest.fixture
    def rent(self, budget):
        rent = BucketFactory(budget=budget)
        fill(budget, [rent.pk, budget.buckets.money().pk], movements=10_000)
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

    @pytest.mark.parametrize("seq", [1, 40, 5_000, 9_960, 10_000])
    @pytest.mark.parametrize("order", ["seq", "recorded"])
    def test_probes_an_index_once_for_each_bucket_to_tell_past_balances(
        self, budget, rent, order, seq
    ):
        asked = {"seq": seq, "recorded": budget.movements.get(seq=seq).recorded_at}[order]
        with planned() as nodes:
            told = Budget.objects.balances_at(budget, **{order: asked})

        assert (told.seq, told.total) == (seq, 2 * seq)
        [entries] = [node for node in nodes if node.get("Relation Name") == "budgets_entry"]
        movements = [node for node in nodes if node.get("Relation Name") == "budgets_movement"]
        assert entries["Index Name"] == "budgets_entry_place"
        assert (entries["Actual Loops"], entries["Actual Rows"]) == (2, 1)
        assert {node["Index Name"] for node in movements} <= {"budgets_movement_recorded"}
        assert sum(node["Actual Rows"] * node["Actual Loops"] for node in movements) <= 2
        assert not any(node.get("Rows Removed by Filter") for node in [entries, *movements])


def explained(budget, **asked):
    """The plan of a page's statement, node by node, as it really ran; but for the few buckets."""
    with planned() as nodes:
        assert Entry.objects.page(budget, limit=50, **asked).rows
    return [node for node in nodes if node.get("Relation Name") != "budgets_bucket"]


@contextmanager
def planned():
    """The plan, as role app, of the last statement that the block sends; after the block."""
    nodes: list[dict[str, Any]] = []
    with CaptureQueriesContext(connection) as captured:
        yield nodes
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("app",)
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {captured.captured_queries[-1]['sql']}")
        [(answer,)] = cursor.fetchall()
    [plan] = answer if isinstance(answer, list) else json.loads(answer)
    nodes.extend(nodes_of(plan["Plan"]))


def nodes_of(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)
