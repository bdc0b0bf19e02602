"""`manage.py user`: list users, show one, deactivate and restore one."""

import pytest
from django.test import Client

from tenants.context import acting_for
from tenants.models import Membership, Tenant, User
from tests.command_line import manage
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def user(committed, unique) -> User:
    return UserFactory(email=f"{unique}@example.com", first_name="Ana", last_name=unique)


@pytest.fixture
def member(tenant, user) -> Membership:
    """The user's membership, beside an owner."""
    with acting_for(tenant):
        MembershipFactory(role="owner")
        return Membership.objects.join(user, "editor")


class TestList:
    def test_finds_by_a_part_of_a_name(self, user, unique):
        answer = manage("user", "list", "--search", unique[:8], "--json").json

        [found] = answer["users"]
        assert (found["email"], found["id"]) == (user.email, str(user.pk))
        assert (found["first_name"], found["deactivated"]) == ("Ana", None)
        assert answer["next"] is answer["previous"] is None
        assert "password" not in str(answer)

    def test_goes_page_by_page(self, unique):
        for number in range(3):
            UserFactory(email=f"{number}-{unique}@example.com")

        asked = ("user", "list", "--search", unique, "--sort", "email", "--limit", 2, "--json")
        first = manage(*asked).json
        second = manage(*asked, "--cursor", first["next"]).json

        said = [row["email"] for page in (first, second) for row in page["users"]]
        assert said == [f"{number}-{unique}@example.com" for number in range(3)]
        assert (second["next"], second["previous"] is None) == (None, False)

    def test_prints_a_table_and_how_to_go_on(self, unique):
        for number in range(2):
            UserFactory(email=f"{number}-{unique}@example.com")

        ran = manage("user", "list", "--search", unique, "--limit", 1)

        assert f"1-{unique}@example.com" in ran.out
        assert "next: --cursor " in ran.out

    def test_has_the_deactivated_apart(self, user, unique):
        User.objects.deactivate(user)

        active = manage("user", "list", "--search", unique, "--json").json
        gone = manage("user", "list", "--search", unique, "--deactivated", "--json").json

        assert active["users"] == []
        assert [row["email"] for row in gone["users"]] == [user.email]
        assert gone["users"][0]["deactivated"]

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("--sort", "password"), "bad_sort"),
            (("--search", "ab"), "bad_search"),
            (("--limit", "many"), "bad_limit"),
            (("--cursor", "x"), "bad_cursor"),
        ],
    )
    def test_refuses_what_is_asked_badly(self, words, code):
        manage("user", "list", *words).assert_refused(code)


class TestShow:
    def test_tells_memberships_and_sessions(self, user, tenant, member):
        Client().force_login(user)

        answer = manage("user", "show", user.email.upper(), "--json").json

        [place] = answer["memberships"]
        assert (place["tenant"], place["role"], place["ended"]) == (tenant.slug, "editor", None)
        assert len(answer["sessions"]) == 1
        assert answer["sessions"][0].keys() == {"session", "ip", "seen"}

    def test_prints_tables(self, user, tenant, member):
        ran = manage("user", "show", user.pk)

        assert (ran.code, user.email in ran.out) == (0, True)
        assert f"{tenant.slug}" in ran.out.replace("\n", "")


class TestDeactivate:
    def test_ends_what_they_may_do(self, user, member):
        answer = manage("user", "deactivate", user.email, "--json").json

        assert answer["deactivated"]
        assert [place["ended"] for place in answer["memberships"]] == [answer["deactivated"]]
        assert Tenant.objects.ids_of_user(user) == []

    def test_twice_says_the_same(self, user):
        first = manage("user", "deactivate", user.email, "--json").json

        assert manage("user", "deactivate", user.email, "--json").json == first

    def test_of_a_last_owner_is_one_line_that_names_the_tenant(self, user, tenant):
        with acting_for(tenant):
            Membership.objects.join(user, "owner")

        ran = manage("user", "deactivate", user.email)

        ran.assert_refused("last_owner", tenant.slug, user.email)

    @pytest.mark.parametrize("verb", ["show", "deactivate", "restore"])
    @pytest.mark.parametrize(
        "said", ["nobody@example.com", "", "\0", "0190c6f4-0000-7000-8000-000000000001"]
    )
    def test_of_nobody_is_refused(self, verb, said):
        manage("user", verb, said).assert_refused("bad_user", "there is no user")


class TestRestore:
    def test_brings_back_the_memberships(self, user, tenant, member):
        manage("user", "deactivate", user.email)

        answer = manage("user", "restore", user.email, "--json").json

        assert (answer["deactivated"], answer["memberships"][0]["ended"]) == (None, None)
        assert Tenant.objects.ids_of_user(user) == [tenant.pk]

    def test_of_an_address_that_is_taken_says_so(self, user):
        manage("user", "deactivate", user.email)
        UserFactory(email=user.email)

        manage("user", "restore", user.email).assert_refused("unique_broken", "email")

    def test_of_several_asks_which(self, user):
        for _ in range(2):
            User.objects.deactivate(User.objects.get_by_name(user.email))
            UserFactory(email=user.email)

        ran = manage("user", "restore", user.email)

        ran.assert_refused("bad_user", "use an id", str(user.pk))
        User.objects.deactivate(User.objects.get_by_name(user.email))
        assert manage("user", "restore", user.pk, "--json").json["deactivated"] is None


def test_wants_to_know_what_to_do():
    ran = manage("user")

    assert (ran.code, ran.out) == (2, "")
    assert "list|show" in ran.err


def test_helps_with_examples():
    ran = manage("user", "--help")

    assert "manage.py user deactivate ana@example.com" in ran.out
