"""The admin: all tenants' rows to look at, read as inspector, and nothing to change."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import reverse

from budgets.models import Bucket, Budget
from tenants.admin import inspection
from tenants.admin.inspection import InspectingAdmin
from tenants.context import acting_for, inspecting
from tenants.models import Invitation, Membership, Tenant, TenantSlug, User
from tests.browser import (
    OURS,
    OWNED,
    UNCOLLECTED,
    browser,
    links,
    list_of,
    page_of,
    read,
    row_of,
    staff,
    text,
)
from tests.factories import MembershipFactory, TenantFactory, UserFactory
from tests.rows import Side

pytestmark = UNCOLLECTED

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada(committed, settings) -> User:
    """A superuser, whose password is hashed in no time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_superuser(UserFactory.build().email, PASSWORD)


@pytest.fixture
def client(ada: User) -> Client:
    return browser(ada)


@pytest.fixture
def sides(committed) -> tuple[Side, Side]:
    """Two tenants, with a row of each model."""
    return Side.of(TenantFactory()), Side.of(TenantFactory())


class TestSite:
    def test_has_a_name_and_shows_apps_and_models_with_the_main_ones_first(self, client):
        html = read(client, reverse("admin:index"))

        first = [list_of(model) for model in (Tenant, User, Membership, Budget, Bucket, Group)]
        assert text(html).startswith("All tenants | Sluice")
        assert [link for link in links(html, "/admin/") if link in first] == first

    def test_has_every_model_there_is(self):
        assert {
            model
            for model in OURS
            if not isinstance(admin.site._registry.get(model), InspectingAdmin)
        } == set()

    def test_lets_people_log_in_by_e_mail_and_out_again(self, ada):
        client = Client()
        index = reverse("admin:index")
        typed = {"username": ada.email.upper(), "password": PASSWORD, "next": index}

        answer = client.post(reverse("admin:login"), typed)

        assert (answer.status_code, answer.headers["Location"]) == (302, index)
        ada.refresh_from_db()
        assert ada.last_login is not None
        assert ada.email in read(client, index)
        assert client.post(reverse("admin:logout")).status_code == 200
        assert client.get(index).status_code == 302

    def test_lets_people_change_their_own_password(self, ada, client):
        new = PASSWORD[::-1]
        typed = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

        answer = client.post(reverse("admin:password_change"), typed)

        ada.refresh_from_db()
        assert (answer.status_code, ada.check_password(new)) == (302, True)

    def test_answers_autocompletion_while_inspecting(self, client, sides):
        query = {"app_label": "tenants", "model_name": "membership", "field_name": "tenant"}

        answer = client.get(reverse("admin:autocomplete"), query | {"term": sides[0].tenant.slug})

        [found] = answer.json()["results"]
        assert found == {"id": str(sides[0].tenant.pk), "text": sides[0].tenant.slug}


class TestTenantFilter:
    @pytest.mark.parametrize("model", [*OWNED, User], ids=lambda model: model.__name__)
    def test_shows_the_rows_of_one(self, model, client, sides):
        html = read(client, list_of(model), tenant=sides[0].tenant.slug)

        assert page_of(row_of(model, sides[0])) in html
        assert page_of(row_of(model, sides[1])) not in html

    def test_shows_nothing_of_one_that_is_not_there(self, client, sides):
        html = read(client, list_of(Membership), tenant="nobody-has-this")

        assert "0 memberships" in text(html)
        assert "nobody-has-this" in text(html)

    def test_lists_a_few_the_chosen_one_and_the_way_to_all_others(
        self, client, sides, monkeypatch, unique
    ):
        Tenant.objects.create_tenant(f"zzz-{unique}")
        monkeypatch.setattr(inspection, "MOST_TENANTS", 1)

        html = read(client, list_of(Membership), tenant=f"zzz-{unique}")

        slugs = re.findall(r'<a href="\?tenant=([^"]*)">', html)
        assert list(dict.fromkeys(slugs)) == [first_slug(), f"zzz-{unique}"]
        assert f'<a href="{list_of(Tenant)}">others …</a>' in html

    def test_leaves_out_the_way_to_others_when_there_are_none(self, client, sides, monkeypatch):
        monkeypatch.setattr(inspection, "MOST_TENANTS", 10_000)

        assert "others …" not in read(client, list_of(Membership))


def first_slug() -> str:
    with inspecting():
        return TenantSlug.objects.order_by("slug").values_list("slug", flat=True)[0]


class TestSecrets:
    @pytest.mark.parametrize(
        ("model", "lookup"),
        [
            (User, "password__startswith"),
            (Invitation, "token_hash__startswith"),
            (Membership, "user__password__startswith"),
        ],
    )
    def test_cannot_be_guessed_by_filtering(self, model, lookup, client, sides):
        assert client.get(list_of(model), {lookup: "a"}).status_code == 400

    def test_are_left_out_of_a_page_that_says_nothing_about_fields(self, sides):
        request = RequestFactory().get("/")
        page = InspectingAdmin(Invitation, admin.site)

        with inspecting():
            row = page.get_queryset(request).get(pk=sides[0].rows[Invitation].pk)

        assert "token_hash" not in page.get_fields(request)
        assert {"email", "tenant", "expires_at"} <= set(page.get_fields(request))
        assert row.get_deferred_fields() == {"token_hash"}


class TestPages:
    def test_a_tenant_leads_to_all_it_has(self, client, sides):
        html = read(client, page_of(sides[0].tenant))

        lists = links(html, "/admin/")
        assert {f"{list_of(model)}?tenant={sides[0].tenant.slug}" for model in OWNED} <= set(lists)
        assert sides[0].rows[Membership].user.email in html

    def test_a_user_shows_tenants_groups_and_permissions(self, client, sides, unique):
        user = staff(Tenant)
        user.groups.add(Group.objects.create(name=unique))
        for side in sides:
            with acting_for(side.tenant):
                MembershipFactory(user=user, role="viewer")

        shown = text(read(client, page_of(user)))

        assert all(side.tenant.slug in shown for side in sides)
        assert unique in shown
        assert "tenants.view_tenant" in shown

    def test_a_group_shows_what_its_members_may(self, client, unique):
        group = Group.objects.create(name=unique)
        group.permissions.set(staff(Tenant, Membership).user_permissions.all())

        shown = text(read(client, page_of(group)))

        assert "tenants.view_membership, tenants.view_tenant" in shown
        assert unique in read(client, list_of(Group))
        assert client.post(page_of(group), {"name": "x"}).status_code == 405

    def test_an_invitation_says_whether_it_can_still_be_taken(self, client, sides):
        invited = sides[0].rows[Invitation]
        slug = sides[0].tenant.slug
        shown = {}

        for state, changes in {
            "open": {},
            "expired": {"expires_at": invited.created_at},
            "accepted": {"accepted_at": invited.created_at},
        }.items():
            with acting_for(sides[0].tenant):
                Invitation.objects.filter(pk=invited.pk).update(**changes)
            shown[state] = text(read(client, list_of(Invitation), tenant=slug, state=state))

        assert all(f"Viewer {state}" in found for state, found in shown.items())

    def test_a_deleted_user_is_found_among_the_deleted(self, client, ada):
        gone = UserFactory(deleted_at=ada.created_at)

        found = {
            state: page_of(gone) in read(client, list_of(User), state=state)
            for state in ("active", "deleted")
        }

        assert found == {"active": False, "deleted": True}
        assert client.get(list_of(User), {"state": "odd"}).headers["Location"].endswith("?e=1")

    def test_text_of_others_is_not_taken_for_markup(self, client, unique):
        Tenant.objects.create_tenant(unique, "<script>alert(1)</script>")

        html = read(client, list_of(Tenant), q=unique)

        assert "&lt;script&gt;alert(1)" in html
        assert "<script>alert" not in html
