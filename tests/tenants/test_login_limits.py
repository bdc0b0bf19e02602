"""Log-ins after too many failures: refused before the password is looked at."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import aauthenticate, authenticate
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.access import login_limits
from tenants.access.limits import Limit
from tenants.models import LoginFailure
from tenants.sessions import ip_of
from tests.browser import UNCOLLECTED
from tests.factories import UserFactory

pytestmark = [pytest.mark.usefixtures("committed", "few"), UNCOLLECTED]

SECRET, WRONG = "a l0ng secret", "a wr0ng secret"
HOME, OFFICE, NEIGHBOUR = "192.0.2.1", "198.51.100.1", "192.0.2.254"


@pytest.fixture
def few():
    """Fewer than in production, so that tests are short."""
    limits = {"address and network": (2, 900), "address": (4, 900), "network": (6, 900)}
    LoginFailure.objects.all().delete()
    with override_settings(LOGIN_LIMITS=limits):
        yield
    LoginFailure.objects.all().delete()


@pytest.fixture
def user():
    user = UserFactory(is_staff=True)
    user.set_password(SECRET)
    user.save()
    return user


def tried(email: str, ip: str = HOME, password: str = WRONG, **headers: Any):
    """The answer to the form of the log-in."""
    client = Client(REMOTE_ADDR=ip, **headers)
    return client.post(reverse("admin:login"), {"username": email, "password": password})


def enters(email: str, ip: str = HOME, **headers: Any) -> bool:
    """Whether the right password is taken."""
    return tried(email, ip, SECRET, **headers).status_code == 302


class TestALogIn:
    def test_is_refused_after_too_many_failures_from_one_network(self, user):
        assert enters(user.email)
        tried(user.email), tried(user.email, NEIGHBOUR)

        answer = tried(user.email, password=SECRET)

        assert answer.status_code == 200
        assert "Too many log-ins failed: try again in 15 minutes" in answer.content.decode()
        assert not enters(user.email.upper())

    def test_from_another_network_goes_on(self, user):
        tried(user.email), tried(user.email)

        assert enters(user.email, OFFICE)

    def test_with_another_address_goes_on(self, user):
        tried("somebody@example.com"), tried("somebody@example.com")

        assert enters(user.email)

    def test_is_refused_after_too_many_failures_from_many_networks(self, user):
        for host in range(4):
            tried(user.email, f"203.0.{host}.1")

        assert not enters(user.email, OFFICE)

    def test_is_refused_after_too_many_failures_of_many_addresses(self, user):
        for number in range(6):
            tried(f"{number}@example.com")

        assert not enters(user.email, NEIGHBOUR)
        assert enters(user.email, OFFICE)

    def test_of_nobody_is_refused_alike(self):
        tried("nobody@example.com"), tried("nobody@example.com")

        assert "Too many log-ins" in tried("nobody@example.com").content.decode()

    def test_that_is_refused_makes_it_no_longer(self, user):
        tried(user.email), tried(user.email)
        for _ in range(3):
            tried(user.email)
        assert LoginFailure.objects.filter(email=user.email.lower()).count() == 2

        later = timezone.now() + timedelta(seconds=901)
        assert LoginFailure.objects.wait_of(user.email, HOME, later) == 0

    def test_is_possible_again_when_the_oldest_failure_is_old_enough(self, user):
        now = timezone.now()
        for seconds in (880, 10):
            at = now - timedelta(seconds=seconds)
            LoginFailure.objects.create(email=user.email.lower(), ip=HOME, at=at)

        assert LoginFailure.objects.wait_of(user.email, HOME, now) == 20
        assert LoginFailure.objects.wait_of(user.email, HOME, now + timedelta(seconds=20)) == 0

    def test_does_not_look_at_the_password(self, user, monkeypatch):
        tried(user.email), tried(user.email)
        monkeypatch.setattr(type(user), "check_password", None)

        assert not enters(user.email)

    def test_takes_one_statement_to_count(self, user):
        with CaptureQueriesContext(connection) as queries:
            LoginFailure.objects.wait_of(user.email, HOME)

        assert len(queries) == 1

    def test_without_a_request_is_counted_by_the_address(self, user):
        for _ in range(4):
            assert authenticate(None, username=user.email, password=WRONG) is None

        assert authenticate(None, username=user.email, password=SECRET) is None
        assert asyncio.run(aauthenticate(None, username=user.email, password=SECRET)) is None


class TestTheNetwork:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("192.0.2.1", "192.0.2.255", True),
            ("192.0.2.1", "192.0.3.1", False),
            ("192.0.2.1", "::ffff:192.0.2.7", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.7", True),
            ("::ffff:192.0.2.1", "::ffff:192.0.3.7", False),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ],
    )
    def test_is_that_of_one_customer(self, unique, one, other, same):
        for _ in range(2):
            LoginFailure.objects.record(unique, one)

        assert bool(LoginFailure.objects.wait_of(unique, other)) is same

    @pytest.mark.parametrize(
        ("proxies", "forwarded", "found"),
        [
            (0, "203.0.113.9", HOME),
            (1, "203.0.113.9", "203.0.113.9"),
            (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),
            (2, "198.51.100.66, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
            (2, "203.0.113.9", HOME),
            (1, "", HOME),
            (1, "what a proxy never writes", HOME),
        ],
    )
    def test_is_told_by_our_proxies_alone(self, proxies, forwarded, found):
        request = RequestFactory().get("/", REMOTE_ADDR=HOME, HTTP_X_FORWARDED_FOR=forwarded)

        with override_settings(PROXIES=proxies):
            assert ip_of(request) == found

    def test_cannot_be_changed_by_a_header_of_the_clients(self, user):
        with override_settings(PROXIES=1):
            for number in range(2):
                forged = f"198.51.100.{number}, {HOME}"
                tried(user.email, "10.0.0.1", HTTP_X_FORWARDED_FOR=forged)

            assert not enters(user.email, "10.0.0.1", HTTP_X_FORWARDED_FOR=f"192.0.77.1, {HOME}")
            assert enters(user.email, "10.0.0.1", HTTP_X_FORWARDED_FOR=OFFICE)


@override_settings(LOGIN_LIMITS={})
def test_by_default_a_person_has_ten_attempts():
    assert login_limits.LIMITS["address and network"] == Limit(10, 900)
    for _ in range(10):
        assert LoginFailure.objects.wait_of("ten@example.com", HOME) == 0
        LoginFailure.objects.record("ten@example.com", HOME)

    assert 0 < LoginFailure.objects.wait_of("ten@example.com", HOME) <= 900
