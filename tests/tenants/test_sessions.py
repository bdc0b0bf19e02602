"""Sessions one can list and revoke; log-ins that failed; and what sweeps them away."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_address

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth import alogin, authenticate, login
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.context import acting_for, inspecting
from tenants.errors import NotAllowed, TenantViolation
from tenants.models import LoginFailure, SystemSettings, User, UserSession
from tenants.refusals import SessionRevoked
from tenants.sessions import SessionStore
from tenants.tasks import clean_sessions
from tests.browser import UNCOLLECTED
from tests.command_line import manage
from tests.factories import MembershipFactory, UserFactory
from tests.threads import in_thread, wait_until_one_waits

pytestmark = [UNCOLLECTED, pytest.mark.usefixtures("committed")]


@pytest.fixture
def user(committed) -> User:
    return UserFactory(password="correct horse", is_staff=True)


def logged_in(user: User, agent: str = "Firefox") -> Client:
    """A browser that went through the log-in page."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR="192.0.2.7")
    form = {"username": user.email, "password": "correct horse"}
    assert client.post(reverse("admin:login"), form).status_code == 302
    return client


def key_of(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def home(client: Client) -> int:
    return client.get(reverse("admin:index")).status_code


class TestStore:
    def test_is_the_one_in_the_settings(self):
        assert import_module(settings.SESSION_ENGINE).SessionStore is SessionStore

    def test_knows_whose_a_session_is_and_where_it_began(self, user):
        logged_in(user, "Firefox\0" + "x" * 500)

        [session] = UserSession.objects.of(user)
        assert (session.user, session.ip) == (user, "192.0.2.7")
        assert session.user_agent == ("Firefox" + "x" * 500)[:300]
        assert session.created_at <= session.last_seen_at <= timezone.now()

    def test_keeps_the_session_through_changes_of_its_data(self, user):
        logged_in(user)
        [session] = UserSession.objects.of(user)
        store = SessionStore(session.session_key)
        store["colour"] = "red"
        store.save()

        [after] = UserSession.objects.of(user)
        assert (after.pk, after.created_at) == (session.pk, session.created_at)
        assert SessionStore(session.session_key)["colour"] == "red"

    def test_has_another_key_and_owner_after_each_log_in_and_none_after_log_out(self, user):
        client = Client()
        client.force_login(user)
        first, other = key_of(client), UserFactory()

        client.force_login(other)

        assert key_of(client) != first
        assert UserSession.objects.get(session_key=key_of(client)).user == other
        assert not UserSession.objects.filter(session_key=first).exists()
        client.logout()
        assert not UserSession.objects.filter(user=other).exists()

    def test_of_nobody_has_no_user(self):
        store = SessionStore()
        store["colour"] = "red"
        store.save()

        assert UserSession.objects.get(session_key=store.session_key).user is None

    def test_works_asynchronously(self, user):
        request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::1", HTTP_USER_AGENT="curl")
        request.session = SessionStore()

        async def enter():
            await alogin(request, user, "django.contrib.auth.backends.ModelBackend")
            await request.session.asave()
            return await SessionStore(request.session.session_key).aload()

        loaded = async_to_sync(enter)()

        [session] = UserSession.objects.of(user)
        assert loaded["_auth_user_id"] == str(user.pk)
        assert (session.ip, session.user_agent) == ("2001:db8::1", "curl")

    def test_a_revoked_session_is_not_brought_back_by_a_request_that_was_under_way(self, user):
        client = logged_in(user)
        store = SessionStore(key_of(client))
        store["colour"] = "red"
        UserSession.objects.revoke_all(user)

        with pytest.raises(UpdateError):
            store.save()

        assert not UserSession.objects.filter(user=user).exists()

    @pytest.mark.parametrize("anew", ["save", "create", "cycle_key"])
    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_a_revoked_session_gets_no_other_key(self, user, anew, asynchronous):
        client = logged_in(user)
        store = SessionStore(key_of(client))
        assert store["_auth_user_id"] == str(user.pk)
        UserSession.objects.revoke_all(user)

        with pytest.raises(SessionRevoked) as caught:
            async_to_sync(getattr(store, f"a{anew}"))() if asynchronous else getattr(store, anew)()

        assert isinstance(caught.value, UpdateError)
        assert caught.value.code == "session_revoked"
        assert store.session_key == key_of(client)
        assert not UserSession.objects.filter(user=user).exists()

    def test_a_log_in_of_a_request_whose_session_was_revoked_is_answered_with_400(self, user):
        client = logged_in(user)
        form = {"username": user.email, "password": "correct horse"}

        def revoke(**_):
            UserSession.objects.revoke_all(user)

        user_logged_in.connect(revoke)
        try:
            answer = client.post(reverse("admin:login"), form)
        finally:
            user_logged_in.disconnect(revoke)

        assert answer.status_code == 400
        assert not UserSession.objects.filter(user=user).exists()

    def test_another_key_keeps_the_row_and_its_data(self, user):
        client = logged_in(user)
        [before] = UserSession.objects.of(user)
        store = SessionStore(key_of(client))
        store["colour"] = "red"
        store.cycle_key()

        [after] = UserSession.objects.of(user)
        assert after.pk == before.pk
        assert after.session_key == store.session_key != before.session_key
        assert SessionStore(store.session_key)["colour"] == "red"
        assert store.modified
        assert SessionStore(before.session_key).load() == {}

    def test_a_session_that_is_live_can_be_copied(self, user):
        store = SessionStore(key_of(logged_in(user)))
        assert store["_auth_user_id"]

        store.create()

        assert UserSession.objects.of(user).count() == 2

    @pytest.mark.parametrize("key", ["", "x" * 32])
    def test_a_key_that_was_never_read_is_replaced(self, user, key):
        for anew in ("create", "cycle_key"):
            store = SessionStore(key or None)

            getattr(store, anew)()

            assert store.session_key not in (None, key)

    @pytest.mark.parametrize("anew", ["create", "cycle_key"])
    @pytest.mark.parametrize("first", ["revoke", "renew"])
    def test_a_session_that_is_revoked_at_the_same_time_does_not_survive(self, user, anew, first):
        """Whoever is second waits for the first, and finds what it did."""
        store = SessionStore(key_of(logged_in(user)))
        assert store["_auth_user_id"]

        def renew():
            with suppress(SessionRevoked):
                getattr(store, anew)()

        def revoke():
            UserSession.objects.revoke_all(user)

        earlier, later = (revoke, renew) if first == "revoke" else (renew, revoke)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                earlier()
                waiting = pool.submit(in_thread, later)
                wait_until_one_waits()
            waiting.result(10)

        assert not UserSession.objects.filter(user=user).exists()

    @pytest.mark.parametrize(
        ("address", "kept"),
        [
            ("", None),
            ("unix:", None),
            ("fe80::1%eth0", "fe80::1"),
            # With its zone it is longer than any address, and so would be taken for none.
            ("fe80::7ae7:d1ff:feea:46da%enx78e7d1ea46da", "fe80::7ae7:d1ff:feea:46da"),
            ("192.0.2.1", "192.0.2.1"),
        ],
    )
    def test_what_is_no_address_is_left_out_and_so_is_the_zone_of_one(self, user, address, kept):
        request = RequestFactory().get("/", REMOTE_ADDR=address)
        request.session = SessionStore()
        login(request, user, "django.contrib.auth.backends.ModelBackend")
        request.session.save()

        [session] = UserSession.objects.of(user)
        assert session.ip == (kept and str(ip_address(kept)))


class TestRevoking:
    def test_ends_one_session_and_no_other(self, user):
        phone, laptop = logged_in(user, "Phone"), logged_in(user, "Laptop")
        listed = {session.user_agent: session for session in UserSession.objects.of(user)}

        assert UserSession.objects.revoke(user, listed["Phone"].pk)

        assert (home(phone), home(laptop)) == (302, 200)
        assert not UserSession.objects.revoke(user, listed["Phone"].pk)

    def test_of_somebody_elses_session_does_nothing(self, user):
        client = logged_in(user)
        [session] = UserSession.objects.of(user)

        assert not UserSession.objects.revoke(UserFactory(), session.pk)

        assert home(client) == 200

    def test_ends_all_others(self, user):
        clients = [logged_in(user) for _ in range(3)]

        assert UserSession.objects.revoke_all(user, but=key_of(clients[0])) == 2

        assert [home(client) for client in clients] == [200, 302, 302]

    def test_ends_all(self, user):
        client = logged_in(user)

        assert UserSession.objects.revoke_all(user) == 1

        assert home(client) == 302

    @pytest.fixture
    def place(self, tenant, other, user):
        """Members of one tenant: an owner, the user, one who is a member elsewhere too."""
        with acting_for(tenant):
            owner = MembershipFactory(role="owner").user
            MembershipFactory(role="editor", user=user)
            abroad = MembershipFactory(role="editor").user
        with acting_for(other):
            MembershipFactory(role="owner", user=abroad)
            stranger = MembershipFactory(role="owner").user
        people = {"owner": owner, "user": user, "abroad": abroad, "stranger": stranger}
        people["nobody"] = UserFactory()
        for each in people.values():
            each.client = Client()
            each.client.force_login(each)
        return people

    @pytest.mark.parametrize("one", [True, False])
    @pytest.mark.parametrize(
        ("who", "whose", "may"),
        [
            ("user", "user", True),
            ("abroad", "abroad", True),
            ("owner", "owner", True),
            ("owner", "user", True),
            ("user", "owner", False),
            ("abroad", "user", False),
            ("owner", "abroad", False),
            ("owner", "stranger", False),
            ("owner", "nobody", False),
        ],
    )
    def test_is_for_the_user_and_for_an_owner_of_the_users_only_tenant(
        self, tenant, place, who, whose, may, one
    ):
        target = place[whose]
        [session] = UserSession.objects.of(target)

        with acting_for(tenant, member=place[who]):
            assert UserSession.objects.of(target).exists() == may
            assert UserSession.objects.filter(pk=session.pk).exists() == may
            assert target.sessions.exists() == may
            with nullcontext() if may else pytest.raises(NotAllowed):
                if one:
                    assert UserSession.objects.revoke(target, session.pk)
                    assert not UserSession.objects.revoke(target, session.pk)
                else:
                    assert UserSession.objects.revoke_all(target) == 1

        assert UserSession.objects.of(target).exists() != may

    def test_without_the_verb_is_for_nobody_with_a_role(self, tenant, place, user):
        [session] = UserSession.objects.of(user)
        for role in ("owner", "editor", "service"):
            with acting_for(tenant, actor=user, role=role):
                for way in (
                    UserSession.objects.all().delete,
                    QuerySet(UserSession).delete,
                    session.delete,
                    session.save,
                    lambda: UserSession.objects.update(user=user),
                    lambda: QuerySet(UserSession).update(user=user),
                    lambda: UserSession.objects.create(session_key="x", expire_date=timezone.now()),
                ):
                    with pytest.raises(NotAllowed):
                        way()
        with acting_for(tenant, actor=user, role="viewer"), pytest.raises(NotAllowed):
            UserSession.objects.revoke_all(user)

        assert UserSession.objects.of(user).count() == 1

    def test_of_everybody_is_for_the_system(self, tenant, place):
        for whose in ("user", "abroad", "stranger"):
            with acting_for(tenant):
                assert UserSession.objects.revoke_all(place[whose]) == 1

    def test_a_request_keeps_renews_and_ends_its_own_session_in_a_members_block(
        self, tenant, place, user
    ):
        store = SessionStore(key_of(user.client))
        with acting_for(tenant, member=user):
            store["colour"] = "red"
            store.save()
            store.cycle_key()
            store.create()
            assert UserSession.objects.of(user).count() == 2
            store.flush()
            assert UserSession.objects.of(user).count() == 1

    def test_an_expired_session_is_neither_listed_nor_good(self, user):
        client = logged_in(user)
        UserSession.objects.filter(user=user).update(expire_date=timezone.now())

        assert home(client) == 302
        assert not UserSession.objects.of(user).exists()


class TestLastSeen:
    def seen(self, user: User):
        return UserSession.objects.get(user=user).last_seen_at

    def test_is_written_at_most_once_a_minute(self, user):
        client = logged_in(user)
        store = SessionStore(key_of(client))
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9")
        first = self.seen(user)
        store.load()

        with CaptureQueriesContext(connection) as queries:
            store.touch(request)
        assert (len(queries), self.seen(user)) == (0, first)

        long_ago = timezone.now() - timedelta(seconds=61)
        UserSession.objects.filter(user=user).update(last_seen_at=long_ago)
        store.load()
        with CaptureQueriesContext(connection) as queries:
            store.touch(request)
            store.touch(request)
        assert len(queries) == 1
        assert self.seen(user) > first
        assert UserSession.objects.get(user=user).ip == "192.0.2.9"


class TestLoginFailures:
    def test_are_written_down_folded_and_without_the_password(self, user):
        client = Client(REMOTE_ADDR="192.0.2.8")
        email = f" {user.email.upper()} "

        client.post(reverse("admin:login"), {"username": email, "password": "wr0ng secret"})

        [failure] = LoginFailure.objects.filter(email=user.email.lower()).values()
        assert failure["ip"] == "192.0.2.8"
        assert timezone.now() - failure["at"] < timedelta(minutes=1)
        assert "wr0ng" not in str(failure)

    def test_of_whatever_somebody_typed_are_kept_as_far_as_they_can_be(self, unique):
        for typed in (f"{unique}\0\n", f"{unique}" + "x" * 300):
            assert authenticate(None, username=typed, password="secret") is None

        kept = LoginFailure.objects.filter(email__startswith=unique).order_by("pk")
        assert [len(each.email) for each in kept] == [len(unique), 255]
        assert kept[0].ip is None

    def test_a_log_in_that_works_leaves_none(self, user):
        logged_in(user)

        assert not LoginFailure.objects.filter(email=user.email.lower()).exists()


class TestCleaning:
    def test_removes_what_has_expired_and_nothing_else(self, user, unique, monkeypatch):
        monkeypatch.setattr("tenants.managers.sessions.BATCH", 2)
        kept, *gone = [logged_in(user) for _ in range(6)]
        UserSession.objects.filter(session_key__in=[key_of(client) for client in gone]).update(
            expire_date=timezone.now() - timedelta(seconds=1)
        )
        days = SystemSettings.objects.current().values.login_failure_days
        for age in (0, days - 1, days + 1):
            LoginFailure.objects.create(email=unique, at=timezone.now() - timedelta(days=age))

        result = clean_sessions.enqueue()

        assert result.return_value["sessions"] >= 5
        assert result.return_value["login_failures"] >= 1
        assert [each.session_key for each in user.sessions.all()] == [key_of(kept)]
        assert LoginFailure.objects.filter(email=unique).count() == 2

    def test_is_a_command_too(self):
        manage("clean_sessions")

        answer = manage("clean_sessions", "--json").json

        assert answer == {"sessions": 0, "login_failures": 0}
        assert manage("clean_sessions").out == "sessions: 0\nlogin failures: 0\n"
        assert manage("clean_sessions", "--enqueue").out.startswith("task: ")


@pytest.mark.parametrize("column", ["session_key", "session_data"])
def test_inspector_cannot_read_a_key(user, column):
    logged_in(user)

    with pytest.raises(TenantViolation), inspecting():
        list(UserSession.objects.values_list(column))
