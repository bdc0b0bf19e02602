"""A real PostgreSQL for the tests: made as owner, used as app.

Each worker has its own database on the server that tests/server.py starts. Tests commit for real
and are kept apart by what the project is for: each has a tenant of its own. So nothing is
rolled back or flushed, deferred triggers fire, and role app needs no more than in production.
"""

import gc
import os
import re
import signal
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

import pytest
from django.db import connections

from tenants.context import acting_for
from tenants.models import Tenant
from tests import nplusone, server
from tests.factories import BudgetFactory, TenantFactory

EXCUSED = "Docker|Citus|banks' own files"
"""What a machine may lack even in CI."""


def pytest_configure(config: pytest.Config) -> None:
    """Watch for N+1 queries; a run that is ended by SIGTERM ends as with Ctrl-C."""
    nplusone.watch()
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Leave nothing running."""
    server.leave()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is there for the whole run is not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item):
    """What all databases are copied from is made before the time of the first test runs."""
    if "database" in getattr(item, "fixturenames", ()):
        prepare()
    return (yield)


@cache
def prepare() -> None:
    """Start the server and make the template; what goes wrong, the fixtures report."""
    with suppress(Exception):
        server.template()


@pytest.fixture(scope="session", autouse=True)
def project_settings() -> None:
    """Programs that tests start have the project's settings, and no terminal's width."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.pop("COLUMNS", None)


@pytest.fixture(autouse=True)
def no_query_is_repeated() -> Iterator[None]:
    """A test fails in which rows are asked for one by one."""
    with nplusone.refused():
        yield


@pytest.fixture(scope="session")
def database(worker_id: str) -> Iterator[str]:
    """The name of this worker's database, empty but for what migrate makes."""
    with server.scratch_database(f"test_sluice_{worker_id}", migrated=True) as name:
        server.lead_to(name)
        yield name
        server.lead_to("postgres")


@pytest.fixture(scope="session")
def django_db_setup(database: str) -> None:
    """The database is there, and migrated: app finds the tables."""


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
def own_database(database: str) -> Iterator[str]:
    """The module has a database to itself: what it counts, plans or breaks is nobody else's."""
    with server.scratch_database(f"{database}_own", migrated=True) as own:
        server.lead_to(own)
        yield own
        server.lead_to(database)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI a skip is a failure; only what EXCUSED names may be left out there."""
    report = yield
    excused = hasattr(report, "wasxfail") or re.search(EXCUSED, str(report.longrepr))
    if os.environ.get("CI") and report.skipped and not excused:
        report.outcome = "failed"
    return report
