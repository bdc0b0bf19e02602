"""What is asked of a listing of budgets uses an index, among 200,000 of one tenant."""

import pytest
from django.db import connection

from budgets.models import Budget
from tenants.context import acting_for
from tenants.postgres.base import as_owner
from tests.factories import MembershipFactory, TenantFactory
from tests.tenants.listing.warehouse import ROWS, plan_of

pytestmark = [pytest.mark.usefixtures("own_database"), pytest.mark.timeout(300)]

FILL = """
INSERT INTO budgets_budget (id, tenant_id, created_at, updated_at, name, owner_id, currency,
    exponent, version, last_movement_seq, deposited, withdrawn)
SELECT uuidv7(), %(tenant)s, now(), now(), 'Budget ' || n, (%(owners)s::uuid[])[n %% 100 + 1],
    'EUR', 2, 0, 0, 0, 0
FROM generate_series(%(first)s, %(last)s) AS n
"""


@pytest.fixture(scope="module")
def large(own_database, django_db_blocker):
    with django_db_blocker.unblock():
        tenant = TenantFactory()
        with acting_for(tenant):
            owners = [MembershipFactory().pk for _ in range(100)]
        for first in range(1, ROWS, 20_000):
            batch = {"tenant": tenant.pk, "owners": owners, "first": first}
            with acting_for(tenant), connection.cursor() as cursor:
                cursor.execute(FILL, batch | {"last": first + 19_999})
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("ANALYZE budgets_budget")
        return tenant, owners


@pytest.mark.parametrize(
    ("asked", "index", "rows"),
    [
        ({"owner": 0}, "budgets_budget_owner", 2_000),
        ({"owner__in": [0, 1]}, "budgets_budget_owner", 4_000),
        ({"search": "dget 19999"}, "budgets_budget_pkey", 11),
    ],
    ids=str,
)
def test_what_is_asked_uses_an_index(asked, index, rows, large, committed):
    tenant, owners = large
    named = {
        key: value if key == "search" else _owners(owners, value) for key, value in asked.items()
    }

    with acting_for(tenant):
        nodes = plan_of(Budget.objects.listed(named))

    assert nodes[0]["Actual Rows"] == rows
    assert {node["Index Name"] for node in nodes if "Index Name" in node} == {index}
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_a_page_is_a_walk_along_the_key(sort, large, committed):
    with acting_for(large[0]):
        page = Budget.objects.page(sort=sort, limit=200)
        nodes = plan_of(Budget.objects.listed({"sort": sort})[:200])

    assert len(page.rows) == 200
    [scan] = [node for node in nodes if "Index Name" in node]
    assert (scan["Index Name"], scan["Actual Rows"]) == ("budgets_budget_pkey", 200)


def _owners(owners, which):
    """Ids of owners, as a query string has them."""
    return str(owners[which]) if isinstance(which, int) else [str(owners[n]) for n in which]
