"""A server that is too old: the server of the tests, asked for a newer version than it is."""

import pytest
from django.db import connection
from django.db.backends.base import base

from tenants.errors import StoreError
from tenants.postgres.base import DatabaseFeatures
from tests.command_line import manage
from tests.tenants.schema import logged_in

pytestmark = pytest.mark.usefixtures("committed")
NEEDED = "PostgreSQL 99 or later is required"


@pytest.fixture
def too_old(monkeypatch) -> None:
    monkeypatch.setattr(base, "RAN_DB_VERSION_CHECK", set())
    monkeypatch.setattr(DatabaseFeatures, "minimum_database_version", (99,))


@pytest.mark.parametrize("words", [("showmigrations",), ("check", "--database", "default")])
def test_is_refused_in_one_line_by_commands_of_owner_and_of_app(too_old, words):
    with logged_in():
        manage(*words).assert_refused("store_error", NEEDED)


def test_is_refused_again_by_the_next_query(too_old):
    with logged_in():
        for _ in range(2):
            with pytest.raises(StoreError, match=NEEDED), connection.cursor():
                pass


def test_is_looked_for_at_the_first_connection_only(monkeypatch):
    monkeypatch.setattr(base, "RAN_DB_VERSION_CHECK", set())
    with logged_in(), connection.cursor():
        monkeypatch.setattr(DatabaseFeatures, "minimum_database_version", (99,))

    with logged_in(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
