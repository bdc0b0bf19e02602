"""What PostgreSQL does with 200,000 rows of one tenant, asked of the plan and not of the clock."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from examples.shop.models import Category, Order, Product
from tenants.checks.btrees import indexes_for_filter, indexes_for_sort
from tenants.context import acting_for, tenancy
from tenants.listing.filters import filter_keys
from tenants.listing.pages import signer_of
from tenants.listing.query import declaration_of, listing_of, parse, search_of, sort_from
from tenants.postgres.base import as_owner
from tests.factories import TenantFactory
from tests.tenants.listing.warehouse import ROWS, fill, nodes_of, plan_of
from tests.tenants.schema import altered

pytestmark = [pytest.mark.usefixtures("own_database"), pytest.mark.timeout(300)]

EARLY, LATE = "2026-01-01T01:00:00Z", "2026-05-19T00:00:00Z"


@pytest.fixture(scope="module")
def warehouse(own_database, django_db_blocker):
    """The tenant with the 200,000 rows; beside it is one with a thousand."""
    with django_db_blocker.unblock():
        small, large = TenantFactory(), TenantFactory()
        fill(small, 1_000)
        fill(large)
        return large


@pytest.fixture
def inside(warehouse, committed):
    with acting_for(warehouse), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("app",)
        yield warehouse


def used(nodes):
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def scanned(nodes):
    return [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"]


FILTERS = {
    (Product, "name"): lambda: "tea 4711",
    (Product, "name__in"): lambda: ["tea 4711", "tea 42"],
    (Product, "name__startswith"): lambda: "tea 4711",
    (Product, "stock"): lambda: 4_711,
    (Product, "stock__in"): lambda: [4_711, 42],
    (Product, "stock__lt"): lambda: 10,
    (Product, "stock__lte"): lambda: 10,
    (Product, "stock__gt"): lambda: 4_990,
    (Product, "stock__gte"): lambda: 4_990,
    (Product, "category"): lambda: str(Category.objects.get(name="c7").pk),
    (Product, "category__in"): lambda: [str(Category.objects.get(name="c7").pk)],
    (Product, "created_at__gte"): lambda: LATE,
    (Product, "created_at__lt"): lambda: EARLY,
    (Product, "metadata__contains"): lambda: {"colour": "c4711"},
    (Order, "customer"): lambda: str(Order.objects.values_list("customer", flat=True)[0]),
    (Order, "status__in"): lambda: ["cancelled"],
    (Order, "placed_at__gte"): lambda: LATE,
    (Order, "placed_at__lt"): lambda: EARLY,
}


def test_every_filter_of_the_shop_is_here():
    declared = {
        (model, key)
        for model in (Product, Order)
        for key in filter_keys(listing_of(model).filters.items())
    }

    assert set(FILTERS) == declared


@pytest.mark.parametrize(
    ("model", "key"), FILTERS, ids=[f"{model.__name__}-{key}" for model, key in FILTERS]
)
def test_a_filter_uses_its_index(model, key, inside):
    name, _, operator = key.partition("__")

    nodes = plan_of(model.objects.listed({key: FILTERS[model, key]()}))

    assert 0 < nodes[0]["Actual Rows"] < ROWS / 20
    assert scanned(nodes) == []
    if operator != "contains":  # its index is used within the function: see below
        [scan] = [node for node in nodes if "Index Cond" in node]
        assert scan["Index Name"] in served_by(model, name, operator or "exact")
        assert model._meta.get_field(name).column in scan["Index Cond"]


def served_by(model, name, operator):
    """The indexes of a filter; where the database's collation is C, any serves a prefix."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT datcollate FROM pg_database WHERE datname = current_database()")
        [(collation,)] = cursor.fetchall()
    [served] = indexes_for_filter(model, name, "exact" if collation == "C" else operator)
    return {index for _, index in served}


def test_a_prefix_is_found_by_its_own_index_whatever_the_collation(warehouse, committed):
    again = "CREATE INDEX shop_product_name ON shop_product (tenant_id, name, id)"
    with altered("DROP INDEX shop_product_name", again), acting_for(warehouse):
        nodes = plan_of(Product.objects.listed({"name__startswith": "tea 4711"}))

    [scan] = [node for node in nodes if "Index Cond" in node]
    assert scan["Index Name"] == "shop_product_prefix"
    assert "~>=~" in scan["Index Cond"]


SORTS = [(model, sort) for model in (Product, Order) for sort in listing_of(model).sorts]


@pytest.mark.parametrize(("model", "sort"), SORTS)
def test_a_page_is_a_walk_along_the_index_of_its_sort(model, sort, inside):
    [walked] = indexes_for_sort(model, sort_from(sort, listing_of(model).sorts[sort]))
    first = model.objects.page(sort=sort)
    second = model.objects.page(sort=sort, cursor=first.next)
    for cursor, condition in ((None, None), (second.next, "ROW("), (second.previous, "ROW(")):
        nodes = page_plan(model, sort, cursor)

        [scan] = [node for node in nodes if "Index Name" in node]
        assert (model, scan["Index Name"]) in walked
        assert condition is None or condition in scan["Index Cond"]
        assert {node["Node Type"] for node in nodes} <= {"Limit", "Result", "Index Scan"}
        assert scan["Actual Rows"] <= 51
        assert scan.get("Rows Removed by Filter", 0) == 0


@pytest.mark.parametrize(("sort", "last"), [("expiring", "2026-12-31"), ("keeping", "2026-01-01")])
def test_a_page_of_rows_without_a_value_is_a_walk_too(sort, last, inside):
    """The last ten that have a day, and then those that have none."""
    [walked] = indexes_for_sort(Product, sort_from(sort, listing_of(Product).sorts[sort]))
    edge = Product.objects.filter(best_before=last).order_by("pk" if sort == "expiring" else "-pk")
    place = tuple(edge)[-11]
    across = Product.objects.page(sort=sort, cursor=cursor_at(place, sort), limit=50)
    assert [row.best_before is None for row in across.rows] == [False] * 10 + [True] * 40

    for cursor, statements in ((cursor_at(place, sort), 2), (across.next, 1), (across.previous, 1)):
        with CaptureQueriesContext(connection) as captured:
            Product.objects.page(sort=sort, cursor=cursor, limit=50)
        assert len(captured.captured_queries) == statements
        for query in captured.captured_queries:
            nodes = explained(query["sql"], "ANALYZE,")
            [scan] = [node for node in nodes if "Index Name" in node]
            assert (Product, scan["Index Name"]) in walked
            assert {node["Node Type"] for node in nodes} <= {"Limit", "Result", "Index Scan"}
            assert scan["Actual Rows"] <= 51
            assert scan.get("Rows Removed by Filter", 0) == 0


def cursor_at(row, sort):
    """The cursor of the page after a row."""
    asked = parse(declaration_of(Product), {"sort": sort}, {})
    signer = signer_of(asked, str(tenancy().tenant_id), Product._meta.label)
    return signer.sign_object([False, str(row.best_before), str(row.pk)])


def test_a_customers_orders_are_a_walk_too(inside):
    customer = str(Order.objects.values_list("customer", flat=True)[0])
    first = Order.objects.page({"customer": customer})

    nodes = page_plan(Order, "newest", first.next, customer=customer)

    [scan] = [node for node in nodes if "Index Name" in node]
    assert scan["Index Name"] == "shop_order_customer"
    assert scan["Actual Rows"] <= 51


def page_plan(model, sort, cursor, **asked):
    with CaptureQueriesContext(connection) as captured:
        assert model.objects.page(asked, sort=sort, cursor=cursor).rows
    [statement] = captured.captured_queries
    return explained(statement["sql"], "ANALYZE,")


def explained(statement, options=""):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options} FORMAT JSON) {statement}")
        [(answer,)] = cursor.fetchall()
    [plan] = json.loads(answer) if isinstance(answer, str) else answer
    return list(nodes_of(plan["Plan"]))


SEARCHES = {
    "trigrams": (Product, "shop_product_search", {"search": "JEELIN"}, "'%jeelin%'", 200),
    "words": (Order, "shop_order_words", {"search": "door d4711"}, "'door d4711'", 40),
    "documents": (
        Product,
        "shop_product_metadata",
        {"metadata__contains": {"colour": "c4711"}},
        """'{"colour": "c4711"}'""",
        40,
    ),
}
each_search = pytest.mark.parametrize(
    ("model", "name", "asked", "literal", "hits"), SEARCHES.values(), ids=SEARCHES
)


def test_every_search_of_the_shop_is_here():
    for model in (Product, Order):
        search = search_of(model)
        assert search is not None
        assert (model, search.name) in {case[:2] for case in SEARCHES.values()}


@each_search
def test_a_search_uses_its_index_within_the_function(
    model, name, asked, literal, hits, warehouse, committed
):
    before = index_scans(name)
    with acting_for(warehouse):
        nodes = plan_of(model.objects.listed(asked))

    assert index_scans(name) > before
    assert nodes[0]["Actual Rows"] == hits
    assert scanned(nodes) == []
    [scan] = [node for node in nodes if "Index Cond" in node]
    assert scan["Index Name"] == f"{model._meta.db_table}_pkey"
    assert "id = ANY" in scan["Index Cond"]


@each_search
def test_the_body_of_the_function_is_planned_with_the_index(
    model, name, asked, literal, hits, warehouse, committed
):
    [search] = [each for each in model._meta.constraints if each.name == name]
    condition = search.condition([model._meta.get_field(each) for each in search.fields])
    body = f"SELECT id FROM {model._meta.db_table} WHERE tenant_id = {{}} AND ({condition})"
    with as_owner():
        custom = explained(body.format(f"'{warehouse.pk}'").replace("wanted", literal))
        generic = explained(body.format("$1").replace("wanted", "$2"), "GENERIC_PLAN,")

    for nodes in (custom, generic):
        assert used(nodes) == {name}
        assert scanned(nodes) == []


def test_without_the_function_the_index_is_of_no_use_to_app(inside):
    nodes = plan_of(Product.objects.filter(name__contains="4711"))

    assert "shop_product_search" not in used(nodes)


def index_scans(name):
    """How often an index was used, when this connection has said all it knows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s", [name])
        [(scans,)] = cursor.fetchall()
    return scans
