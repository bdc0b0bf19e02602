"""Searches find one tenant's rows, whatever is set, asked or called."""

import pytest
from django.db import connection, transaction

from examples.shop.models import Category, Order, Product
from tenants.context import acting_for, inspecting
from tenants.errors import TenantViolation
from tests.factories import UserFactory

FUNCTIONS = {
    "trigrams": ("shop_product_search", "%assam%", Product, {"search": "assam"}),
    "documents": (
        "shop_product_metadata",
        '{"leaf": 1}',
        Product,
        {"metadata__contains": {"leaf": 1}},
    ),
    "words": ("shop_order_words", "door", Order, {"search": "door"}),
}
each_search = pytest.mark.parametrize(
    ("function", "wanted", "model", "asked"), FUNCTIONS.values(), ids=FUNCTIONS
)


def stock_up(name="Assam", description="", metadata=None):
    return Product.objects.create(
        category=Category.objects.create(name="Tea"),
        name=name,
        description=description,
        price=1,
        metadata=metadata or {"leaf": 1},
    )


@pytest.fixture
def shops(tenant, other):
    """A product and an order that every search finds, in each of two tenants."""
    made = {}
    for each in (tenant, other):
        with acting_for(each):
            order = Order.objects.create(customer=UserFactory(), note="at the back door")
            made[each] = {Product: stock_up().pk, Order: order.pk}
    return made


def called(function, wanted):
    """What the function returns to role app."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("app",)
        cursor.execute(f"SELECT * FROM {function}(%s)", [wanted])
        return [row[0] for row in cursor.fetchall()]


def execute(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@each_search
class TestIsolation:
    def test_each_tenant_finds_its_own(self, function, wanted, model, asked, shops):
        for tenant, rows in shops.items():
            with acting_for(tenant):
                assert called(function, wanted) == [rows[model]]
                assert [row.pk for row in model.objects.listed(asked)] == [rows[model]]

    def test_nothing_is_found_outside_a_tenant(self, function, wanted, model, asked, shops):
        assert called(function, wanted) == []

    def test_nothing_is_found_when_the_setting_is_cleared(
        self, function, wanted, model, asked, shops, tenant
    ):
        with acting_for(tenant):
            execute("SET LOCAL app.tenant_id = ''")
            assert called(function, wanted) == []
            assert list(model.objects.listed(asked)) == []

    def test_a_query_made_for_one_tenant_finds_nothing_when_the_setting_is_switched(
        self, function, wanted, model, asked, shops, tenant, other
    ):
        with acting_for(tenant):
            execute("SELECT use_tenant(%s)", other.pk)
            assert called(function, wanted) == [shops[other][model]]
            assert list(model.objects.listed(asked)) == []

    def test_a_queryset_kept_past_its_block_finds_nothing_in_another(
        self, function, wanted, model, asked, shops, tenant, other
    ):
        with acting_for(tenant):
            kept = model.objects.listed(asked)

        with acting_for(other):
            assert list(kept) == []

    def test_rows_deleted_softly_stay_hidden(self, function, wanted, model, asked, shops, tenant):
        with acting_for(tenant):
            Product.objects.all().delete()
            deleted = {Product: [], Order: [shops[tenant][Order]]}
            assert called(function, wanted) == [shops[tenant][model]]
            assert [row.pk for row in model.objects.listed(asked)] == deleted[model]
            if model is Product:
                assert Product.all_objects.listed(asked).deleted().count() == 1

    def test_rows_that_the_queryset_hides_stay_hidden(
        self, function, wanted, model, asked, shops, tenant
    ):
        with acting_for(tenant):
            hidden = model.objects.exclude(pk=shops[tenant][model])
            assert called(function, wanted) != []
            assert list(hidden.listed(asked)) == []

    def test_inspecting_finds_the_rows_of_all_by_the_plain_condition(
        self, function, wanted, model, asked, shops
    ):
        with inspecting():
            found = {row.pk for row in model.objects.listed(asked)}

        assert found >= {rows[model] for rows in shops.values()}

    def test_inspector_may_not_call_the_function(self, function, wanted, model, asked, shops):
        with pytest.raises(TenantViolation), inspecting():
            execute(f"SELECT {function}(%s)", wanted)

    def test_rows_written_in_the_same_block_are_found(
        self, function, wanted, model, asked, shops, tenant
    ):
        with acting_for(tenant):
            [row] = model.objects.listed(asked)
            model.objects.filter(pk=row.pk).delete()
            assert list(model.objects.listed(asked)) == []
            transaction.set_rollback(True)


class TestTrigrams:
    @pytest.mark.parametrize(
        ("wanted", "found"),
        [("assam", 1), ("SSA", 1), ("gold leaf", 1), ("50%", 0), ("a_s", 0), ("%%%", 0), ("___", 0),
         ("100% ", 1), ("' OR '", 0), ("a\\b", 1),
         ("\\\\\\", 0), ("leaf\n", 1), ("élan", 1), ("ÉLAN", 1)],
    )  # fmt: skip
    def test_find_a_part_of_a_field_and_nothing_else(self, wanted, found, acting):
        stock_up("Assam", "Gold leaf, 100% a\\b élan")

        searched = Product.objects.listed({"search": wanted}).count()

        assert searched == found

    def test_find_the_same_while_inspecting(self, tenant):
        with acting_for(tenant):
            stock_up("100% Assam")
        with inspecting():
            mine = Product.objects.filter(tenant=tenant.pk)
            assert mine.listed({"search": "0% as"}).exists()
            assert not mine.listed({"search": "0_ as"}).exists()


class TestWords:
    @pytest.mark.parametrize(
        ("wanted", "found"),
        [("door", 1), ("DOOR back", 1), ("doo", 0), ('"back door"', 1), ('"door back"', 0),
         ("door -back", 0), ("window or door", 1), ("placed door", 1), ("'", 0),
         ("& | !", 0), ("-", 0)],
    )  # fmt: skip
    def test_are_found_as_the_web_searches(self, wanted, found, tenant):
        with acting_for(tenant):
            Order.objects.create(customer=UserFactory(), note="at the back door")
            assert Order.objects.listed({"search": wanted}).count() == found
        with inspecting():
            plain = Order.objects.filter(tenant=tenant.pk).listed({"search": wanted})
            assert plain.count() == found


class TestDocuments:
    @pytest.mark.parametrize(
        ("wanted", "found"),
        [({}, 1), ({"leaf": 1}, 1), ({"leaf": 2}, 0), ({"tags": ["a"]}, 1),
         ({"tags": ["a", "c"]}, 0), ({"leaf": True}, 0),
         ({"deep": {"er": None}}, 1), ({"deep": {}}, 1), ({"leaf": 1.0}, 1)],
    )  # fmt: skip
    def test_hold_what_is_asked_for(self, wanted, found, acting):
        stock_up(metadata={"leaf": 1, "tags": ["a", "b"], "deep": {"er": None}})

        assert Product.objects.listed({"metadata__contains": wanted}).count() == found
