"""Extensions are in a schema of their own, and searches work wherever they are."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from budgets.models import Budget
from tenants.context import acting_for
from tenants.embedded.programs import wheel
from tenants.embedded.server import SQL
from tenants.postgres.base import as_owner
from tenants.schema.searches import TrigramSearch
from tests.factories import BudgetFactory, TenantFactory
from tests.server import SERVER, owner_dsn, scratch_database
from tests.tenants.schema import found, logged_in, without

MOVED = {"btree_gin": "extensions", "pg_trgm": "extensions"}
IN_PUBLIC = dict.fromkeys(MOVED, "public")

embedded = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="needs a superuser, which only the tests' own server has"
)


@pytest.fixture
def scratch(database: str, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A migrated database, which connections of both roles lead to."""
    with scratch_database(f"{database}_extensions", migrated=True) as name:
        monkeypatch.setitem(settings.OWNER_DATABASE or {}, "NAME", name)
        with logged_in(NAME=name):
            yield name


@pytest.fixture
def older(scratch: str) -> str:
    """The same as the version before left it."""
    migrate("tenants", "0020")
    return scratch


def migrate(*where: str) -> None:
    with as_owner():
        call_command("migrate", *where, verbosity=0)


def as_superuser(database: str, statements: str | bytes) -> None:
    with psycopg.connect(SERVER.url("postgres", database), autocommit=True) as superuser:
        superuser.execute(statements)


def rows(query: str) -> list[tuple[Any, ...]]:
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def schemas() -> dict[str, str]:
    """The schema of each extension, but for PL/pgSQL."""
    return dict(
        rows(
            "SELECT extname::text, extnamespace::regnamespace::text FROM pg_extension"
            " WHERE extname <> 'plpgsql'"
        )
    )


def indexes() -> set[str]:
    """The definitions of the valid GIN indexes."""
    definitions = rows(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
        " JOIN pg_am a ON a.oid = relam WHERE amname = 'gin' AND indisvalid"
    )
    return {definition for (definition,) in definitions}


def require_searches() -> None:
    """Role app finds a budget by a part of its name, and its index has no fault."""
    with acting_for(TenantFactory()):
        budget = BudgetFactory(name="The lighthouse")
        BudgetFactory(name="The harbour")
        assert list(Budget.objects.listed({"search": "HTHOUS"})) == [budget]


def test_a_new_database_has_none_in_public(scratch):
    assert schemas() == MOVED
    assert found() == set()
    require_searches()


@pytest.mark.parametrize("database_of", ["scratch", "older"])
def test_a_later_migration_creates_a_search_wherever_they_are(database_of, request):
    request.getfixturevalue(database_of)
    [search] = [each for each in Budget._meta.constraints if isinstance(each, TrigramSearch)]

    with without(Budget, search):
        assert "tenants.E020" in found()

    assert found() <= {"tenants.W027"}
    require_searches()


class TestAnExistingInstallation:
    def test_is_migrated_and_back_with_the_same_indexes(self, older):
        before = indexes()
        assert (schemas(), len(before) > 8) == (IN_PUBLIC, True)
        require_searches()

        migrate()

        assert (schemas(), before - indexes()) == (MOVED, set())
        assert found() == set()
        require_searches()

    def test_is_told_what_to_do_until_then(self, older):
        assert found() == {"tenants.W027"}

    @embedded
    def test_is_moved_by_database_sql_without_a_rebuild(self, older):
        files = (
            "SELECT relname, relfilenode FROM pg_class c JOIN pg_am a ON a.oid = relam"
            " WHERE amname = 'gin'"
        )
        before = set(rows(files))

        as_superuser(older, (SQL / "database.sql").read_bytes())
        migrate()

        assert (schemas(), before - set(rows(files))) == (MOVED, set())
        require_searches()

    def test_is_not_moved_by_database_sql_without_a_superuser(self, older):
        with psycopg.connect(owner_dsn(older), autocommit=True) as owner:
            owner.execute((SQL / "database.sql").read_bytes())

        assert schemas() == IN_PUBLIC

    def test_stays_whole_where_something_else_depends_on_an_extension(self, older):
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("CREATE VIEW alike AS SELECT similarity('a', 'b')")
        before = indexes()

        migrate()

        assert (schemas(), before - indexes()) == (IN_PUBLIC, set())
        assert found() == {"tenants.W027"}
        require_searches()

    @embedded
    def test_stays_whole_where_another_role_created_an_extension(self, older):
        as_superuser(older, "UPDATE pg_extension SET extowner = 10 WHERE extname = 'pg_trgm'")

        migrate()

        assert schemas() == IN_PUBLIC
        require_searches()


def test_a_dump_is_restored_with_its_searches(scratch, database):
    with acting_for(TenantFactory()):
        BudgetFactory(name="The lighthouse")
    before = indexes()
    dump = subprocess.run(
        [str(wheel() / "pg_dump"), "--restrict-key=x", owner_dsn(scratch)],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout

    with scratch_database(f"{database}_restored") as restored:
        subprocess.run(
            [str(wheel() / "psql"), "--quiet", "--no-psqlrc", owner_dsn(restored)],
            check=True,
            input=dump,
            stdout=subprocess.DEVNULL,
        )
        with logged_in(NAME=restored), pytest.MonkeyPatch.context() as patch:
            patch.setitem(settings.OWNER_DATABASE or {}, "NAME", restored)
            assert (schemas(), indexes()) == (MOVED, before)
            require_searches()


@embedded
@pytest.mark.parametrize("grantee", ["PUBLIC", "inspector", "web", "app"])
def test_who_may_create_objects_in_public_is_a_fault(scratch, grantee):
    as_superuser(scratch, f"GRANT CREATE ON SCHEMA public TO {grantee}")

    assert "tenants.E016" in found()

    as_superuser(scratch, f"REVOKE CREATE ON SCHEMA public FROM {grantee}")
    assert found() == set()
