"""Every model's pages: read as inspector over all tenants, and refusing every change."""

import re
from copy import copy

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from tenants.context import inspecting
from tenants.models import Invitation, Membership, User, UserSession
from tenants.schema.fields import secrets_of
from tests.browser import (
    OURS,
    OWNED,
    UNCOLLECTED,
    Model,
    browser,
    captured_statements,
    count,
    links,
    list_of,
    page_of,
    read,
    row_of,
    staff,
    text,
)
from tests.factories import TenantFactory, UserFactory
from tests.rows import Side

pytestmark = [
    UNCOLLECTED,
    pytest.mark.usefixtures("own_database", "committed"),
    pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__),
]


@pytest.fixture
def ada(committed) -> User:
    """A superuser."""
    return User.objects.create_superuser(UserFactory.build().email)


@pytest.fixture
def client(ada: User) -> Client:
    return browser(ada)


@pytest.fixture(scope="module")
def sides(own_database, django_db_setup, django_db_blocker) -> list[Side]:
    """Some tenants, each with a row of each model: only looked at, so made once."""
    with django_db_blocker.unblock():
        made = [Side.of(TenantFactory()) for _ in range(3)]
        connection.close()
    return made


def test_is_listed_with_the_rows_of_all_tenants(model, client, sides, monkeypatch):
    monkeypatch.setattr(admin.site._registry[model], "list_per_page", 1000)
    rows = [row_of(model, side) for side in sides]
    html = read(client, list_of(model))

    assert all(page_of(row) in html for row in rows)


def test_can_be_filtered_sorted_searched_and_paged(model, client, sides, monkeypatch):
    monkeypatch.setattr(admin.site._registry[model], "list_per_page", 1)
    first, second = (row_of(model, side) for side in sides[:2])
    html = read(client, list_of(model), q=str(first.pk))
    every = links(read(client, list_of(model)), "?")

    assert page_of(first) in html
    assert page_of(second) not in html
    assert any(link.startswith("?o=") for link in every)
    assert any(link.startswith("?p=2") for link in every)
    for link in every:
        read(client, list_of(model) + link)


def test_has_pages_with_links_that_lead_somewhere(model, client, sides):
    for side in sides:
        html = read(client, page_of(row_of(model, side)))

        assert str(row_of(model, side).pk) in html
        for link in links(html, "/admin/"):
            read(client, link)


def test_has_pages_of_history(model, client, sides):
    html = read(client, page_of(row_of(model, sides[0]), "history"))

    assert str(row_of(model, sides[0])) in text(html)


def test_is_read_as_inspector_in_transactions_that_cannot_write(model, client, sides):
    row = row_of(model, sides[0])
    addresses = [
        list_of(model),
        f"{list_of(model)}?q=x&tenant=y",
        page_of(row),
        page_of(row, "history"),
    ]
    mine = {f'"{model._meta.db_table}"' for model in OWNED} | {'"tenants_tenantslug"'}
    with captured_statements() as statements:
        for address in addresses:
            client.get(address)

    rows = [one for one in statements if any(table in one.sql for table in mine)]
    assert {(one.role, one.read_only) for one in rows} <= {("inspector", True)}
    assert not [one for one in statements if not re.match("SELECT|SET", one.sql)]
    assert "inspector" in {one.role for one in statements}


def test_takes_no_changes(model, client, sides):
    row = row_of(model, sides[0])
    before = snapshot(model)
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    action = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    refused = [
        client.post(list_of(model), action),
        client.get(add),
        client.post(add, {"name": "x", "slug": "x"}),
        client.post(page_of(row), {"name": "x", "slug": "x", "_save": "Save"}),
        client.put(page_of(row), {}),
        client.delete(page_of(row)),
        client.get(page_of(row, "delete")),
        client.post(page_of(row, "delete"), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in refused] == [
        405,
        403,
        403,
        405,
        405,
        405,
        403,
        403,
    ]
    assert snapshot(model) == before
    html = read(client, list_of(model)) + read(client, page_of(row))
    assert 'type="submit" name="_save"' not in html
    assert "<select" not in html
    assert add not in html


def test_is_for_those_who_may_view_it(model, sides):
    row = row_of(model, sides[0])
    addresses = [list_of(model), page_of(row), page_of(row, "history")]

    answers = {
        who: {browse.get(address).status_code for address in addresses}
        for who, browse in {
            "nobody": Client(),
            "member": browser(UserFactory()),
            "staff": browser(staff()),
            "viewer": browser(staff(model)),
        }.items()
    }

    assert answers == {"nobody": {302}, "member": {302}, "staff": {403}, "viewer": {200}}


def test_leaves_session_and_permissions_for_app_to_read(model, sides):
    viewer = browser(staff(model))
    app_only = ('"session_key"', "tenants_user_user_permissions", '"password"')
    with captured_statements() as statements:
        read(viewer, list_of(model))

    found = [one for one in statements if any(name in one.sql for name in app_only)]
    assert len(found) >= len(app_only)
    assert {(one.role, one.read_only) for one in found} == {("app", False)}


def test_never_shows_what_is_secret(model, client, ada, sides):
    row = row_of(model, sides[0])
    html = "".join(
        read(client, address) for address in (list_of(model), page_of(row), page_of(row, "history"))
    )

    assert ada.password not in html
    assert sides[0].rows[Membership].user.password not in html
    assert sides[0].rows[Invitation].token_hash not in html
    for session in UserSession.objects.all():
        assert session.session_key not in html
        assert session.session_data not in html


def test_asks_as_often_for_many_rows_as_for_few(model, client, sides, monkeypatch):
    shown = admin.site._registry[model]
    pages = [page_of(row_of(model, side)) for side in sides]
    counts = []
    for rows in (2, len(pages)):
        monkeypatch.setattr(shown, "list_per_page", rows)
        html = read(client, list_of(model))
        counts.append((len(set(links(html, list_of(model)))), count(client, list_of(model))))

    (few, asked_for_few), (many, asked_for_many) = counts
    assert few < many
    assert asked_for_many == asked_for_few
    assert max(asked_for_few, count(client, pages[0])) <= 16


def test_says_what_is_not_there(model, client, sides):
    missing = copy(row_of(model, sides[0]))
    missing.pk = "00000000-0000-0000-0000-000000000000"

    answers = [client.get(page_of(missing)), client.get(page_of(missing, "history"))]

    assert [answer.headers["Location"] for answer in answers] == [reverse("admin:index")] * 2
    assert "Perhaps it was deleted?" in read(client, reverse("admin:index"))


def test_refuses_what_no_row_can_have(model, client):
    answer = client.get(list_of(model), {f"{model._meta.pk.name}__exact": "\0"})
    page = client.get(list_of(model) + "%00/change/")

    # Of a page Django says itself that there is no such row, as for any value its key cannot have.
    assert (answer.status_code, page.status_code) in {(302, 302), (400, 302)}


def test_that_takes_too_long_says_how_to_take_less(model, client, monkeypatch):
    def sleep(*_):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '1ms'")
            cursor.execute("SELECT pg_sleep(1)")

    monkeypatch.setattr(admin.site._registry[model], "get_changelist_instance", sleep)

    answer = client.get(list_of(model), follow=True)

    assert answer.redirect_chain == [(reverse("admin:index"), 302)]
    assert "choose a tenant first" in text(answer.content.decode())


def snapshot(model: Model) -> list[tuple[object, ...]]:
    secret = secrets_of(model)
    fields = [field.attname for field in model._meta.fields if field.name not in secret]
    with inspecting():
        return list(model._default_manager.order_by("pk").values_list(*fields))
