"""Listings of users, sessions and failed log-ins: what they find, and by which index.

In a database of its own, with 200,000 rows of each; the plans are those of role app.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.people import BEGIN, ROWS, fill, questions
from tenants.checks.btrees import indexes_for_sort
from tenants.context import acting_for, inspecting
from tenants.errors import BadCursor, BadFilter, BadSearch
from tenants.listing.filters import filter_keys
from tenants.listing.query import listing_of, sort_from
from tenants.models import LoginFailure, User, UserSession
from tenants.postgres.base import as_owner
from tests.factories import TenantFactory
from tests.tenants.listing.test_plans import explained, scanned, used

pytestmark = [
    pytest.mark.usefixtures("own_database", "crowd", "committed"),
    pytest.mark.timeout(300),
]

MODELS = (User, UserSession, LoginFailure)
ASKED = [*questions()]


@pytest.fixture(scope="module")
def crowd(own_database, django_db_blocker):
    with django_db_blocker.unblock(), as_owner():
        fill()


def page_plan(rows, asked, **page):
    """The nodes of the one statement that a page is."""
    with CaptureQueriesContext(connection) as captured:
        shown = rows.page(asked, **page)
    [statement] = captured.captured_queries
    assert shown.rows
    return explained(statement["sql"], "ANALYZE,")


def test_app_is_who_asks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("app",)


def test_every_filter_and_search_is_asked():
    told = {(rows.model, key) for rows, asked, _ in ASKED for key in asked}

    declared = {
        (model, key) for model in MODELS for key in filter_keys(listing_of(model).filters.items())
    }
    assert told == declared | {(User, "search")}


@pytest.mark.parametrize(
    ("rows", "asked", "indexes"),
    ASKED,
    ids=[
        f"{rows.model.__name__}-{'-'.join(asked)}-{at}" for at, (rows, asked, _) in enumerate(ASKED)
    ],
)
def test_a_page_is_found_by_an_index(rows, asked, indexes):
    nodes = page_plan(rows, asked)

    assert used(nodes) <= set(indexes)
    assert used(nodes)
    assert scanned(nodes) == []
    assert 0 < nodes[0]["Actual Rows"] <= 51


@pytest.mark.parametrize(
    ("model", "sort"), [(model, sort) for model in MODELS for sort in listing_of(model).sorts]
)
def test_a_page_reads_no_more_rows_than_it_shows_by_the_index_of_its_sort(model, sort):
    [walked] = indexes_for_sort(model, sort_from(sort, listing_of(model).sorts[sort]))
    rows = User.all_objects.all() if model is User else model.objects.all()
    first = rows.page(sort=sort)
    second = rows.page(sort=sort, cursor=first.next)
    for cursor in (None, second.next, second.previous):
        nodes = page_plan(rows, {}, sort=sort, cursor=cursor)

        [scan] = [node for node in nodes if "Index Name" in node]
        assert (model, scan["Index Name"]) in walked
        assert scanned(nodes) == []
        assert max(node["Actual Rows"] for node in nodes) <= 51
    assert [*rows.page(sort=sort, cursor=second.previous).rows] == [*first.rows]


class TestUsers:
    def emails(self, rows, asked):
        return {user.email for user in rows.page(asked).rows}

    @pytest.mark.parametrize("said", ["person4711@example.com", " PERSON4711@EXAMPLE.COM "])
    def test_are_found_by_address_whatever_its_case(self, said):
        assert self.emails(User.objects, {"email": said}) == {"Person4711@Example.com"}

    def test_who_are_deactivated_are_found_among_all(self):
        asked = {"email": "person3@example.com"}

        assert self.emails(User.objects, asked) == set()
        assert self.emails(User.all_objects, asked) == {"Person3@Example.com"}

    def test_are_found_by_a_part_of_their_names_and_addresses(self):
        found = User.objects.page({"search": "IVER"}).rows

        assert {user.last_name for user in found} == {"Rivera"}
        assert self.emails(User.objects, {"search": "son199998@"}) == {"Person199998@Example.com"}

    def test_who_went_last_come_first_and_those_who_did_not_last(self):
        page = User.all_objects.page(sort="deleted", limit=200)
        moments = [user.deleted_at for user in page.rows if user.deleted_at]

        assert len(moments) == len(page.rows)
        assert moments == sorted(moments, reverse=True)

    def test_come_without_the_hash_and_so_inspector_may_list_them(self):
        with inspecting():
            [user] = User.objects.page({"first_name": "First4711"}).rows

        assert "password" in user.get_deferred_fields()

    def test_asked_badly_are_refused(self):
        for asked, error in (
            ({"password": "x"}, BadFilter),
            ({"email__startswith": "a"}, BadFilter),
            ({"search": "ab"}, BadSearch),
        ):
            with pytest.raises(error):
                User.objects.page(asked)

    def test_keep_a_cursor_that_is_good_in_any_block(self):
        cursor = User.objects.page(sort="email").next
        after = User.objects.page(sort="email", cursor=cursor)

        with acting_for(TenantFactory()):
            assert User.objects.page(sort="email", cursor=cursor) == after
        with pytest.raises(BadCursor):
            User.objects.page(sort="name", cursor=cursor)


class TestSessions:
    def test_come_without_their_keys_and_so_inspector_may_list_them(self):
        with inspecting():
            [session] = UserSession.objects.page({"ip": "10.0.0.9"}).rows

        assert {"session_key", "session_data"} <= session.get_deferred_fields()

    @pytest.mark.parametrize("said", ["10.0.0.256", "10.0.0.0/8", "", 10, None, "localhost"])
    def test_are_asked_for_by_an_address_that_is_one(self, said):
        with pytest.raises(BadFilter):
            UserSession.objects.page({"ip": said})


def test_old_failures_are_found_by_their_time():
    [oldest] = LoginFailure.objects.page(sort="oldest", limit=1).rows

    assert oldest.at == BEGIN + timedelta(minutes=1)
    assert LoginFailure.objects.count() == ROWS
