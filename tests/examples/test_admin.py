"""The examples' rows can be looked at in the admin, by being registered there."""

import pytest
from django.apps import apps
from django.test import Client

from tenants.models import User
from tests.browser import UNCOLLECTED, browser, list_of, page_of, read
from tests.factories import TenantFactory, UserFactory
from tests.rows import Side

MODELS = [model for app in ("forms", "shop") for model in apps.get_app_config(app).get_models()]

pytestmark = [
    UNCOLLECTED,
    pytest.mark.usefixtures("own_database"),
    pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__),
]


@pytest.fixture(scope="module")
def sides(own_database, django_db_blocker) -> tuple[Side, Side]:
    """Two tenants, with a row of each model; nothing here changes them."""
    with django_db_blocker.unblock():
        return Side.of(TenantFactory()), Side.of(TenantFactory())


@pytest.fixture
def client(committed, own_database) -> Client:
    """A superuser's browser."""
    return browser(User.objects.create_superuser(UserFactory.build().email))


def test_lists_show_the_rows_of_all_tenants_or_of_one(model, client, sides):
    ours, theirs = (page_of(side.rows[model]) for side in sides)

    every = read(client, list_of(model))
    one = read(client, list_of(model), tenant=sides[0].tenant.slug)

    assert (ours in every, theirs in every) == (True, True)
    assert (ours in one, theirs in one) == (True, False)


def test_a_row_has_its_page_and_its_history_and_takes_no_changes(model, client, sides):
    row = sides[0].rows[model]

    assert str(row.pk) in read(client, page_of(row))
    assert str(row) in read(client, page_of(row, "history"))
    assert client.post(page_of(row), {"name": "x"}).status_code == 405
