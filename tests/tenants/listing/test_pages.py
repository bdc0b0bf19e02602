"""Pages by keyset: nothing twice, nothing lost, and cursors good for one listing only."""

import string
from itertools import chain

import pytest

from examples.shop.models import Category, Order, Product
from tenants.context import acting_for, inspecting
from tenants.errors import BadCursor


@pytest.fixture
def category(acting):
    return Category.objects.create(name="Tea")


@pytest.fixture
def shop(category):
    """Ten products; five are of one name, and of one stock each two."""
    for n in range(10):
        add(category, f"{n:02}" if n % 2 else "same", n // 2)
    return category


def add(category, name="new", stock=0):
    return Product.objects.create(category=category, name=name, stock=stock, price=1)


def walk(asked, way="next", cursor=None):
    """The rows of all the pages one way, a list for each."""
    pages = []
    while True:
        page = Product.objects.page(asked, cursor=cursor)
        pages.append([row.pk for row in page.rows])
        if (cursor := getattr(page, way)) is None:
            return pages


def last_of(asked):
    page = Product.objects.page(asked)
    while page.next:
        page = Product.objects.page(asked, cursor=page.next)
    return page


each_sort = pytest.mark.parametrize("sort", ["name", "newest", "stock"])


class TestWalking:
    @each_sort
    @pytest.mark.parametrize("limit", [1, 3, 5, 10, 11])
    def test_forwards_gives_every_row_once_in_order(self, sort, limit, shop):
        pages = walk({"sort": sort, "limit": limit})

        expected = list(Product.objects.listed({"sort": sort}).values_list("pk", flat=True))
        assert [*chain(*pages)] == expected
        assert all(len(page) == limit for page in pages[:-1])

    @each_sort
    @pytest.mark.parametrize("limit", [1, 3, 5, 10])
    def test_backwards_gives_the_same_pages_from_the_other_end(self, sort, limit, shop):
        asked = {"sort": sort, "limit": limit}
        last = last_of(asked)

        before = walk(asked, "previous", last.previous) if last.previous else []

        expected = list(Product.objects.listed(asked).values_list("pk", flat=True))
        assert [*chain(*before[::-1]), *(row.pk for row in last.rows)] == expected

    def test_there_and_back_is_the_same_page(self, shop):
        first = Product.objects.page(limit=3)
        second = Product.objects.page(limit=3, cursor=first.next)

        again = Product.objects.page(limit=3, cursor=second.previous)

        assert again == first
        assert (first.previous, last_of({"limit": 3}).next) == (None, None)

    def test_a_page_is_one_statement(self, shop, django_assert_num_queries):
        first = Product.objects.page(limit=3)

        with django_assert_num_queries(1):
            Product.objects.page(limit=3, cursor=first.next)

    def test_the_limit_may_change_on_the_way(self, shop):
        first = Product.objects.page(limit=3)

        assert len(Product.objects.page(limit=7, cursor=first.next).rows) == 7

    def test_an_empty_listing_has_one_empty_page(self, acting):
        page = Product.objects.page()

        assert (page.rows, page.next, page.previous) == ((), None, None)


class TestMeanwhile:
    def test_rows_that_come_in_neither_repeat_nor_hide_others(self, shop):
        asked = {"sort": "name", "limit": 4}
        before = [row.pk for row in Product.objects.listed(asked)]
        first = Product.objects.page(asked)
        add(shop, "00"), add(shop, "zz")

        rest = [*chain(*walk(asked, cursor=first.next))]

        seen = [row.pk for row in first.rows] + rest
        assert [pk for pk in seen if pk in before] == before
        assert len(seen) == 11  # the one before the place is not seen, the one behind it is

    @pytest.mark.parametrize("way", ["next", "previous"])
    def test_the_row_at_the_place_may_go(self, way, shop):
        asked = {"sort": "name", "limit": 3}
        order = [row.pk for row in Product.objects.listed(asked)]
        first = Product.objects.page(asked)
        page = Product.objects.page(asked, cursor=first.next)
        edge = page.rows[-1 if way == "next" else 0]
        edge.delete()

        beside = Product.objects.page(asked, cursor=getattr(page, way))

        expected = order[6:9] if way == "next" else order[0:3]
        assert [row.pk for row in beside.rows] == expected

    def test_a_page_whose_rows_are_all_gone_is_empty(self, shop):
        first = Product.objects.page(limit=5)
        Product.objects.all().delete()

        page = Product.objects.page(cursor=first.next)

        assert (page.rows, page.next, page.previous) == ((), None, None)


def refused(asked, cursor, model=Product):
    with pytest.raises(BadCursor) as error:
        model.objects.page(asked, cursor=cursor)
    return (error.value.code, error.value.field) == ("bad_cursor", "cursor")


class TestCursorsRefuse:
    @pytest.fixture
    def cursor(self, shop):
        return Product.objects.page({"stock__gte": 1, "limit": 3}).next

    def test_another_sort(self, cursor):
        assert refused({"stock__gte": 1, "sort": "stock"}, cursor)

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"stock__gte": 2},
            {"stock__gt": 1},
            {"stock__gte": 1, "name": "same"},
            {"search": "same"},
        ],
    )
    def test_other_filters(self, asked, cursor):
        assert refused(asked, cursor)

    def test_another_model(self, cursor):
        assert refused({}, cursor, Order)
        assert refused({}, cursor, Category)

    def test_another_tenant(self, tenant, other):
        with acting_for(tenant):
            category = Category.objects.create(name="Tea")
            add(category), add(category)
            cursor = Product.objects.page(limit=1).next

        with acting_for(other):
            assert refused({}, cursor)
        with inspecting():
            assert refused({}, cursor)

    def test_every_changed_character(self, cursor):
        for at, character in enumerate(cursor):
            changed = "A" if character != "A" else "B"
            assert refused({"stock__gte": 1}, cursor[:at] + changed + cursor[at + 1 :])

    def test_every_truncation(self, cursor):
        for end in range(len(cursor)):
            assert refused({"stock__gte": 1}, cursor[:end])

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            ":",
            "::",
            "x" * 20_000,
            "\ud800",
            "\0",
            "é",
            1,
            True,
            [],
            {},
            ".:.",
            *string.punctuation,
        ],
    )
    def test_what_no_page_ever_gave(self, cursor, acting):
        assert refused({}, cursor)

    def test_another_secret_key(self, cursor, settings):
        settings.SECRET_KEY = "x" * 50

        assert refused({"stock__gte": 1}, cursor)

    def test_but_not_the_same_filters_said_otherwise(self, cursor):
        assert Product.objects.page({"stock__gte": "1", "limit": "2"}, cursor=cursor).rows

    def test_nor_the_key_before_the_present_one(self, cursor, settings):
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "x" * 50

        assert Product.objects.page({"stock__gte": 1}, cursor=cursor).rows


def test_the_longest_place_fits_in_a_cursor(category):
    name = "\U0001f375" * 100
    add(category, name), add(category, name)

    page = Product.objects.page(limit=1)

    assert len(Product.objects.page(cursor=page.next).rows) == 1
