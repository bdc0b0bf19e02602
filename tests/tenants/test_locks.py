"""What `migrate` and repairs do behind a reader: give up soon, say whom they waited for."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tenants.context import acting_for
from tenants.errors import TimedOut
from tenants.postgres.base import as_owner
from tests.command_line import app_url, manage
from tests.factories import BudgetFactory
from tests.server import owner_dsn

pytestmark = pytest.mark.usefixtures("committed")

READ = "SELECT count(*) FROM tenants_user"
WANT = "DO $$ BEGIN LOCK TABLE tenants_user; END $$"
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL("CREATE TABLE begun ()", "DROP TABLE begun"),
        migrations.RunSQL(
            "ALTER TABLE tenants_user ADD COLUMN wanted int",
            "ALTER TABLE tenants_user DROP COLUMN wanted",
        ),
    ]
"""


@pytest.fixture
def migration(tmp_path: Path, monkeypatch, settings) -> None:
    """An app that has none of its own has a migration that wants a table for itself."""
    package = tmp_path / "wanting"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_wanted.py").write_text(MIGRATION)
    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = {"messages": "wanting"}


@pytest.fixture
def reader(committed) -> Iterator[psycopg.Connection]:
    """A session of app that has read a table and has not ended its transaction."""
    with closing(psycopg.connect(app_url())) as reader:
        reader.execute(READ)
        yield reader


def once_owner_waits(then: Callable[[], object]) -> None:
    """Do something as soon as a session of owner waits for a lock."""
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE usename = 'owner' AND wait_event_type = 'Lock'"
    )
    with psycopg.connect(owner_dsn("postgres"), autocommit=True) as watcher:
        until = time.monotonic() + 10
        while not watcher.execute(waiting).fetchone():
            assert time.monotonic() < until
            time.sleep(0.01)
    then()


def read() -> None:
    """Read as the application does, in a session of its own. Raises after its lock_timeout."""
    with psycopg.connect(app_url()) as late:
        assert late.execute(READ).fetchone()


def migrated() -> bool:
    """Whether anything is left of the migration."""
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('begun') IS NOT NULL OR EXISTS (SELECT FROM pg_attribute "
            "WHERE attrelid = 'tenants_user'::regclass AND attname = 'wanted')"
        )
        return bool(cursor.fetchone()[0])


class TestMigrate:
    def test_behind_one_open_reader_fails_fast_and_names_it(self, reader, migration):
        with ThreadPoolExecutor(1) as thread:
            late = thread.submit(once_owner_waits, read)
            ran = manage("migrate", "messages")

        late.result()
        read()
        assert ran.code == 2
        [line] = ran.err.splitlines()
        assert line.startswith("error [timed_out]: canceling statement due to lock timeout: ")
        holder = f"pid {reader.info.backend_pid} (app, idle in transaction since 20"
        assert f"locks are held by {holder}" in line
        assert line.endswith("(SELECT pg_terminate_backend(pid)), and run the command again")
        assert not migrated()

    def test_runs_after_owner_ended_the_reader(self, reader, migration):
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [reader.info.backend_pid])

        ran = manage("migrate", "messages")

        assert (ran.code, ran.err, migrated()) == (0, "", True)
        assert manage("migrate", "messages", "zero").code == 0


class TestOtherCommands:
    def test_flush_is_refused_in_one_line(self, reader):
        manage("flush", "--no-input").assert_refused("timed_out", str(reader.info.backend_pid))

    def test_a_repair_is_refused_in_one_line(self, tenant, database):
        with acting_for(tenant):
            budget = BudgetFactory()
        with psycopg.connect(owner_dsn(database)) as holder:
            holder.execute("SELECT FROM budgets_budget WHERE id = %s FOR UPDATE", [budget.pk])
            pid = holder.info.backend_pid

            ran = manage("rebuild_balances", "--tenant", tenant.slug)

        ran.assert_refused("timed_out", f"pid {pid} (owner, idle in transaction since 20")


class TestNaming:
    def test_another_timeout_names_nobody(self):
        def dawdle(cursor):
            cursor.execute("SET statement_timeout = '10ms'")
            cursor.execute("SELECT pg_sleep(5)")

        with pytest.raises(TimedOut) as caught, as_owner() as owner, owner.cursor() as cursor:
            dawdle(cursor)

        assert str(caught.value) == "canceling statement due to statement timeout"

    def test_a_holder_that_is_gone_is_not_named(self):
        with pytest.raises(TimedOut) as caught, as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE 'no' USING ERRCODE = 'lock_not_available'; END $$")

        assert str(caught.value).startswith("no: no session holds it any more; ")

    def test_who_waits_or_reads_the_catalog_is_not_named(self, reader, database):
        def want(cursor):
            cursor.execute("SET lock_timeout = '20ms'")
            once_owner_waits(lambda: cursor.execute(WANT))

        with (
            closing(psycopg.connect(app_url())) as catalog,
            closing(psycopg.connect(owner_dsn(database))) as waiting,
            ThreadPoolExecutor(1) as thread,
        ):
            catalog.execute("SELECT count(*) FROM pg_class")
            waiting.execute("SET lock_timeout = '1min'")
            thread.submit(waiting.execute, WANT)

            with pytest.raises(TimedOut) as caught, as_owner() as owner, owner.cursor() as cursor:
                want(cursor)
            waiting.cancel()

        [pid] = re.findall(r"pid (\d+) ", str(caught.value))
        assert int(pid) == reader.info.backend_pid

    def test_a_lost_connection_leaves_the_error_as_it_was(self, database):
        def lose(cursor):
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
            with psycopg.connect(owner_dsn(database), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            error = TimedOut("no")
            error.sqlstate = "55P03"
            raise error

        with pytest.raises(TimedOut) as caught, as_owner() as owner, owner.cursor() as cursor:
            lose(cursor)

        assert str(caught.value) == "no"
