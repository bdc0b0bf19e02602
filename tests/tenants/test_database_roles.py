"""Which roles may log in, and what each can reach: refused at the first connection, not later."""

import os
import runpy
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction

from budgets.models import Movement
from tenants.context import acting_for, inspecting
from tenants.errors import TenantViolation
from tenants.models import SystemSettings, Tenant, User
from tenants.postgres import roles
from tenants.postgres.base import as_owner, require_bound_login
from tenants.postgres.grants import global_grants
from tenants.postgres.pool import Pool
from tenants.postgres.roles import WrongRole
from tests.command_line import ROOT, manage
from tests.factories import BudgetFactory
from tests.server import SERVER, scratch_database
from tests.tenants.schema import findings, logged_in

pytestmark = pytest.mark.usefixtures("committed")

embedded = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="needs a superuser, which only the tests' own server has"
)


@pytest.fixture(autouse=True)
def first_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has connected as nobody yet."""
    monkeypatch.setattr(roles, "_checked", set())


@pytest.fixture
def superuser(database: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the tests' database."""
    with psycopg.connect(SERVER.url("postgres", database), autocommit=True) as connection:
        yield connection


@pytest.fixture
def role(database: str, superuser: psycopg.Connection) -> Iterator[str]:
    """A role that may log in, and do what app may."""
    name = f"role_{uuid.uuid4().hex}"
    superuser.execute(f"CREATE ROLE {name} LOGIN")
    superuser.execute(f"GRANT app TO {name}")
    try:
        yield name
    finally:
        superuser.execute(f"REASSIGN OWNED BY {name} TO owner")
        superuser.execute(f"DROP OWNED BY {name}")
        superuser.execute(f"DROP ROLE {name}")


def owner() -> dict[str, Any]:
    """How role owner logs in."""
    config = settings.OWNER_DATABASE
    assert config is not None
    return {"USER": config["USER"], "PASSWORD": config["PASSWORD"]}


def refused() -> str:
    """The error of the next query, twice: a connection that was refused is not used again."""
    for _ in range(2):
        with pytest.raises(WrongRole) as caught, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    return str(caught.value)


class TestTheApplicationsRole:
    def test_is_not_the_owner(self):
        with logged_in(**owner()):
            assert "role owner is not bound by row security" in refused()

    @embedded
    @pytest.mark.parametrize(
        "right",
        [
            "ALTER ROLE {} SUPERUSER",
            "ALTER ROLE {} BYPASSRLS",
            "GRANT owner TO {} WITH INHERIT FALSE",
            "ALTER ROLE {} SUPERUSER; ALTER ROLE {} SET role = app",
        ],
    )
    def test_has_no_right_to_more(self, role, superuser, right):
        superuser.execute(right.replace("{}", role))

        with logged_in(USER=role):
            assert f"the role {role}" in refused()

    @embedded
    def test_is_bound_though_it_has_another_name(self, role, tenant):
        with logged_in(USER=role), acting_for(tenant):
            assert Tenant.objects.get() == tenant

    @embedded
    def test_is_looked_at_once_in_a_process(self, role, superuser, tenant):
        with logged_in(USER=role), connection.cursor():
            superuser.execute(f"ALTER ROLE {role} BYPASSRLS")

        with logged_in(USER=role), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def test_is_reported_by_the_checks_which_may_connect(self):
        with logged_in(**owner()):
            assert "tenants.E010" in {finding.id for finding in findings()}

    def test_is_refused_in_one_line_by_a_command(self):
        with logged_in(**owner()):
            manage("tenant", "list").assert_refused("wrong_role", "DATABASE_URL")


@pytest.mark.filterwarnings("ignore:No directory at:UserWarning")
class TestAWebProcess:
    @pytest.mark.parametrize("entry", ["wsgi", "asgi"])
    def test_does_not_start_as_owner(self, entry, monkeypatch):
        config = settings.DATABASES[DEFAULT_DB_ALIAS]
        for name, value in owner().items():
            monkeypatch.setitem(config, name, value)
            monkeypatch.setitem(connection.settings_dict, name, value)

        with pytest.raises(WrongRole, match="role owner"):
            runpy.run_path(str(ROOT / "config" / f"{entry}.py"))

    @pytest.mark.parametrize("entry", ["wsgi", "asgi"])
    def test_starts_as_app(self, entry):
        assert runpy.run_path(str(ROOT / "config" / f"{entry}.py"))["application"]

    @pytest.mark.parametrize("host", ["/nowhere", "nowhere.invalid"])
    def test_starts_when_the_server_cannot_be_reached(self, host):
        with logged_in(HOST="", OPTIONS={"host": host}):
            require_bound_login()

    def test_takes_no_connection_of_the_pool(self, monkeypatch):
        monkeypatch.setattr(Pool, "getconn", None)

        require_bound_login()


class TestTheOwner:
    @embedded
    def test_that_row_security_binds_cannot_migrate(self, database, role, monkeypatch):
        with scratch_database(f"{database}_bound") as name, monkeypatch.context() as patch:
            for key, value in (("NAME", name), ("USER", role)):
                patch.setitem(settings.OWNER_DATABASE or {}, key, value)

            manage("migrate").assert_refused("wrong_role", f"ALTER ROLE {role} BYPASSRLS")

    @embedded
    def test_that_row_security_binds_is_a_fault(self, role, superuser):
        superuser.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
        superuser.execute(f"ALTER TABLE budgets_entry OWNER TO {role}")
        try:
            [fault] = [each for each in findings() if each.id == "tenants.E024"]
        finally:
            superuser.execute("ALTER TABLE budgets_entry OWNER TO owner")

        assert fault.msg == f"the role {role}, which owns budgets_entry, has no BYPASSRLS"


@embedded
class TestTheRoleOfProcessesWithoutTheAdmin:
    def test_does_all_that_app_does(self, tenant):
        with logged_in(USER="web"), acting_for(tenant):
            Movement.objects.deposit(BudgetFactory(), 5_00)

    def test_passes_the_checks(self):
        with logged_in(USER="web"):
            faults = {str(each.id) for each in findings()}

        assert faults == {"tenants.W041"}  # what needs inspector

    @pytest.mark.parametrize("become", ["inspector", "app", "owner"])
    def test_becomes_nobody_else(self, become):
        with (
            logged_in(USER="web"),
            connection.cursor() as cursor,
            pytest.raises(TenantViolation),
        ):
            cursor.execute(f"SET ROLE {become}")

    def test_cannot_inspect(self):
        with logged_in(USER="web"), pytest.raises(TenantViolation), inspecting():
            pass

    def test_sees_one_tenant(self, tenant, other):
        with logged_in(USER="web"), acting_for(tenant), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM tenants_tenant")
            assert cursor.fetchall() == [(tenant.pk,)]

    def test_has_the_timeouts_of_app(self):
        found = []
        for user in ("app", "web"):
            with logged_in(USER=user), connection.cursor() as cursor:
                names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
                cursor.execute("SELECT " + ", ".join(f"current_setting('{n}')" for n in names))
                found.append(cursor.fetchone())

        assert found == [("15s", "5s", "30s")] * 2


@embedded
class TestOtherSessions:
    """Where a superuser has run database.sql, as on the embedded server's own database."""

    @pytest.fixture(params=["app", "web"])
    def session(self, request) -> Iterator[psycopg.Connection]:
        with psycopg.connect(SERVER.url(request.param), autocommit=True) as session:
            yield session

    @pytest.fixture
    def victim(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(SERVER.url("app"), autocommit=True) as victim:
            victim.execute("SELECT 'a literal of another tenant'")
            yield victim

    @pytest.mark.parametrize("function", ["pg_terminate_backend", "pg_cancel_backend"])
    def test_cannot_be_ended(self, session, victim, function):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"SELECT {function}(%s)", [victim.info.backend_pid])

        assert victim.execute("SELECT 1").fetchone() == (1,)

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT query FROM pg_stat_activity",
            "SELECT query FROM pg_stat_get_activity(NULL)",
            "SELECT pg_stat_get_backend_activity(id) FROM pg_stat_get_backend_idset() AS id",
        ],
    )
    def test_cannot_be_read(self, session, victim, query):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(query)

    def test_are_owners_to_read_and_end(self, victim):
        with psycopg.connect(SERVER.url("owner"), autocommit=True) as owner:
            pid = victim.info.backend_pid
            query = "SELECT query FROM pg_stat_activity WHERE pid = %s"

            assert "another tenant" in str(owner.execute(query, [pid]).fetchone())
            assert owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (
                True,
            )


def test_app_updates_users_by_column_and_never_their_id(committed):
    """Log-in, upgrades of hashes, new passwords, createsuperuser and the admin have their tests."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'tenants_user'::regclass"
            " AND attnum > 0 AND NOT attisdropped"
            " AND has_column_privilege('app', attrelid, attnum, 'UPDATE')"
        )
        granted = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT has_table_privilege('app', 'tenants_user', 'UPDATE'),"
            " has_table_privilege('app', 'tenants_user', 'DELETE')"
        )
        assert cursor.fetchone() == (False, False)

    assert granted == {field.column for field in User._meta.concrete_fields} - {"id"}


class TestLocks:
    @pytest.mark.parametrize("table", ["tenants_user", "tenants_tenant", "tenants_systemsettings"])
    @pytest.mark.parametrize("mode", ["ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE"])
    def test_cannot_be_taken_on_a_table_by_a_block_that_only_reads(self, tenant, table, mode):
        with (
            pytest.raises(TenantViolation),
            acting_for(tenant, role="viewer"),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")

    def test_cannot_be_taken_on_the_ledger(self, tenant):
        for table in ("movement", "entry", "bucket", "budget", "bucketversion", "statement"):
            with (
                pytest.raises(TenantViolation),
                acting_for(tenant),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"LOCK TABLE budgets_{table} IN ACCESS EXCLUSIVE MODE")

    def test_can_be_taken_where_rows_can_be_deleted_and_nowhere_else(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname::text, has_table_privilege(oid, 'DELETE') FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                " AND has_table_privilege(oid, 'DELETE, UPDATE, TRUNCATE, MAINTAIN')"
            )
            found = cursor.fetchall()

        assert {deletes for _, deletes in found} == {True}
        of_budgets = {name for name, _ in found if name.startswith("budgets_")}
        assert of_budgets == {"budgets_importprofile"}

    @pytest.mark.parametrize("model", [User, SystemSettings, Tenant])
    def test_are_left_out_by_grants_that_name_each_column_but_the_key(self, model):
        columns = {field.column for field in model._meta.concrete_fields} - {"id"}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND has_column_privilege(attrelid, attnum, 'UPDATE')",
                [model._meta.db_table],
            )

            assert {name for (name,) in cursor.fetchall()} == columns


def test_the_grants_leave_out_columns_that_a_later_migration_adds():
    with as_owner() as owner, transaction.atomic(), owner.cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_systemsettings DROP COLUMN created_at CASCADE")
        [grant] = [each for each in global_grants(cursor) if 'UPDATE ("values"' in each]
        transaction.set_rollback(True)

    assert 'UPDATE ("values", version, updated_at)' in grant


def test_a_seed_leaves_statistics_which_role_app_could_not(tenant):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        before = analyzed(cursor)
        cursor.execute("ANALYZE budgets_movement")
        assert analyzed(cursor) == before

    assert manage("seed", "test").code == 0

    with connection.cursor() as cursor:
        assert analyzed(cursor) > before


def analyzed(cursor) -> int:
    """How often somebody has analyzed the movements by a command."""
    cursor.execute(
        "SELECT analyze_count FROM pg_stat_all_tables WHERE relname = 'budgets_movement'"
    )
    [(count,)] = cursor.fetchall()
    return int(count)


def test_every_definer_function_looks_into_the_temporary_schema_last():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig FROM pg_proc"
            " WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )
        found = dict(cursor.fetchall())

    assert len(found) > 10
    assert {tuple(config or ()) for config in found.values()} == {
        ("search_path=pg_catalog, pg_temp",)
    }
