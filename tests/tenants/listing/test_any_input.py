"""Two thousand inputs of any kind: a result or a typed error, and SQL with parameters alone."""

import json
import re
import string
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from examples.shop.models import Category, Product
from tenants.errors import BadCursor, BadQuery
from tenants.listing.filters import filter_keys
from tenants.listing.query import listing_of

MARK = "zq7x"
"""In every text that is made here; must never be in SQL."""

KEYS = filter_keys(listing_of(Product).filters.items())
CODES = {"bad_filter", "bad_sort", "bad_search", "bad_cursor", "bad_limit"}

texts = st.text(max_size=20) | st.sampled_from(["'", '"', "%s", "\\", "; --", "\0", "\ud800", "$1"])
marked = texts.map(lambda text: f"{MARK}{text}")
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(0, 99), st.floats(), marked, texts,
    st.uuids().map(str), st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.sampled_from(["name", "newest", "stock", "true", "0", "1", "2026-01-01T00:00:00Z"]),
)  # fmt: skip
anything = st.recursive(
    scalars,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(texts | marked, parts, max_size=3),
    max_leaves=8,
)
fitting = st.fixed_dictionaries(
    {},
    optional={
        "name": marked,
        "name__in": st.lists(marked, max_size=3),
        "name__startswith": marked,
        "stock__gte": st.integers(-9, 9) | st.integers(-9, 9).map(str),
        "stock__in": st.lists(st.integers(-9, 9), max_size=3),
        "category": st.uuids().map(str),
        "created_at__lt": st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
        "metadata__contains": st.dictionaries(marked, marked, max_size=2),
        "search": marked,
        "sort": st.sampled_from(["name", "newest", "stock", "expiring", "keeping"]),
        "limit": st.integers(1, 200) | st.integers(1, 200).map(str),
        "cursor": st.just("FIRST"),
    },
)
keys = st.sampled_from([*KEYS, "sort", "search", "limit", "cursor"]) | marked | texts
hostile = st.dictionaries(keys, anything, max_size=4)
mapping = st.one_of(fitting, hostile, st.builds(lambda good, bad: good | bad, fitting, hostile))


def as_query_string(asked):
    """The same as a query string: repeated keys for lists, JSON for objects, text for the rest."""
    pairs = []
    for key, value in asked.items():
        for each in value if isinstance(value, list) else [value]:
            plain = each if isinstance(each, str) else json.dumps(each, default=str)
            pairs.append((key, plain))
    return QueryDict(urlencode(pairs, errors="replace"))


def as_json(asked):
    return json.loads(json.dumps(asked, default=str))


def as_strings(asked):
    return {key: str(value) for key, value in asked.items()}


shapes = st.sampled_from([as_query_string, as_json, as_strings, dict])


@pytest.fixture
def shop(acting):
    tea = Category.objects.create(name="Tea")
    for n in range(9):
        Product.objects.create(category=tea, name=f"{MARK}{n % 3}", stock=n, price=1)


@contextmanager
def recorded():
    """The statements as they are sent, each with its parameters beside it."""
    sent = []

    def record(execute, sql, params, many, context):
        sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield sent


def assert_parameters_alone(sent):
    for sql in sent:
        assert MARK not in sql
        assert "'" not in sql
        assert not re.search(r"\b\d", re.sub(r"LIMIT \d+$", "", sql)), sql


FUZZ = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.timeout(300)
def test_any_mapping_gives_a_result_or_a_typed_error(shop):
    came = {"a result": 0, "rows": 0, "an error": 0}

    @settings(FUZZ, max_examples=2_000)
    @given(asked=mapping, shape=shapes)
    @example(asked={"name__in": [MARK]}, shape=as_query_string)
    def run(asked, shape):
        given, refusal = shape(asked), None
        with recorded() as sent:
            try:
                if given.get("cursor") == "FIRST":
                    first = Product.objects.page(without_cursor(given), limit=1)
                    given = {**without_cursor(given), "cursor": first.next}
                page = Product.objects.page(given)
                came["a result"] += 1
                came["rows"] += bool(page.rows)
            except BadQuery as error:
                came["an error"] += 1
                refusal = error
        if refusal is not None:
            assert refusal.code in CODES
            assert isinstance(refusal.field, str)
            assert str(refusal)
        assert_parameters_alone(sent)

    run()

    assert came["a result"] > 200, came
    assert came["rows"] > 50, came
    assert came["an error"] > 200, came


def without_cursor(given):
    copy = given.copy()
    del copy["cursor"]
    return copy


def mutations(cursor):
    """Cursors that nearly are one."""
    at = st.integers(0, len(cursor) - 1)
    one = st.sampled_from(string.printable + "é\0\ud800")
    return st.one_of(
        st.builds(lambda n, c: cursor[:n] + c + cursor[n + 1 :], at, one),
        st.builds(lambda n, c: cursor[:n] + c + cursor[n:], at, one),
        st.builds(lambda n, m: cursor[: min(n, m)] + cursor[max(n, m) + 1 :], at, at),
        st.builds(lambda n: cursor[n:] + cursor[:n], at),
        st.builds(lambda text: cursor + text, st.text(min_size=1)),
        st.text(),
    )


def test_no_mutation_of_a_cursor_is_one(shop):
    cursor = Product.objects.page({"name__startswith": MARK}, limit=2).next

    @settings(FUZZ, max_examples=500)
    @given(mutated=mutations(cursor))
    def run(mutated):
        if mutated == cursor:
            assert Product.objects.page({"name__startswith": MARK}, cursor=mutated).rows
            return
        with recorded() as sent, pytest.raises(BadCursor):
            Product.objects.page({"name__startswith": MARK}, cursor=mutated)
        assert sent == []

    run()
