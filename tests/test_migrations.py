"""Migrations are complete, and go both ways."""

import subprocess
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command

from tenants.postgres.base import as_owner
from tenants.postgres.programs import wheel
from tests.factories import TenantFactory
from tests.rows import MODELS, Side
from tests.server import owner_dsn, scratch_database
from tests.tenants.schema import found, logged_in


@pytest.fixture
def scratch(database: str, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, which owner's connections lead to."""
    with scratch_database(f"{database}_migrations") as name:
        assert settings.OWNER_DATABASE is not None
        monkeypatch.setitem(settings.OWNER_DATABASE, "NAME", name)
        yield name


def migrate(*where: str) -> None:
    with as_owner():
        call_command("migrate", *where, verbosity=0)


def to_zero() -> None:
    """Undo everything: all other apps stand on Django's content types, or by themselves."""
    migrate("contenttypes", "zero")


def dump(database: str) -> str:
    """The schema with its owners, grants and policies."""
    command = [str(wheel() / "pg_dump"), "--schema-only", "--restrict-key=x", owner_dsn(database)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_every_change_of_a_model_has_its_migration(committed):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.timeout(400)  # four times through all migrations
def test_zero_and_head_are_the_same_each_time_with_rows_or_without(scratch):
    migrate()
    head = dump(scratch)
    with logged_in(NAME=scratch):
        side, faults = Side.of(TenantFactory()), found()
        assert all(side.sees(model) for model in MODELS)
    to_zero()
    zero = dump(scratch)

    migrate()
    again = dump(scratch)
    to_zero()

    assert (again, dump(scratch)) == (head, zero)
    assert zero.count("CREATE TABLE") == 1  # django_migrations
    assert "CREATE FUNCTION" not in zero
    assert faults == set()


OLD_SESSIONS = """
CREATE TABLE django_session (
    session_key varchar(40) NOT NULL PRIMARY KEY, session_data text NOT NULL,
    expire_date timestamptz NOT NULL);
INSERT INTO django_migrations (app, name, applied) VALUES ('sessions', '0001_initial', now())
"""


@pytest.mark.parametrize("old", [OLD_SESSIONS, "SELECT 1"], ids=["there", "never there"])
def test_the_table_of_djangos_sessions_goes_and_comes_back_where_it_was(scratch, old):
    def there() -> bool:
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("SELECT to_regclass('django_session') IS NOT NULL")
            return bool(cursor.fetchone()[0])

    migrate("tenants", "0004")
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(old)
    before = there()

    migrate("tenants")
    gone = not there()
    migrate("tenants", "0004")

    assert (gone, there()) == (True, before)
