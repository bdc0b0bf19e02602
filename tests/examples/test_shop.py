"""A domain on `tenants` alone does what shops do."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections, transaction

from examples.shop.errors import NotThatWay, OutOfStock
from examples.shop.managers import NEXT
from examples.shop.models import Category, Order, Product, StatusChange
from tenants.context import acting_for
from tenants.errors import ConstraintBroken, TenantViolation
from tenants.models import TenantSettings
from tenants.refusals import QuotaReached
from tests.factories import UserFactory


def together(tenant, works):
    """How many of the works were done, begun at once in threads; the others were refused."""
    begin = threading.Barrier(len(works), timeout=10)

    def work_of(work):
        try:
            with acting_for(tenant):
                begin.wait()
                work()
        except (NotThatWay, OutOfStock):
            return 0
        finally:
            connections.close_all()
        return 1

    with ThreadPoolExecutor(len(works)) as threads:
        return sum(threads.map(work_of, works))


def product(name="Assam", stock=10, price=4_50, category=None):
    category = category or Category.objects.ensure("Tea")
    return Product.objects.create(category=category, name=name, price=price, stock=stock)


def test_products_are_filtered_by_category_and_searched(acting):
    tea, cups = (Category.objects.create(name=name) for name in ("Tea", "Cups"))
    for name, category in (("Assam", tea), ("Darjeeling", tea), ("Assam cup", cups)):
        product(name, category=category)

    found = Product.objects.listed({"category": str(tea.pk), "search": "ASSA"})

    assert [each.name for each in found] == ["Assam"]


def test_products_are_counted_while_they_are_live(acting):
    TenantSettings.objects.change(quotas={"products": 1})
    tea = Category.objects.ensure("Tea")
    assam = Product.objects.offer(tea, "Assam", price=4_50)

    with pytest.raises(QuotaReached) as caught:
        Product.objects.offer(tea, "Sencha", price=6_00)
    assam.delete()

    assert Product.objects.offer(tea, "Sencha", price=6_00, stock=1).stock == 1
    assert (caught.value.quota, caught.value.asked, caught.value.allowed) == ("products", 2, 1)


class TestStock:
    def test_an_order_takes_from_stock_and_adds_up(self, acting):
        tea, cup = product(stock=5, price=4_50), product("Cup", stock=1, price=12_00)

        order = Order.objects.place(UserFactory(), {tea: 3, cup: 1})

        assert order.total == 25_50
        assert dict(Product.objects.values_list("name", "stock")) == {"Assam": 2, "Cup": 0}
        assert sorted(order.items.values_list("quantity", "price")) == [(1, 12_00), (3, 4_50)]

    def test_an_order_that_cannot_be_met_takes_nothing(self, acting):
        tea, cup = product(stock=5), product("Cup", stock=1)

        with pytest.raises(OutOfStock):
            Order.objects.place(UserFactory(), {tea: 3, cup: 2})

        assert dict(Product.objects.values_list("name", "stock")) == {"Assam": 5, "Cup": 1}
        assert not Order.objects.exists()

    def test_a_quantity_below_zero_is_refused(self, acting):
        with pytest.raises(ConstraintBroken) as broken, transaction.atomic():
            Order.objects.place(UserFactory(), {product(stock=5): -1})

        assert broken.value.constraint == "shop_item_quantity_check"

    def test_SQL_cannot_take_what_is_not_there(self, acting):
        tea = product(stock=5)

        with pytest.raises(ConstraintBroken) as broken, transaction.atomic():
            Product.objects.filter(pk=tea.pk).update(stock=-1)

        assert broken.value.constraint == "shop_product_stock_check"

    def test_of_many_who_race_for_the_last_ones_only_as_many_get_one(self, tenant):
        with acting_for(tenant):
            tea = product(stock=3)
        customers = [UserFactory() for _ in range(8)]

        bought = together(
            tenant, [lambda each=each: Order.objects.place(each, {tea: 1}) for each in customers]
        )

        with acting_for(tenant):
            left, orders = Product.objects.get().stock, Order.objects.count()
        assert (bought, left, orders) == (3, 0, 3)


class TestStatus:
    @pytest.fixture
    def order(self, acting):
        return Order.objects.place(UserFactory(), {product(): 1})

    def test_an_order_goes_its_way_and_leaves_a_trace(self, order):
        for status in ("paid", "sent"):
            order = Order.objects.advance(order, status)

        trace = order.changes.order_by("id").values_list("before", "after")
        assert list(trace) == [("", "placed"), ("placed", "paid"), ("paid", "sent")]
        assert Order.objects.get().status == "sent"

    @pytest.mark.parametrize("before", NEXT)
    @pytest.mark.parametrize("after", [*NEXT, "lost"])
    def test_an_order_goes_no_other_way(self, order, before, after):
        Order.objects.filter(pk=order.pk).update(status=before)
        if after in NEXT[before]:
            assert Order.objects.advance(order, after).status == after
            return

        with pytest.raises(NotThatWay, match=f"{before} cannot become {after}"):
            Order.objects.advance(order, after)

        assert Order.objects.get().status == before

    def test_of_two_who_race_only_one_brings_it_on(self, tenant):
        with acting_for(tenant):
            order = Order.objects.place(UserFactory(), {product(): 1})

        done = together(tenant, [lambda: Order.objects.advance(order, "paid")] * 4)

        with acting_for(tenant):
            assert (done, order.changes.count()) == (1, 2)

    @pytest.mark.parametrize(
        "change", [lambda rows: rows.update(after="lost"), lambda rows: rows.delete()]
    )
    def test_the_trace_is_written_once(self, order, change):
        with pytest.raises(TenantViolation), transaction.atomic():
            change(StatusChange.objects.all())


def test_a_customer_pages_through_their_own_orders(acting):
    ours, theirs = UserFactory(), UserFactory()
    tea = product(stock=100)
    placed = [Order.objects.place(ours, {tea: 1}).pk for _ in range(5)]
    Order.objects.place(theirs, {tea: 1})
    asked, seen = {"customer": str(ours.pk), "sort": "newest", "limit": "2"}, []

    page = Order.objects.page(asked)
    while page.rows:
        seen += [order.pk for order in page.rows]
        if page.next is None:
            break
        page = Order.objects.page(asked, cursor=page.next)

    assert seen == placed[::-1]


def test_takings_are_added_up_by_month_where_the_tenant_is(acting, django_assert_num_queries):
    customer = UserFactory()
    for status, day, total in (
        ("paid", datetime(2026, 1, 31, 23, 59, tzinfo=UTC), 1_00),
        ("sent", datetime(2026, 1, 1, tzinfo=UTC), 2_00),
        ("sent", datetime(2026, 2, 1, tzinfo=UTC), 4_00),
        ("cancelled", datetime(2026, 2, 2, tzinfo=UTC), 8_00),
    ):
        Order.objects.create(customer=customer, status=status, placed_at=day, total=total)

    with django_assert_num_queries(2):  # one is for the tenant's settings, once in a block
        monthly: Any = Order.objects.monthly()
        months = list(monthly.values_list("month", "orders", "takings"))

    assert months == [
        (datetime(2026, 1, 1, tzinfo=UTC), 2, 3_00),
        (datetime(2026, 2, 1, tzinfo=UTC), 1, 4_00),
    ]
    TenantSettings.objects.change(time_zone="Europe/Berlin")
    assert [row["takings"] for row in Order.objects.monthly()] == [2_00, 5_00]
