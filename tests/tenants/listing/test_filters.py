"""What may be asked of a listing, and what is said of everything else."""

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.http import QueryDict

from examples.shop.models import Category, Order, Product
from tenants.errors import BadFilter, BadLimit, BadQuery, BadSearch, BadSort
from tenants.listing import Day, Flag, HasValue, Integer, Key, Moment, Text


@pytest.fixture
def shop(acting):
    """Five products in two categories, created a day apart."""
    tea, cups = (Category.objects.create(name=name) for name in ("Tea", "Cups"))
    for day, (name, category, stock) in enumerate(
        [
            ("Assam", tea, 3),
            ("Assam gold", tea, 0),
            ("Ceylon", tea, 7),
            ("Cup", cups, 7),
            ("Bowl", cups, 1),
        ]
    ):
        row = Product.objects.create(
            category=category,
            name=name,
            stock=stock,
            price=1,
            metadata={"day": day, "tags": [name]},
        )
        created = datetime(2026, 1, 1 + day, tzinfo=UTC)
        Product.objects.filter(pk=row.pk).update(created_at=created)
    return {"tea": str(tea.pk), "cups": str(cups.pk)}


def names(asked):
    return [product.name for product in Product.objects.listed(asked)]


ASKED = {
    "name": ("Cup", ["Cup"]),
    "name__exact": ("Cup", ["Cup"]),
    "name__in": (["Cup", "Bowl", "Vase"], ["Bowl", "Cup"]),
    "name__startswith": ("Assam", ["Assam", "Assam gold"]),
    "stock": (7, ["Ceylon", "Cup"]),
    "stock__lt": (1, ["Assam gold"]),
    "stock__lte": (1, ["Assam gold", "Bowl"]),
    "stock__gt": (3, ["Ceylon", "Cup"]),
    "stock__gte": (3, ["Assam", "Ceylon", "Cup"]),
    "stock__in": ([0, 1], ["Assam gold", "Bowl"]),
    "created_at__gte": ("2026-01-04T00:00:00Z", ["Bowl", "Cup"]),
    "created_at__lt": ("2026-01-02T00:00:00Z", ["Assam"]),
    "metadata__contains": ({"tags": ["Cup"]}, ["Cup"]),
}


class TestFilters:
    @pytest.mark.parametrize("key", ASKED)
    def test_from_JSON(self, key, shop):
        value, expected = ASKED[key]

        assert names(json.loads(json.dumps({key: value}))) == expected

    @pytest.mark.parametrize("key", ASKED)
    def test_from_a_query_string(self, key, shop):
        value, expected = ASKED[key]
        asked = QueryDict(mutable=True)
        if isinstance(value, list):
            asked.setlist(key, [str(each) for each in value])
        else:
            asked[key] = json.dumps(value) if isinstance(value, dict) else str(value)

        assert names(QueryDict(asked.urlencode())) == expected

    def test_a_foreign_key_is_filtered_by_the_rows_id(self, shop):
        assert names({"category": shop["cups"]}) == ["Bowl", "Cup"]
        assert names({"category__in": [shop["cups"], shop["tea"]]}) == names({})

    def test_filters_search_and_queryset_narrow_together(self, shop):
        asked = {"category": shop["tea"], "stock__gt": "0", "search": "assam"}

        found = Product.objects.exclude(name="Ceylon").listed(asked)

        assert [product.name for product in found] == ["Assam"]

    def test_one_value_of_a_list_may_stand_alone(self, shop):
        assert names(QueryDict("name__in=Cup")) == ["Cup"]

    def test_an_empty_list_finds_nothing(self, shop):
        assert names({"name__in": []}) == []

    def test_values_may_be_of_pythons_own_types(self, shop):
        day = datetime(2026, 1, 4, 1, tzinfo=timezone(timedelta(hours=1)))

        assert names({"created_at__gte": day}) == ["Bowl", "Cup"]
        assert names({"category": uuid.UUID(shop["cups"])}) == ["Bowl", "Cup"]


NO_VALUES: dict[str, Any] = {
    "name": [1, None, True, [], ["Cup"], {}, "a\0b", "\ud800", "x" * 101],
    "name__in": [1, None, {"a": 1}, [1], [None], [["Cup"]], ["x"] * 101, ["\udfff"]],
    "name__startswith": [1, None, "\0", "x" * 101],
    "stock": [True, 1.0, "1.0", "", " 1", "1e3", "\u0663", "+1", 2**31, -(2**31) - 1, None,
              "9" * 5_000],
    "stock__in": [[True], ["x"], ["1", 2**31]],
    "category": [1, "", "x", "{" + "a" * 36 + "}", "f4089b3613884f9eafb8bd30a6d0e47d", "\0", None,
                 "\u0661" * 32],
    "created_at__gte": [
        1, "", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "\0", datetime(2026, 1, 1), None,
    ],
    "metadata__contains": [
        1, [], "[]", "1", "{", "NaN", '{"a": NaN}', '{"a": 1e999}', {"a": float("inf")}, "[" * 999,
        {"a": 2**63}, {"a": "\0"}, {"\ud800": 1}, {"a": {"b": {"c": {"d": {"e": {}}}}}},
        {"a": list(range(101))}, {"a": object()}, {1: 1}, "x" * 1_001, None,
    ],
}  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize(
        ("key", "value"), [(key, value) for key in NO_VALUES for value in NO_VALUES[key]]
    )
    def test_a_value_that_is_none_of_the_filter(self, key, value, acting):
        with pytest.raises(BadFilter, match=f"^{key} must be ") as refused:
            Product.objects.listed({key: value})

        assert (refused.value.code, refused.value.field) == ("bad_filter", key)

    def test_a_value_that_is_no_choice_of_the_field(self, acting):
        with pytest.raises(
            BadFilter, match="status__in must be one of placed, paid, sent, cancelled"
        ):
            Order.objects.listed({"status__in": ["lost"]})

    @pytest.mark.parametrize(
        "key",
        ["nme", "price", "pk", "id", "tenant", "name__icontains", "name__", "__", "",
         "category__name", "stock__exact__in", "\0", "x" * 9_999, "name__regex", "or", "created_at",
         "\ud800"],
    )  # fmt: skip
    def test_a_filter_that_is_not_declared(self, key, acting):
        with pytest.raises(BadFilter, match="use one of name, name__in, name__starts") as refused:
            Product.objects.listed({key: "1"})

        assert refused.value.field == key[:100]

    @pytest.mark.parametrize("asked", [[], "name=x", 1, {1: 2}, {f"k{n}": 1 for n in range(51)}])
    def test_what_is_no_mapping_of_filters(self, asked, acting):
        with pytest.raises(BadFilter):
            Product.objects.listed(asked)

    def test_a_key_repeated_in_a_query_string(self, acting):
        with pytest.raises(BadFilter, match="name must be a text"):
            Product.objects.listed(QueryDict("name=a&name=b"))

    @pytest.mark.parametrize("sort", ["", "-name", "id", "stock;", ["name"], 1, True, {}])
    def test_a_sort_that_is_not_declared(self, sort, acting):
        with pytest.raises(BadSort, match="sort must be one of name, newest, stock") as refused:
            Product.objects.listed({"sort": sort})

        assert (refused.value.code, refused.value.field) == ("bad_sort", "sort")

    @pytest.mark.parametrize(
        "limit", [0, -1, 201, True, 1.0, "", "1.0", "x", "\u0663", "9" * 5_000, [1]]
    )
    def test_a_limit_that_is_none(self, limit, acting):
        with pytest.raises(BadLimit, match="from 1 to 200") as refused:
            Product.objects.page({"limit": limit})

        assert (refused.value.code, refused.value.field) == ("bad_limit", "limit")

    @pytest.mark.parametrize(
        "search", ["", "ab", "  ab  ", "x" * 101, 123, ["abc"], "a\0bc", "ab\ud800"]
    )
    def test_a_search_for_nothing(self, search, acting):
        with pytest.raises(
            BadSearch, match="search must be a text of 3 to 100 characters"
        ) as refused:
            Product.objects.listed({"search": search})

        assert (refused.value.code, refused.value.field) == ("bad_search", "search")

    def test_all_are_one_error_to_a_view(self):
        assert all(issubclass(each, BadQuery) for each in (BadFilter, BadSort, BadLimit, BadSearch))


class TestAModelThatDeclaresNothing:
    def test_has_pages_by_id(self, acting):
        made = [Category.objects.create(name=name).pk for name in ("Tea", "Cups", "Pots")]

        page = Category.objects.page(limit=2)
        rest = Category.objects.page(cursor=page.next)

        assert [row.pk for row in (*page.rows, *rest.rows)] == made

    @pytest.mark.parametrize(
        ("asked", "refusal"),
        [({"name": "Tea"}, BadFilter), ({"search": "Tea"}, BadSearch), ({"sort": "id"}, None)],
    )
    def test_has_nothing_else(self, asked, refusal, acting):
        if refusal is None:
            assert list(Category.objects.listed(asked)) == []
            return
        with pytest.raises(refusal):
            Category.objects.listed(asked)


@pytest.mark.parametrize(
    ("kind", "asked", "value"),
    [
        (Day(), "2026-01-31", datetime(2026, 1, 31).date()),
        (Day(), datetime(2026, 1, 31).date(), datetime(2026, 1, 31).date()),
        (Flag(), "true", True),
        (Flag(), False, False),
        (HasValue(), "true", True),
        (Text(), "x" * 100, "x" * 100),
        (Integer(), "-9223372036854775808", -(2**63)),
        (Moment(), "2026-01-31T01:00+01:00", datetime(2026, 1, 31, tzinfo=UTC)),
        (
            Key(),
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            uuid.UUID("a0eebc999c0b4ef8bb6d6bb9bd380a11"),
        ),
    ],
)
def test_a_kind_reads(kind, asked, value):
    field = Product._meta.get_field("price" if isinstance(kind, Integer) else "name")

    assert kind.parse(asked, field) == value


@pytest.mark.parametrize(
    ("kind", "asked"),
    [(Day(), 1), (Day(), datetime(2026, 1, 31)), (Day(), "2026-02-30"), (Day(), None),
     (Flag(), 1), (Flag(), "yes"), (Flag(), None), (Flag(), []), (HasValue(), "2026-11-21")],
)  # fmt: skip
def test_a_kind_refuses(kind, asked):
    with pytest.raises(ValueError, match=r"^(a date, such as 2026-11-21|true or false)$"):
        kind.parse(asked, None)
