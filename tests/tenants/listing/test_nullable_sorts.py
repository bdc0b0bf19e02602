"""A sort by what may be NULL: rows without a value come last, either way, page by page."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.shop.models import Category, Product
from tenants.errors import BadCursor

DAY = date(2026, 1, 1)

days = st.none() | st.integers(0, 3).map(lambda n: DAY + timedelta(days=n))
sorts = pytest.mark.parametrize("sort", ["expiring", "keeping"])


@pytest.fixture
def category(acting):
    return Category.objects.create(name="Tea")


def stocked(category, days):
    """Products that are good until these days, and no others."""
    Product.objects.all().delete()
    return Product.objects.bulk_create(
        Product(category=category, name="Tea", price=1, best_before=day) for day in days
    )


def in_python(rows, sort):
    """The ids in the order they should have, by a plain sort."""
    valued = [row for row in rows if row.best_before is not None]
    empty = [row for row in rows if row.best_before is None]
    valued.sort(key=lambda row: (row.best_before, row.pk), reverse=sort == "keeping")
    empty.sort(key=lambda row: row.pk, reverse=sort == "keeping")
    return [row.pk for row in valued + empty]


def walked(sort, limit):
    """The ids on the pages down to the last, and on those from there back to the first."""
    pages = [Product.objects.page(sort=sort, limit=limit)]
    while pages[-1].next:
        pages.append(Product.objects.page(sort=sort, limit=limit, cursor=pages[-1].next))
    back = [pages[-1]]
    while back[0].previous:
        back.insert(0, Product.objects.page(sort=sort, limit=limit, cursor=back[0].previous))
    return [[row.pk for page in way for row in page.rows] for way in (pages, back)]


@pytest.mark.timeout(120)
@sorts
def test_pages_are_those_of_a_plain_sort_down_and_up_again(sort, category):
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(days=st.lists(days, max_size=9), limit=st.integers(1, 5))
    def run(days, limit):
        expected = in_python(stocked(category, days), sort)

        assert walked(sort, limit) == [expected, expected]
        assert [row.pk for row in Product.objects.listed({"sort": sort})] == expected

    run()


@sorts
def test_a_place_stays_good_when_its_row_gets_or_loses_its_value(sort, category):
    rows = stocked(category, [DAY, DAY, None, None])
    order = in_python(rows, sort)
    first = Product.objects.page(sort=sort, limit=2)
    third = Product.objects.page(sort=sort, limit=1, cursor=first.next)
    Product.objects.filter(pk=order[1]).update(best_before=None)
    Product.objects.filter(pk=order[2]).update(best_before=DAY)

    after_a_day = Product.objects.page(sort=sort, cursor=first.next)
    after_none = Product.objects.page(sort=sort, cursor=third.next)
    before_none = Product.objects.page(sort=sort, cursor=third.previous)

    behind = [row.pk for row in after_a_day.rows]
    assert (order[0] in behind, {order[1], order[3]} <= set(behind)) == (False, True)
    assert order[3] in [row.pk for row in after_none.rows]
    assert order[0] in [row.pk for row in before_none.rows]


@sorts
def test_only_a_page_across_the_edge_takes_a_second_statement(sort, category):
    stocked(category, [DAY, DAY, DAY, None, None, None])
    pages = [Product.objects.page(sort=sort, limit=2)]
    for _ in range(2):
        pages.append(Product.objects.page(sort=sort, limit=2, cursor=pages[-1].next))

    took = []
    for cursor in (None, pages[0].next, pages[1].next, pages[2].previous, pages[1].previous):
        with CaptureQueriesContext(connection) as captured:
            Product.objects.page(sort=sort, limit=2, cursor=cursor)
        took.append(len(captured.captured_queries))

    assert took == [1, 2, 1, 2, 1]


def test_a_cursor_is_good_one_way_only(category):
    stocked(category, [None, None])
    cursor = Product.objects.page(sort="expiring", limit=1).next

    with pytest.raises(BadCursor):
        Product.objects.page(sort="keeping", limit=1, cursor=cursor)
