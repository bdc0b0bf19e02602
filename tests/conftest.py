"""A real PostgreSQL for the tests: databases are created as owner and used as app.

Each worker has its own database on the server that tests/server.py starts. Tests commit, and each
test has its own tenant, so the isolation of tenants isolates the tests. So deferred triggers fire,
and role app needs no more privileges than in production.
"""

import gc
import os
import re
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from typing import Any

import pytest
import pytest_timeout
from django.db import connections

from tenants.context import _current, acting_for
from tenants.models import Tenant
from tests import nplusone, server
from tests.factories import BudgetFactory, TenantFactory

EXCUSED = "Docker|Citus|banks' own files"
"""Requirements that a machine may lack even in CI."""


def pytest_configure(config: pytest.Config) -> None:
    """Watch for N+1 queries, and handle SIGTERM like Ctrl-C."""
    nplusone.watch()
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Stop the server, if this is the last process that uses it."""
    server.leave()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the modules with slow tests first, so that no worker ends long before the other."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude the objects of the collection from garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item):
    """Create the template database before the timeout of the first test starts."""
    if "database" in getattr(item, "fixturenames", ()):
        prepare()
    return (yield)


@contextmanager
def limited(item: pytest.Item) -> Iterator[None]:
    """Apply the timeout of the test to the block."""
    set_timer(item)
    try:
        yield
    finally:
        item.config.pluginmanager.hook.pytest_timeout_cancel_timer(item=item)


def set_timer(item: pytest.Item) -> None:
    limit = pytest_timeout._get_item_settings(item)
    if limit.timeout:
        item.config.pluginmanager.hook.pytest_timeout_set_timer(item=item, settings=limit)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item):
    """Limit the time of the fixtures; between the phases, a timeout would end the worker."""
    with limited(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None):
    """Limit the time, except that of shared fixtures, and leave no block open."""
    last = nextitem is None or nextitem.parent is not item.parent
    try:
        with nullcontext() if last else limited(item):
            return (yield)
    finally:
        forget_block()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest):
    """Do not limit the time of a shared fixture: each later test would fail with its error."""
    if fixturedef.scope == "function":
        return (yield)
    hooks, item = request.config.pluginmanager.hook, request._pyfuncitem
    hooks.pytest_timeout_cancel_timer(item=item)
    try:
        return (yield)
    finally:
        set_timer(item)


def forget_block() -> None:
    """Close a block that a test left open, as a test can that its timeout interrupts."""
    connection = connections["default"]
    if connection.in_atomic_block:
        connection.in_atomic_block = connection.closed_in_transaction = False
        connection.close()
        del connections["default"]
    _current.set(None)


@cache
def prepare() -> None:
    """Start the server and create the template; the fixtures report errors."""
    with suppress(Exception):
        server.template()


@pytest.fixture(scope="session", autouse=True)
def project_settings() -> None:
    """Set the settings module of child processes, and unset the width of the terminal."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.pop("COLUMNS", None)


@pytest.fixture(autouse=True)
def no_query_is_repeated() -> Iterator[None]:
    """Fail a test with N+1 queries."""
    with nplusone.refused():
        yield


@pytest.fixture(scope="session")
def database(worker_id: str) -> Iterator[str]:
    """The name of this worker's database, which has only the rows of `migrate`."""
    with server.scratch_database(f"test_sluice_{worker_id}", migrated=True) as name:
        server.lead_to(name)
        yield name
        server.lead_to("postgres")


@pytest.fixture(scope="session")
def django_db_setup(database: str) -> None:
    """Create the migrated database of the worker."""


@pytest.fixture
def committed(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Allow the test to use the database and to commit."""
    with django_db_blocker.unblock():
        yield
        connections["default"].close()


@pytest.fixture
def tenant(committed) -> Tenant:
    """A tenant for this test only; no block is open."""
    return TenantFactory()


@pytest.fixture
def other(committed) -> Tenant:
    """Another tenant."""
    return TenantFactory()


@pytest.fixture
def acting(tenant: Tenant) -> Iterator[Tenant]:
    """The tenant; the test runs in its block, which commits at the end."""
    with acting_for(tenant):
        yield tenant


@pytest.fixture
def budget(acting: Tenant):
    """A budget in EUR of the tenant in force, with only its money bucket."""
    return BudgetFactory()


@pytest.fixture
def unique() -> str:
    """A word that no other test uses."""
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="module")
def own_database(database: str) -> Iterator[str]:
    """A database for this module only, for tests that count, plan or damage."""
    with server.scratch_database(f"{database}_own", migrated=True) as own:
        server.lead_to(own)
        yield own
        server.lead_to(database)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """In CI a skipped test fails, except for the reasons in EXCUSED."""
    report = yield
    excused = hasattr(report, "wasxfail") or re.search(EXCUSED, str(report.longrepr))
    if os.environ.get("CI") and report.skipped and not excused:
        report.outcome = "failed"
    return report
