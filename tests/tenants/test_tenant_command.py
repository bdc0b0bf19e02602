"""`manage.py tenant`: found tenants and list them."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from tenants.context import acting_for
from tenants.errors import UnknownTenant
from tenants.models import Membership, Tenant
from tests.command_line import in_a_process, manage, url_of
from tests.factories import UserFactory
from tests.server import scratch_database


class TestCreate:
    def test_founds_a_tenant(self, committed, unique):
        answer = manage("tenant", "create", unique, "--name", "Rivera family", "--json").json

        with acting_for(Tenant.objects.id_of(unique)):
            tenant = Tenant.objects.get()
        assert (tenant.slug, tenant.name) == (unique, "Rivera family")
        assert (answer["slug"], answer["name"]) == (unique, "Rivera family")
        assert answer["id"] == str(tenant.pk)
        assert answer["since"].startswith(str(tenant.created_at.date()))

    def test_calls_it_by_its_slug_without_a_name(self, committed, unique):
        ran = manage("tenant", "create", unique)

        assert [line for line in ran.out.splitlines() if f"│ {unique} │ {unique} │" in line]

    def test_makes_a_user_its_owner_whatever_the_case_of_the_address(self, committed, unique):
        user = UserFactory(email=f"{unique}@example.com")

        manage("tenant", "create", unique, "--owner", f"{unique}@Example.COM".upper())

        with acting_for(Tenant.objects.id_of(unique)):
            member = Membership.objects.get()
        assert (member.user_id, member.role) == (user.pk, "owner")

    def test_refuses_an_owner_there_is_not_and_founds_nothing(self, committed, unique):
        ran = manage("tenant", "create", unique, "--owner", f"{unique}@example.com")

        ran.assert_refused("bad_tenant", f"{unique}@example.com")
        with pytest.raises(UnknownTenant):
            Tenant.objects.id_of(unique)

    def test_refuses_a_slug_that_is_taken(self, tenant):
        ran = manage("tenant", "create", tenant.slug, "--name", "Another")

        ran.assert_refused("slug_taken", tenant.slug)
        with acting_for(tenant):
            assert Tenant.objects.get().name == tenant.name

    @pytest.mark.parametrize("slug", ["Bad Slug", "ü", "a/b", "a.b", "", "x" * 51, "a\0"])
    def test_refuses_what_is_no_slug(self, committed, slug):
        ran = manage("tenant", "create", "--", slug)

        ran.assert_refused("bad_tenant")


class TestList:
    def test_lists_every_tenant_by_slug(self, tenant, other):
        rows = manage("tenant", "list", "--json").json

        slugs = [row["slug"] for row in rows]
        assert {tenant.slug, other.slug} <= set(slugs)
        assert slugs == sorted(slugs)
        [row] = [row for row in rows if row["slug"] == tenant.slug]
        assert (row["name"], row["id"]) == (tenant.name, str(tenant.pk))

    def test_prints_them_as_a_table(self, tenant):
        assert tenant.name in manage("tenant", "list").out


class TestChanges:
    def test_say_plan_trial_and_external_id(self, tenant, unique):
        until = (timezone.now() + timedelta(days=9)).date().isoformat()

        def said(verb: str, *words: str) -> str:
            return manage("tenant", verb, tenant.slug, *words).out.splitlines()[-1]

        assert said("plan", "team") == "active, plan team"
        assert said("trial", "business", "--until", until) == (
            f"trial, plan team, trial of business until {until}T00:00:00+00:00"
        )
        assert said("trial", "--end") == "active, plan team"
        assert said("external-id", unique) == f"active, plan team, external id {unique}"


def test_wants_to_know_what_to_do():
    ran = manage("tenant")

    assert (ran.code, ran.out) == (2, "")
    assert "create|suspend" in ran.err


def test_in_a_database_without_tables_says_what_to_do(committed, database):
    with scratch_database(f"{database}_bare") as bare:
        url = url_of(settings.DATABASES["default"], bare)
        ran = in_a_process("tenant", "list", env={"DATABASE_URL": url})

    ran.assert_refused("query_failed", "manage.py migrate")
