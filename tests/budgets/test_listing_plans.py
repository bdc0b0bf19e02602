"""What is asked of the tenants' models uses an index: asked of the plan, as role app.

On 200,000 rows of each by `make test-slow`, on a tenth of them by `make test`.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.crowd import COLUMNS, MOST, QUESTIONS, fill, rows_of
from budgets.models import Entry
from tenants.checks.btrees import indexes_for_filter, indexes_for_sort
from tenants.context import acting_for
from tenants.listing.filters import filter_keys
from tenants.listing.query import RESERVED, listing_of, search_of, sort_from
from tests.factories import TenantFactory
from tests.tenants.listing.questions import LISTED
from tests.tenants.listing.test_plans import explained

pytestmark = [pytest.mark.usefixtures("own_database"), pytest.mark.timeout(300)]

OTHERWISE = {"Budget", "Product", "Order"}
"""ListingQuery in test_budget_plans, and in tests/tenants/listing/test_plans."""


@pytest.fixture(
    scope="module", params=[MOST // 10, pytest.param(MOST, marks=pytest.mark.slow)], ids=str
)
def crowd(request, own_database, django_db_blocker):
    """A tenant with so many rows of each model; beside it is one with fewer."""
    with django_db_blocker.unblock():
        tenant = TenantFactory()
        fill(tenant.pk, request.param)
        return tenant


def test_every_listing_is_asked_by_all_it_declares():
    asked = {
        model: {key for question in QUESTIONS[model] for key in question} - {"sort"}
        for model in COLUMNS
    }

    assert {model.__name__ for model in LISTED} == {
        *OTHERWISE,
        *(model.__name__ for model in COLUMNS),
    }
    for model, keys in asked.items():
        search = {"search"} if listing_of(model).search else set()
        assert keys == set(filter_keys(listing_of(model).filters.items())) | search


ASKED = [(model, asked) for model, questions in QUESTIONS.items() for asked in questions]


@pytest.mark.parametrize(
    ("model", "asked"), ASKED, ids=[f"{model.__name__}-{'-'.join(asked)}" for model, asked in ASKED]
)
def test_a_question_reads_little_more_than_its_answer(model, asked, crowd, committed):
    with acting_for(crowd):
        nodes, searches = plan(model, asked)

    used = {node["Index Name"] for node in nodes if "Index Name" in node}
    for key in asked.keys() - RESERVED:
        if len(asked) == 1 or key != "budget":
            assert used & served_by(model, key), (key, used)
    assert ("search" in asked) <= (searches > 0)
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    assert max(node["Actual Rows"] * node["Actual Loops"] for node in nodes) <= 450
    assert sum(node.get("Rows Removed by Filter", 0) for node in nodes) <= 300


def served_by(model, key):
    """The indexes any of which would serve a filter."""
    name, _, operator = key.partition("__")
    path = listing_of(model).filters[name].of or name
    return {
        index for each in indexes_for_filter(model, path, operator or "exact") for _, index in each
    }


SORTS = [(model, sort) for model in COLUMNS for sort in listing_of(model).sorts]


@pytest.mark.parametrize(
    ("model", "sort"), SORTS, ids=[f"{model.__name__}-{sort}" for model, sort in SORTS]
)
def test_a_page_is_a_walk_along_the_index_of_its_sort(model, sort, crowd, committed):
    asked = {"sort": sort} | ({"budget": QUESTIONS[Entry][0]["budget"]} if model is Entry else {})
    walked = indexes_for_sort(model, sort_from(sort, listing_of(model).sorts[sort]))
    with acting_for(crowd):
        second = rows_of(model).page(asked, cursor=rows_of(model).page(asked).next)
        plans = [plan(model, asked, cursor) for cursor in (None, second.next, second.previous)]

    for nodes, _ in plans:
        used = {
            (each["Relation Name"], each["Index Name"]) for each in nodes if "Index Name" in each
        }
        first, *ways = ({(holder._meta.db_table, name) for holder, name in each} for each in walked)
        assert used & first
        for way in ways:  # any index by the key will do where few rows lead to one
            assert dict(used).keys() >= dict(way).keys()
        assert {node["Node Type"] for node in nodes}.isdisjoint({"Seq Scan", "Sort"})
        assert max(node["Actual Rows"] * node["Actual Loops"] for node in nodes) <= 60


def plan(model, asked, cursor=None):
    """The plan of a page of 50 as it really ran, and how often the search's index was used."""
    search = search_of(model)
    with connection.cursor() as database:
        database.execute("SELECT current_user")
        assert database.fetchone() == ("app",)
        before = scans(database, search)
        with CaptureQueriesContext(connection) as captured:
            assert len(rows_of(model).page(asked, limit=50, cursor=cursor).rows) > 0
        [statement] = captured.captured_queries
        return explained(statement["sql"], "ANALYZE,"), scans(database, search) - before


def scans(database, search):
    """How often the index of a search was used in this transaction."""
    if search is None:
        return 0
    database.execute("SELECT pg_stat_get_xact_numscans(%s::regclass)", [search.name])
    [(found,)] = database.fetchall()
    return found
