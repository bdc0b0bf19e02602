"""What the environment makes of the settings: what production adds, and what it refuses."""

import runpy
from collections.abc import Callable
from typing import Any, ClassVar

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

WILD = "ALLOWED_HOSTS has a wildcard"
NO_TLS = "DATABASE_URL lacks verified TLS"
REMOTE = (
    "app@/x?hostaddr=192.0.2.1",
    "app@/x?host=/run/postgresql&hostaddr=192.0.2.1",
    "app@/x?host=db",
    "app@/x?host=/run/postgresql,db",
    "app@h1,h2/x",
    "app@127.0.0.1/x",
    "app@db/x?sslmode=verify-ca&sslrootcert=ca.pem",
)
"""DSNs that lead to another machine, or may, in the ways that libpq knows."""
REMOTE_BY_VARIABLE: tuple[dict[str, str], ...] = (
    {"PGHOST": "db"},
    {"PGHOSTADDR": "192.0.2.1"},
    {"PGHOST": "/run/postgresql", "PGHOSTADDR": "192.0.2.1"},
    {"PGHOST": "db", "PGSSLMODE": "require"},
)
UNBOUND = (
    "postgresql://owner@/x",
    "postgresql://postgres@/x",
    "postgresql:///x?user=owner",
)

TRANSPORT = (
    "SECURE_SSL_REDIRECT",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD",
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
            "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
            "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
            "SECURE_HSTS_PRELOAD": False,
            "SESSION_COOKIE_SECURE": True,
            "CSRF_COOKIE_SECURE": True,
        }

    @pytest.mark.parametrize("name", ["development", "staging"])
    def test_is_no_must_elsewhere(self, start: Start, name: str):
        assert transport(start(ENVIRONMENT=name, SECRET_KEY=SAFE["SECRET_KEY"])) == {}

    def test_is_believed_of_a_proxy_only_where_there_is_one(self, start: Start):
        name = "SECURE_PROXY_SSL_HEADER"

        assert start(**SAFE, PROXIES="1")[name] == ("HTTP_X_FORWARDED_PROTO", "https")
        assert all(name not in start(**SAFE, **more) for more in ({}, {"PROXIES": "0"}))

    def test_may_be_asked_for_all_subdomains_and_for_the_lists_of_browsers(self, start: Start):
        asked = {"SECURE_HSTS_INCLUDE_SUBDOMAINS": "on", "SECURE_HSTS_PRELOAD": "on"}
        found = transport(start(**SAFE, **asked))

        assert [found[name] for name in asked] == [True, True]

    def test_can_be_left_to_the_proxy_but_for_the_cookies(self, start: Start):
        found = transport(start(**SAFE, SECURE_SSL_REDIRECT="false", SECURE_HSTS_SECONDS="60"))

        assert (found["SECURE_SSL_REDIRECT"], found["SECURE_HSTS_SECONDS"]) == (False, 60)
        assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True

    @UNCOLLECTED
    def test_is_what_a_browser_is_told_in_production(self, start: Start, committed: None):
        with override_settings(**transport(start(**SAFE, PROXIES="1"))):
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


class TestTheDatabase:
    @pytest.mark.parametrize(
        ("more", "is_on"),
        [
            ("", False),
            ("&server_side_binding=true", True),
            ("&server_side_binding=True", True),
            ("&server_side_binding=false", False),
        ],
    )
    def test_gets_values_beside_statements_if_its_dsn_says_so(
        self, start: Start, more: str, is_on: bool
    ):
        settings = start(**SAFE | {"DATABASE_URL": SAFE["DATABASE_URL"] + more})

        options = settings["DATABASES"]["default"]["OPTIONS"]
        assert options["server_side_binding"] is is_on

    def test_is_refused_if_it_says_neither(self, start: Start):
        url = SAFE["DATABASE_URL"] + "&server_side_binding=perhaps"

        with pytest.raises(ImproperlyConfigured, match="=true or =false, not 'perhaps'"):
            start(**SAFE | {"DATABASE_URL": url})


class TestProduction:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"DEBUG": "on"}, "DEBUG is on"),
            ({"SECRET_KEY": "x" * 49}, "SECRET_KEY is weak"),
            ({"SECRET_KEY": "insecure" * 9}, "SECRET_KEY is weak"),
            ({"ALLOWED_HOSTS": "localhost,127.0.0.1"}, "ALLOWED_HOSTS has only local hosts"),
            ({"ALLOWED_HOSTS": "localhost,[::1]"}, "ALLOWED_HOSTS has only local hosts"),
            *(
                ({"ALLOWED_HOSTS": f"budget.example.org,{wild}"}, WILD)
                for wild in ("*", "*.org", ".org")
            ),
            *(
                ({"CSRF_TRUSTED_ORIGINS": f"https://{wild}"}, "CSRF_TRUSTED_ORIGINS has a wildcard")
                for wild in ("*", "*.org")
            ),
            ({"SECRET_KEY": "x" * 60}, "SECRET_KEY is weak"),
            ({"SECRET_KEY": "abcabcabc" * 7}, "SECRET_KEY is weak"),
            ({"SECRET_KEY": "change-me" * 7}, "SECRET_KEY is weak"),
            ({"SECRET_KEY": "django-insecure-" + SAFE["SECRET_KEY"]}, "SECRET_KEY is weak"),
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
            *(({"DATABASE_URL": f"postgresql://{it}"}, NO_TLS) for it in REMOTE),
            *(({"DATABASE_URL": "postgresql://app@/x"} | it, NO_TLS) for it in REMOTE_BY_VARIABLE),
            ({"DATABASE_URL": "postgresql://app@/x?service=prod"}, "DATABASE_URL reads its server"),
            (
                {"DATABASE_URL": "postgresql://app@/x", "PGSERVICE": "prod"},
                "DATABASE_URL reads its server",
            ),
            *(({"DATABASE_URL": it}, "DATABASE_URL logs in as") for it in UNBOUND),
            (
                {"DATABASE_URL": "postgresql:///x", "PGUSER": "owner"},
                "DATABASE_URL logs in as owner",
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

    def test_takes_verified_tls_of_the_variables_of_libpq(self, start: Start):
        tls = {"PGHOST": "db", "PGSSLMODE": "verify-full", "PGSSLROOTCERT": "system"}

        assert start(**SAFE | {"DATABASE_URL": "postgresql://app@/x"}, **tls)["DATABASES"]

    def test_takes_the_subdomains_of_a_name_of_its_own(self, start: Start):
        hosts = {
            "ALLOWED_HOSTS": ".example.org",
            "CSRF_TRUSTED_ORIGINS": "https://*.example.org",
        }

        assert start(**SAFE | hosts)["ALLOWED_HOSTS"] == [".example.org"]


class TestStaging:
    STAGING: ClassVar = {"ENVIRONMENT": "staging", "SECRET_KEY": SAFE["SECRET_KEY"]}

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"DEBUG": "on"}, "DEBUG is on"),
            ({"SECRET_KEY": "x" * 60}, "SECRET_KEY is weak"),
            ({"ALLOWED_HOSTS": "*"}, WILD),
            ({"DATABASE_URL": "postgresql://app@db/x"}, NO_TLS),
            ({"DATABASE_URL": "postgresql://app@db/x", "PLAINTEXT_HOSTS": "other"}, NO_TLS),
            ({"DATABASE_URL": "postgresql://owner@/x"}, "DATABASE_URL logs in as owner"),
        ],
    )
    def test_refuses_to_start_on_the_same_in_one_line(self, start: Start, changed, said: str):
        with pytest.raises(ImproperlyConfigured) as refused:
            start(**self.STAGING | changed)

        first, line = str(refused.value).splitlines()
        assert first == "staging refuses to start:"
        assert line.strip().startswith(said)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "pgbouncer"])
    def test_takes_its_own_machine_and_what_it_names_without_tls(self, start: Start, host: str):
        dsn = {"DATABASE_URL": f"postgresql://app@{host}/x", "PLAINTEXT_HOSTS": "pgbouncer"}

        assert start(**self.STAGING | dsn)["DATABASES"]["default"]["HOST"] == host

    def test_is_the_only_environment_in_which_hosts_need_no_tls(self, start: Start):
        with pytest.raises(ImproperlyConfigured, match=NO_TLS):
            start(
                **SAFE
                | {"DATABASE_URL": "postgresql://app@pgbouncer/x", "PLAINTEXT_HOSTS": "pgbouncer"}
            )


class TestDevelopment:
    @pytest.mark.parametrize("variable", ["DATABASE_URL", "OWNER_DATABASE_URL"])
    @pytest.mark.parametrize("place", ["db/x", "/x?hostaddr=192.0.2.1", "/x?service=prod"])
    def test_is_not_what_a_database_elsewhere_gets_by_default(
        self, start: Start, variable: str, place: str
    ):
        dsns = {"DATABASE_URL": "postgresql://app@/x", variable: f"postgresql://role@{place}"}

        with pytest.raises(ImproperlyConfigured) as refused:
            start(**dsns)

        assert f"{variable} leads to another machine and ENVIRONMENT is not set" in str(
            refused.value
        )
        assert start(**dsns, ENVIRONMENT="development")["DEBUG"] is True

    @pytest.mark.parametrize("place", ["/x", "/x?host=/run/postgresql", "127.0.0.1/x", "[::1]/x"])
    def test_is_the_default_beside_the_database(self, start: Start, place: str):
        assert start(DATABASE_URL=f"postgresql://app@{place}")["DEBUG"] is True

    @pytest.mark.parametrize("dsn", UNBOUND)
    def test_logs_in_as_nobody_whom_row_security_does_not_bind(self, start: Start, dsn: str):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL logs in as"):
            start(DATABASE_URL=dsn)
