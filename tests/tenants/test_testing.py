"""The database that `tenants.testing` makes for the tests of other projects."""

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tenants.context import acting_for
from tenants.errors import StoreError
from tenants.models import Membership, Tenant
from tenants.testing import scratch_database
from tests.factories import MembershipFactory
from tests.server import owner_dsn


def name_of_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user::text")
        return cursor.fetchone()


def there_is(name):
    with psycopg.connect(owner_dsn("postgres")) as owner:
        return bool(owner.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchall())


def test_it_is_migrated_used_as_app_and_gone_after_the_block(committed, database):
    name = f"{database}_scratch"

    with scratch_database(name):
        assert name_of_database() == (name, "app")
        with acting_for(Tenant.objects.create_tenant("acme")):
            MembershipFactory()
            assert Membership.objects.count() == 1

    assert name_of_database() == (database, "app")
    assert not there_is(name)


def test_one_that_was_left_behind_is_replaced(committed, database, monkeypatch):
    command = "tenants.testing.database.call_command"  # it takes long
    monkeypatch.setattr(command, lambda *args, **kwargs: None)
    name = f"{database}_scratch"
    with psycopg.connect(owner_dsn("postgres"), autocommit=True) as owner:
        owner.execute(f'CREATE DATABASE "{name}"')

    with pytest.raises(ZeroDivisionError), scratch_database(name):
        1 / 0  # noqa: B018

    assert name_of_database() == (database, "app")
    assert not there_is(name)


def test_without_an_owner_it_is_refused_and_connections_lead_where_they_did(
    committed, database, monkeypatch
):
    monkeypatch.setattr(settings, "OWNER_DATABASE", None)

    with pytest.raises(StoreError, match="OWNER_DATABASE_URL"), scratch_database("never"):
        pass

    assert name_of_database() == (database, "app")
