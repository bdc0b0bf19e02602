"""`manage.py serve`: says where it is and who may log in, or what is missing."""

import os
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tenants.errors import TenantViolation
from tenants.management import migration_state
from tenants.management.commands.serve import CannotServe, login, parse, require_migrated
from tenants.management.seeding import DEV_EMAIL, DEV_PASSWORD
from tenants.models import User
from tests.command_line import ROOT, app_url, manage


@pytest.fixture
def taken():
    """A port somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def hear_ctrl_c():
    """A run of the tests that a script put in the background ignores SIGINT; so would its child."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_serves_until_it_is_stopped(committed):
    command = [sys.executable, "manage.py", "serve", "127.0.0.1:0"]
    env = os.environ | {"DATABASE_URL": app_url(), "ENVIRONMENT": "development"}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    ) as server:
        try:
            assert server.stdout is not None
            where = server.stdout.readline().removeprefix("Sluice is at ").strip()
            page = urlopen(where, timeout=20).read().decode()  # noqa: S310  # our own server
            server.send_signal(signal.SIGINT)
            said = server.stdout.read()
        finally:
            server.kill()

    assert where.startswith("http://127.0.0.1:")
    assert "<title>Log in | Sluice</title>" in page
    assert said.splitlines()[-1] == "Stop the server with Ctrl-C."
    assert server.returncode == 0


def test_a_taken_port_is_one_line_that_names_the_next(committed, taken):
    manage("serve", taken).assert_refused("cannot_serve", f"`manage.py serve {taken + 1}`")


@pytest.mark.parametrize(
    "address", ["", "x", "65536", "127.0.0.1:", "a b:80", "::1:80", "1.5", "-1"]
)
def test_what_is_no_address_is_one_line_that_shows_one(address):
    with pytest.raises(CannotServe, match=r"127\.0\.0\.1:8000"):
        parse(address)


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("8001", "127.0.0.1", 8001),
        ("0.0.0.0:80", "0.0.0.0", 80),  # noqa: S104  # read, not bound
        ("localhost:8000", "localhost", 8000),
        ("[::1]:8000", "::1", 8000),
    ],
)
def test_an_address_may_leave_out_the_host(address, host, port):
    assert parse(address) == (host, port)


def test_a_host_of_somebody_else_is_one_line(committed):
    manage("serve", "192.0.2.1:8000").assert_refused("cannot_serve", "192.0.2.1")


def test_a_database_without_its_tables_is_one_line_that_says_what_to_do(committed, monkeypatch):
    class Behind(MigrationExecutor):
        def migration_plan(self, targets, clean_start=False):
            return super().migration_plan(targets, clean_start=True)

    monkeypatch.setattr(migration_state, "MigrationExecutor", Behind)

    manage("serve", "0").assert_refused("cannot_serve", "`make demo`", "`manage.py migrate`")


def test_a_database_half_migrated_is_one_line_too(committed, monkeypatch):
    def refuse(*_):
        raise TenantViolation

    monkeypatch.setattr(migration_state, "MigrationExecutor", refuse)

    with pytest.raises(CannotServe, match="make demo"):
        require_migrated()


class TestLogin:
    def test_is_named_once_there_is_one(self, committed, settings):
        settings.ENVIRONMENT = "development"
        admins = User.objects.active().by_email(DEV_EMAIL)
        admins.update(deleted_at=timezone.now())
        before = login()
        User.objects.create_superuser(DEV_EMAIL)

        after = login()

        admins.update(deleted_at=timezone.now())
        assert "seed dev" in before
        assert (DEV_EMAIL in after, DEV_PASSWORD in after) == (True, True)

    @pytest.mark.parametrize("environment", ["staging", "production"])
    def test_is_not_mentioned_elsewhere(self, environment, settings):
        settings.ENVIRONMENT = environment

        assert login() == ""
