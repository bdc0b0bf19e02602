"""Errors name a model's fields after a column was renamed, and while code and table differ."""

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.db import connection

from tenants.context import acting_for
from tenants.errors import CheckBroken, NotNullBroken
from tenants.models import Membership, TenantSettings
from tenants.postgres.base import as_owner
from tests.factories import TenantFactory, UserFactory

pytestmark = pytest.mark.usefixtures("own_database", "committed")

INSERT = """
INSERT INTO tenants_membership (id, tenant_id, user_id, created_at, updated_at)
VALUES (gen_random_uuid(), %s, %s, now(), now())
"""
RENAMED: list[tuple[Any, str, str]] = [
    (Membership, "role", "part"),
    (TenantSettings, "version", "revision"),
]


@pytest.fixture(scope="module", autouse=True)
def renamed(own_database, django_db_blocker):
    """The columns have other names in the database, by Django's own AlterField."""
    with django_db_blocker.unblock(), as_owner() as owner, owner.schema_editor() as editor:
        for model, name, column in RENAMED:
            field = model._meta.get_field(name)
            editor.alter_field(model, field, of_column(field, column))


def of_column(field: Any, column: str) -> Any:
    new = copy(field)
    new.db_column = new.column = column
    return new


@pytest.fixture
def known(monkeypatch) -> Callable[[], None]:
    """Let the models know of it, as they do when the new code is deployed."""

    def know() -> None:
        for model, name, column in RENAMED:
            monkeypatch.setattr(model._meta.get_field(name), "column", column)

    return know


def test_a_missing_value_is_named_by_its_field(known):
    known()

    with pytest.raises(NotNullBroken) as caught, acting_for(TenantFactory()):
        Membership.objects.create(user=UserFactory(), role=None)  # type: ignore[misc]  # refused

    assert caught.value.fields == ("role",)


def test_while_the_code_does_not_know_the_column_it_is_named_itself():
    tenant, user = TenantFactory(), UserFactory()

    with (
        pytest.raises(NotNullBroken) as caught,
        acting_for(tenant),
        connection.cursor() as cursor,
    ):
        cursor.execute(INSERT, [tenant.pk, user.pk])

    assert caught.value.fields == ("part",)


def test_the_check_of_a_field_that_kept_its_old_name_names_the_field(known):
    """PostgreSQL goes on calling it tenants_tenantsettings_version_check."""
    known()

    with pytest.raises(CheckBroken) as caught, acting_for(TenantFactory()):
        TenantSettings.objects.create(version=-1)

    assert caught.value.constraint == "tenants_tenantsettings_version_check"
    assert caught.value.fields == ("version",)
