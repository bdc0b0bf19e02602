"""What the environment makes of the settings: what production adds, and what it refuses."""

import runpy
from collections.abc import Callable
from typing import Any

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from django.urls import reverse

from tests.browser import UNCOLLECTED
from tests.command_line import ROOT
from tests.factories import UserFactory

SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "0123456789" * 5,
    "ALLOWED_HOSTS": "budget.example.org",
    "DATABASE_URL": "postgresql://app@db/sluice?sslmode=verify-full&sslrootcert=ca.pem",
}
"""All that production asks for."""

TRANSPORT = (
    "SECURE_SSL_REDIRECT",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_HSTS_SECONDS",
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
)
"""Settings that make https a must; Django's own values leave all of it off."""

FORWARDED: dict[str, Any] = {"HTTP_X_FORWARDED_PROTO": "https"}
"""What a proxy adds that was asked by https, and itself asks by http."""

type Start = Callable[..., dict[str, Any]]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Start:
    """Reads the settings where these variables are set and no others, no `.env` either."""
    monkeypatch.setattr(environ.Env, "read_env", lambda *args: None)

    def start(**variables: str) -> dict[str, Any]:
        monkeypatch.setattr(environ.Env, "ENVIRON", variables)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return start


def transport(settings: dict[str, Any]) -> dict[str, Any]:
    """What the settings say of https."""
    return {name: settings[name] for name in TRANSPORT if name in settings}


class TestHttps:
    def test_is_a_must_in_production(self, start: Start):
        assert transport(start(**SAFE)) == {
            "SECURE_SSL_REDIRECT": True,
            "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
            "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
        }

    @pytest.mark.parametrize("name", ["development", "staging"])
    def test_is_no_must_elsewhere(self, start: Start, name: str):
        assert transport(start(ENVIRONMENT=name, SECRET_KEY=SAFE["SECRET_KEY"])) == {}

    def test_can_be_left_to_the_proxy_but_for_the_cookies(self, start: Start):
        found = transport(start(**SAFE, SECURE_SSL_REDIRECT="false", SECURE_HSTS_SECONDS="60"))

        assert (found["SECURE_SSL_REDIRECT"], found["SECURE_HSTS_SECONDS"]) == (False, 60)
        assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True

    @UNCOLLECTED
    def test_is_what_a_browser_is_told_in_production(self, start: Start, committed: None):
        with override_settings(**transport(start(**SAFE))):
            asked, client = Client().get(reverse("admin:login")), Client(**FORWARDED)
            answer = logged_in(client)

        assert (asked.status_code, asked["Location"]) == (
            301,
            f"https://testserver{reverse('admin:login')}",
        )
        assert answer["Strict-Transport-Security"] == "max-age=31536000"
        for name in ("sessionid", "csrftoken"):
            cookie = client.cookies[name]
            assert (cookie["secure"], cookie["samesite"]) == (True, "Lax"), name
        assert client.cookies["sessionid"]["httponly"] is True

    @UNCOLLECTED
    def test_is_not_what_a_browser_is_told_in_development(self, start: Start, committed: None):
        with override_settings(**transport(start())):
            client = Client()
            answer = logged_in(client)

        assert "Strict-Transport-Security" not in answer
        assert {name: bool(each["secure"]) for name, each in client.cookies.items()} == {
            "sessionid": False,
            "csrftoken": False,
        }
        assert client.cookies["sessionid"]["httponly"] is True


def logged_in(client: Client) -> Any:
    """The answer to the form of somebody who logs in to the admin."""
    user = UserFactory(is_staff=True)
    user.set_password("a l0ng secret")
    user.save()
    form = {"username": user.email, "password": "a l0ng secret"}
    answer = client.post(reverse("admin:login"), form)
    assert answer.status_code == 302
    return answer


class TestProduction:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"DEBUG": "on"}, "DEBUG is on"),
            ({"SECRET_KEY": "x" * 49}, "SECRET_KEY is weak"),
            ({"SECRET_KEY": "insecure" * 9}, "SECRET_KEY is weak"),
            ({"ALLOWED_HOSTS": "localhost,127.0.0.1"}, "ALLOWED_HOSTS has only local hosts"),
            ({"ALLOWED_HOSTS": "budget.example.org,*"}, "ALLOWED_HOSTS has only local hosts"),
            ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
            ({"DATABASE_URL": "postgresql://app@db/x"}, "DATABASE_URL lacks verified TLS"),
            (
                {"DATABASE_URL": "postgresql://app@db/x?sslmode=verify-full"},
                "DATABASE_URL lacks verified TLS",
            ),
            (
                {"DATABASE_URL": "postgresql://app@db/x?sslmode=require&sslrootcert=ca.pem"},
                "DATABASE_URL lacks verified TLS",
            ),
            (
                {"OWNER_DATABASE_URL": "postgresql://owner@db/x"},
                "OWNER_DATABASE_URL lacks verified TLS",
            ),
        ],
    )
    def test_refuses_to_start_on_what_is_unsafe_in_one_line(
        self, start: Start, changed: dict[str, str], said: str
    ):
        with pytest.raises(ImproperlyConfigured) as refused:
            start(**SAFE | changed)

        first, line = str(refused.value).splitlines()
        assert first == "production refuses to start:"
        assert line.strip().startswith(said)

    def test_names_everything_at_once(self, start: Start):
        with pytest.raises(ImproperlyConfigured) as refused:
            start(ENVIRONMENT="production", DEBUG="on")

        assert len(str(refused.value).splitlines()) == 1 + 4

    def test_takes_a_unix_socket_without_tls(self, start: Start):
        settings = start(**SAFE | {"DATABASE_URL": "postgresql://app@/sluice?host=/run/postgresql"})

        assert settings["DATABASES"]["default"]["EMBEDDED"] is False

    def test_is_no_more_in_need_of_a_secret_key_than_staging(self, start: Start):
        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is missing"):
            start(ENVIRONMENT="staging")

    def test_shows_no_details_of_an_error(self, start: Start):
        assert (start(**SAFE)["DEBUG"], start()["DEBUG"]) == (False, True)
