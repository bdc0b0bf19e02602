"""Each way of not getting a connection, met at a real server, and what becomes of it."""

import re
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

from tenants.embedded.server import EmbeddedServer
from tenants.errors import DatabaseFailed, PoolExhausted, Unavailable
from tenants.management.exit_codes import BAD_INPUT, CONNECTION_FAILED, code_of_error
from tenants.postgres.base import DatabaseWrapper
from tenants.postgres.connecting import (
    CannotConnect,
    LoginRefused,
    TlsRefused,
    TooManyConnections,
    UnknownDatabase,
    UnknownHost,
    WrongPassword,
)
from tenants.postgres.retry import retried, until_back
from tests.command_line import Ran, in_a_process, manage
from tests.tenants.test_embedded import open_folder
from tests.tenants.test_errors import wrapper

pytestmark = pytest.mark.usefixtures("committed")

HBA = """
local all guarded scram-sha-256
host all guarded 127.0.0.1/32 scram-sha-256
host all nobody 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
"""
ROLES = """
CREATE ROLE guarded LOGIN PASSWORD 'right';
CREATE ROLE resting NOLOGIN;
CREATE ROLE crowded LOGIN CONNECTION LIMIT 0;
CREATE ROLE single LOGIN CONNECTION LIMIT 1;
CREATE DATABASE private;
REVOKE CONNECT ON DATABASE private FROM PUBLIC;
GRANT CONNECT ON DATABASE sluice TO single;
CREATE DATABASE closed ALLOW_CONNECTIONS false;
"""
AT_ONCE = 10.0
"""Seconds, on a busy machine; the pools here would wait for sixty."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Server(EmbeddedServer):
    """One that listens on the network, at `port`, and asks some for a password."""

    port = 0

    def listen(self, **settings: str) -> None:
        """Start it again, at the same port, with these settings."""
        self.stop()
        self.port = self.port or free_port()
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "fsync": "off",
            "unix_socket_directories": str(self.socket), **settings,
        }  # fmt: skip
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        self._pg_ctl("start", f"--options={options}")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with open_folder() as folder:
        server = Server(folder / "var", fast=True)
        server.ensure()
        hba = server.data / "pg_hba.conf"
        hba.write_text(HBA + hba.read_text())
        server.listen()
        admin = f"host=127.0.0.1 port={server.port} user=postgres dbname=postgres"
        with psycopg.connect(admin, autocommit=True) as connection:
            for statement in ROLES.strip().splitlines():
                connection.execute(statement)
        yield server
        server.erase()


type Place = dict[str, Any]


@pytest.fixture(params=["one", "pool"])
def place(request: pytest.FixtureRequest, server: Server) -> Place:
    """Settings of a connection to the server: of a single one, or of a pool that waits long."""
    options = {"connect_timeout": 5}
    pool = {"pool": {"min_size": 1, "max_size": 4, "timeout": 60}}
    return {
        "HOST": "127.0.0.1", "PORT": server.port, "USER": "app", "PASSWORD": "",
        "NAME": "sluice", "EMBEDDED": False,
        "OPTIONS": options | (pool if request.param == "pool" else {}),
    }  # fmt: skip


def backend_of(own: DatabaseWrapper) -> int:
    with own.cursor() as cursor:
        return cursor.execute("SELECT pg_backend_pid()").fetchone()[0]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + AT_ONCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def refusal(place: Place) -> DatabaseFailed:
    """The error of connecting there, which comes at once."""
    with wrapper(**place) as own:
        began = time.monotonic()
        with pytest.raises(OperationalError) as caught:
            own.ensure_connection()
        assert time.monotonic() - began < AT_ONCE
    assert isinstance(caught.value, DatabaseFailed)
    return caught.value


type Case = tuple[Place, type[DatabaseFailed], str | None, str]

CASES: dict[str, Case] = {
    "a wrong password": (
        {"USER": "guarded", "PASSWORD": "wrong"}, WrongPassword, "28P01",
        'password authentication failed for user "guarded"',
    ),
    "a role that may not log in": (
        {"USER": "resting"}, LoginRefused, "28000", '"resting" is not permitted to log in',
    ),
    "no such role": ({"USER": "who"}, LoginRefused, "28000", 'role "who" does not exist'),
    "not from this host": ({"USER": "nobody"}, LoginRefused, "28000", "pg_hba.conf rejects"),
    "not into this database": (
        {"NAME": "private"}, LoginRefused, "42501", 'permission denied for database "private"',
    ),
    "no such database": (
        {"NAME": "nowhere"}, UnknownDatabase, "3D000", 'database "nowhere" does not exist',
    ),
    "a database that takes nobody": (
        {"NAME": "closed"}, CannotConnect, "55000", "not currently accepting connections",
    ),
    "too many of the role": (
        {"USER": "crowded"}, TooManyConnections, "53300", 'too many connections for role "crowded"',
    ),
    "no such host": (
        {"HOST": "no.such.host.invalid"}, UnknownHost, None, "resolve host 'no.such.host.invalid'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "kind", "sqlstate", "words"), CASES.values(), ids=CASES)
def test_each_cause_has_its_error_in_the_drivers_words_at_once(
    place, changes, kind, sqlstate, words
):
    error = refusal(place | changes)

    assert (type(error), error.sqlstate) == (kind, sqlstate)
    assert words in str(error)
    assert "\n" not in str(error)


def test_a_server_without_tls_where_it_is_demanded(place):
    place["OPTIONS"]["sslmode"] = "require"

    error = refusal(place)

    assert type(error) is TlsRefused
    assert "server does not support SSL, but SSL was required" in str(error)


def test_no_server_at_the_port(place):
    error = refusal(place | {"PORT": free_port()})

    assert type(error) is Unavailable
    assert "Connection refused" in str(error)


def test_a_host_that_never_answers(place):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place["OPTIONS"]["connect_timeout"] = 2  # libpq's least
        if pool := place["OPTIONS"].get("pool"):
            pool["timeout"] = 0.2

        error = refusal(place | {"PORT": silent.getsockname()[1]})

    assert type(error) is Unavailable
    assert re.search("timeout expired|did not answer in time", str(error))


def test_a_server_that_is_starting(place, server):
    """A standby whose replay never ends says what a server says while it starts."""
    (server.data / "standby.signal").touch()
    server.listen(hot_standby="off")
    try:
        error = refusal(place | {"PORT": server.port})
    finally:
        (server.data / "standby.signal").unlink()
        server.listen()

    assert (type(error), error.sqlstate) == (Unavailable, "57P03")


def test_the_text_is_not_what_tells_the_causes_apart(place, monkeypatch):
    """A server writes in its own language."""
    monkeypatch.setattr(psycopg.OperationalError, "__str__", lambda _: "Verbindung abgelehnt")

    assert type(refusal(place | {"NAME": "nowhere"})) is UnknownDatabase


class TestAPool:
    @pytest.fixture
    def pooled(self, server: Server) -> Place:
        pool = {"min_size": 0, "max_size": 4, "timeout": 60}
        return {
            "HOST": "127.0.0.1", "PORT": server.port, "USER": "app", "NAME": "sluice",
            "EMBEDDED": False, "OPTIONS": {"connect_timeout": 5, "pool": pool},
        }  # fmt: skip

    def test_is_filled_by_the_next_caller_when_the_server_is_back(self, pooled, server):
        with wrapper(**pooled) as own:
            server.stop()
            for _ in range(5):
                with pytest.raises(Unavailable):
                    own.ensure_connection()
            server.listen()
            began = time.monotonic()
            own.ensure_connection()

            assert time.monotonic() - began < AT_ONCE

    def test_gives_nobody_a_dead_connection_after_the_first(self, pooled, server):
        with wrapper(**pooled) as own:
            others = [DatabaseWrapper(own.settings_dict, own.alias) for _ in range(3)]
            for each in (own, *others):
                each.ensure_connection()
            for each in others:
                each.close()
            server.listen()
            with pytest.raises(Unavailable):
                backend_of(own)
            own.close()

            assert len({backend_of(each) for each in (own, *others)}) == 4
            for each in others:
                each.close()

    def test_lets_callers_wait_for_the_connections_that_others_have(self, pooled):
        with wrapper(**pooled | {"USER": "single"}) as own, ThreadPoolExecutor(1) as threads:
            own.inc_thread_sharing()
            ours = backend_of(own)
            other = DatabaseWrapper(own.settings_dict, own.alias)
            other.inc_thread_sharing()
            theirs = threads.submit(backend_of, other)
            until(lambda: own.pool._failed is not None)
            with pytest.raises(TimeoutError):
                theirs.result(0.3)
            own.close()

            assert theirs.result(AT_ONCE) == ours
            other.close()

    def test_says_why_there_were_not_more(self, pooled):
        pooled["OPTIONS"]["pool"]["timeout"] = 0.5
        with wrapper(**pooled | {"USER": "single"}) as own:
            own.ensure_connection()

            with pytest.raises(TooManyConnections, match='for role "single"'):
                DatabaseWrapper(own.settings_dict, own.alias).ensure_connection()

    def test_is_not_made_beside_connections_that_are_kept(self, pooled):
        with wrapper(**pooled) as own:
            own.settings_dict["CONN_MAX_AGE"] = 60
            with pytest.raises(ImproperlyConfigured, match="CONN_MAX_AGE to 0"):
                own.ensure_connection()
            own.settings_dict["CONN_MAX_AGE"] = 0


class TestRetries:
    @pytest.fixture
    def slept(self, committed) -> list[float]:
        """How long work that always fails so waited, pause by pause."""
        return []

    def tried(self, error: Exception, slept: list[float]) -> None:
        def work() -> None:
            raise error

        with pytest.raises(type(error)):
            retried(
                work, using="default", waits=lambda: iter([1]), away=lambda: iter([2, 3]),
                sleep=slept.append,
            )  # fmt: skip

    @pytest.mark.parametrize("error", [Unavailable(), TooManyConnections()])
    def test_go_on_for_longer_while_the_server_is_away(self, slept, error):
        self.tried(error, slept)

        assert slept == [2, 3]

    @pytest.mark.parametrize(
        "kind", [WrongPassword, LoginRefused, UnknownHost, UnknownDatabase, TlsRefused]
    )
    def test_are_not_made_where_they_cannot_help(self, slept, kind):
        self.tried(kind(), slept)

        assert slept == []

    def test_end_after_so_many_seconds(self):
        times = [100.0]
        for pause in until_back(5.0, lambda: times[-1]):
            times.append(times[-1] + pause + 0.1)  # the attempt

        assert 103.0 < times[-1] <= 105.1

    def test_a_server_that_restarts_is_waited_for(self, server):
        changes = {
            "HOST": "127.0.0.1", "PORT": server.port, "USER": "app", "NAME": "sluice",
            "EMBEDDED": False,
        }  # fmt: skip
        with wrapper(**changes, OPTIONS={"connect_timeout": 5}) as own:
            connections[own.alias] = own
            try:
                server.stop()
                threading.Timer(0.5, server.listen).start()

                assert retried(lambda: backend_of(own), using=own.alias) > 0
            finally:
                del connections[own.alias]


class TestCommands:
    def ran(self, **changes: Any) -> Ran:
        with wrapper(**changes) as own:
            before = connections["default"]
            connections["default"] = own
            try:
                return manage("tenant", "list")
            finally:
                connections["default"] = before

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("a wrong password", 77), ("a role that may not log in", 67), ("no such host", 68),
            ("no such database", 72), ("too many of the role", 75),
            ("a database that takes nobody", 78),
        ],
    )  # fmt: skip
    def test_each_cause_has_an_exit_code(self, place, name, code):
        changes, kind, _, words = CASES[name]

        ran = self.ran(**place | changes)

        assert (ran.code, ran.out) == (code, "")
        [line] = ran.err.splitlines()
        assert line.startswith(f"error [{kind.code}]: ")
        assert words in line

    def test_no_two_causes_have_the_same(self):
        assert len(set(CONNECTION_FAILED.values())) == len(CONNECTION_FAILED)
        assert {code_of_error(kind()) for kind in CONNECTION_FAILED} == set(
            CONNECTION_FAILED.values()
        )
        assert code_of_error(PoolExhausted()) == BAD_INPUT

    @pytest.mark.parametrize("words", [("tenant", "list"), ("migrate",)])
    def test_the_terminal_gets_one_line_and_nothing_of_the_driver(self, server, words):
        nowhere = f"postgresql://app@127.0.0.1:{free_port()}/sluice"

        ran = in_a_process(*words, env={"DATABASE_URL": nowhere, "OWNER_DATABASE_URL": nowhere})

        assert (ran.code, ran.out) == (69, "")
        [line] = ran.err.splitlines()
        assert line.startswith("error [unavailable]: connection failed: ")
        assert "Connection refused" in line
