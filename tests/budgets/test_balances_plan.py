"""How PostgreSQL finds what buckets held: asked of the plan, not of the clock."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench.ledger import fill
from budgets.models import Budget
from tests.factories import BucketFactory
from tests.tenants.listing.test_plans import explained

pytestmark = pytest.mark.usefixtures("own_database")


@pytest.fixture
def rent(budget):
    """A bucket of a ledger of 20,000 entries that is rolled back."""
    rent = BucketFactory(budget=budget)
    fill(budget, [rent.pk, budget.buckets.money().pk], movements=10_000)
    yield rent
    transaction.set_rollback(True)


@pytest.mark.parametrize("seq", [1, 40, 5_000, 9_960, 10_000])
@pytest.mark.parametrize("order", ["seq", "recorded"])
def test_probes_an_index_once_for_each_bucket_to_tell_past_balances(budget, rent, order, seq):
    asked = {"seq": seq, "recorded": budget.movements.get(seq=seq).recorded_at}[order]
    with CaptureQueriesContext(connection) as captured:
        told = Budget.objects.balances_at(budget, **{order: asked})
    nodes = explained(captured.captured_queries[-1]["sql"], "ANALYZE,")

    assert (told.seq, told.total) == (seq, 2 * seq)
    [entries] = [node for node in nodes if node.get("Relation Name") == "budgets_entry"]
    movements = [node for node in nodes if node.get("Relation Name") == "budgets_movement"]
    assert entries["Index Name"] == "budgets_entry_place"
    assert (entries["Actual Loops"], entries["Actual Rows"]) == (2, 1)
    assert {node["Index Name"] for node in movements} <= {"budgets_movement_recorded"}
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in movements) <= 2
    assert not any(node.get("Rows Removed by Filter") for node in [entries, *movements])


def test_is_asked_as_role_app(rent):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")

        assert cursor.fetchone() == ("app",)
