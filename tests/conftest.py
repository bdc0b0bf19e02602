"""A real PostgreSQL for the tests: made as owner, used as app.

The server is one of the tests' own, under var/tests, unless DATABASE_URL and
OWNER_DATABASE_URL name another; each worker has its own database on it. Tests commit for real
and are kept apart by what the project is for: each has a tenant of its own. So nothing is
rolled back or flushed, deferred triggers fire, and role app needs no more than in production.
"""

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tenants.context import acting_for
from tenants.models import Tenant
from tenants.postgres.base import as_owner
from tenants.postgres.embedded import SQL, EmbeddedServer
from tests import nplusone
from tests.factories import BudgetFactory, TenantFactory

EXCUSED = "Docker|Citus|banks' own files"
"""What a machine may lack even in CI."""

SERVER = EmbeddedServer(Path(__file__).parent.parent / "var" / "tests", fast=True)


def pytest_configure(config: pytest.Config) -> None:
    """Watch for N+1 queries; start the server, in the process that starts the workers."""
    nplusone.watch()
    if "DATABASE_URL" in os.environ or hasattr(config, "workerinput"):
        return
    SERVER.ensure()
    os.environ["SLUICE_TEST_SERVER"] = "embedded"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running."""
    if os.environ.get("SLUICE_TEST_SERVER") and not hasattr(config, "workerinput"):
        SERVER.stop()


@pytest.fixture(scope="session", autouse=True)
def project_settings() -> None:
    """Programs that tests start have the project's settings, without the example domains."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"


@pytest.fixture(autouse=True)
def no_query_is_repeated() -> Iterator[None]:
    """A test fails in which rows are asked for one by one."""
    with nplusone.refused():
        yield


@pytest.fixture(scope="session")
def database(worker_id: str) -> str:
    """The name of this worker's database, empty but for what migrate makes."""
    name = f"test_sluice_{worker_id}"
    if os.environ.get("SLUICE_TEST_SERVER"):
        for role, config in (
            ("app", settings.DATABASES["default"]),
            ("owner", settings.OWNER_DATABASE),
        ):
            config["OPTIONS"] |= {"host": str(SERVER.socket)}
            config |= {"EMBEDDED": False, "USER": role}
    with psycopg.connect(owner_dsn("postgres"), autocommit=True) as owner:
        identifier = sql.Identifier(name)
        owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
        owner.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    with psycopg.connect(owner_dsn(name), autocommit=True) as owner:
        owner.execute((SQL / "database.sql").read_bytes())
    settings.OWNER_DATABASE["NAME"] = settings.DATABASES["default"]["NAME"] = name
    return name


def owner_dsn(database: str) -> str:
    """The connection string of role owner on a database of the tests' server."""
    config = settings.OWNER_DATABASE
    named = {
        "user": config["USER"],
        "password": config["PASSWORD"],
        "host": config["HOST"],
        "port": config["PORT"],
        **config["OPTIONS"],
        "dbname": database,
    }
    return psycopg.conninfo.make_conninfo(**{key: value for key, value in named.items() if value})


@pytest.fixture(scope="session")
def django_db_setup(database: str, django_db_blocker) -> Iterator[None]:
    """Migrate as owner; app then finds the tables."""
    with django_db_blocker.unblock():
        with as_owner():
            call_command("migrate", verbosity=0)
        yield
        connections["default"].close()
        connections["default"].close_pool()


@pytest.fixture
def committed(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Let the test use the database, and really commit."""
    with django_db_blocker.unblock():
        yield
        connections["default"].close()


@pytest.fixture
def tenant(committed) -> Tenant:
    """A tenant of the test's own; no block is open."""
    return TenantFactory()


@pytest.fixture
def other(committed) -> Tenant:
    """Another tenant."""
    return TenantFactory()


@pytest.fixture
def acting(tenant: Tenant) -> Iterator[Tenant]:
    """The test runs inside the tenant's block, which commits when it ends."""
    with acting_for(tenant):
        yield tenant


@pytest.fixture
def budget(acting: Tenant):
    """A budget in EUR of the tenant in force, with nothing but its money bucket."""
    return BudgetFactory()


@pytest.fixture
def unique() -> str:
    """A word no other test uses."""
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="module")
def own_database(django_db_setup, django_db_blocker, database: str) -> Iterator[str]:
    """The module has a database to itself: what it counts, plans or breaks is nobody else's."""
    from tests.tenants.schema import scratch_database

    with django_db_blocker.unblock(), scratch_database(f"{database}_own") as own:
        _use(own)
        with as_owner():
            call_command("migrate", verbosity=0)
        yield own
        _use(database)


def _use(database: str) -> None:
    """Let new connections lead there."""
    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]
    settings.OWNER_DATABASE["NAME"] = settings.DATABASES["default"]["NAME"] = database


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI a skip is a failure; only what EXCUSED names may be left out there."""
    report = yield
    excused = hasattr(report, "wasxfail") or re.search(EXCUSED, str(report.longrepr))
    if os.environ.get("CI") and report.skipped and not excused:
        report.outcome = "failed"
    return report
