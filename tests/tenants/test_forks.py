"""Forks: a child works in sessions of its own, and its parent's go on."""

import gc
import json
import multiprocessing
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from urllib.request import urlopen

import pytest
from django.db import connection, connections, transaction

from budgets.jobs import audit
from budgets.models import Budget, Movement
from tenants.context import acting_for, run_for
from tenants.errors import Unavailable
from tenants.models import Tenant
from tenants.postgres import forks
from tenants.postgres.base import DatabaseWrapper
from tenants.postgres.forks import ForkedBlock
from tenants.postgres.pool import POOLS, Pool
from tests.command_line import ROOT, app_url
from tests.factories import BudgetFactory
from tests.tenants.test_errors import unpooled, wrapper
from tests.threads import in_thread

pytestmark = [
    pytest.mark.usefixtures("committed"),
    # Python warns of any fork beside threads, such as those of the pool.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]
SOON = 20.0
"""Seconds within which a child answers, or is ended."""


class Child:
    """A fork that does some work: once `go` is called, where it is `held`."""

    def __init__(self, work: Callable[[], object], *, held: bool = False) -> None:
        self._answer, answer = os.pipe()
        start, self._start = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.read(start, 1)
                came = work()
            except BaseException as error:
                came = type(error)
            os.write(answer, pickle.dumps(came))
            os._exit(0)
        os.close(answer)
        os.close(start)
        if not held:
            self.go()

    def go(self) -> "Child":
        os.write(self._start, b".")
        return self

    def answer(self) -> Any:
        """What the work returned, or the class of what it raised."""
        if not select.select([self._answer], [], [], SOON)[0]:
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        with os.fdopen(self._answer, "rb") as answer:
            return pickle.loads(answer.read())  # noqa: S301  # our own


def in_child(work: Callable[[], object]) -> Any:
    return Child(work).answer()


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    return pid


@pytest.fixture
def budget(tenant: Tenant) -> Budget:
    with acting_for(tenant):
        return BudgetFactory()


def deposit(tenant: Tenant, budget: Budget, *keys: str) -> None:
    """A deposit of one cent for each key, each in a transaction of its own."""
    for key in keys:
        run_for(tenant, partial(Movement.objects.deposit, budget, 1, key=key))


def backend_of(own: DatabaseWrapper) -> int:
    with own.cursor() as cursor:
        return cursor.execute("SELECT pg_backend_pid()").fetchone()[0]


def close(own: DatabaseWrapper) -> None:
    own.close()
    connections.close_all()
    gc.collect()


def in_block(tenant: Tenant, work: Callable[[], object]) -> object:
    with acting_for(tenant):
        return work()


def the_pool() -> Pool:
    return POOLS["default"]


@pytest.fixture
def no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child goes on with what its parent opened, as without this module."""
    monkeypatch.setattr(forks, "drop_inherited", lambda: None)


@contextmanager
def served(folder: Path, tenant: Tenant) -> Iterator[str]:
    """The address at which gunicorn serves `preloaded.py`, with two workers of two threads."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "preloaded:application"]
        options = ["--preload", "--workers=2", "--threads=2", f"--bind=fd://{number}"]
        environ = {"DATABASE_URL": app_url(), "SLUG": tenant.slug, "PYTHONPATH": str(folder)}
        server = subprocess.Popen(
            [*command, *options], cwd=ROOT, env=os.environ | environ, pass_fds=[number],
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.terminate()
            server.communicate(timeout=SOON)


def fetched(url: str) -> tuple[int, int, int]:
    with urlopen(url, timeout=SOON) as answer:  # noqa: S310  # our own
        return json.load(answer)


def keys(tenant: Tenant) -> set[str]:
    """The keys of what was deposited, in a ledger that is whole."""
    assert list(audit.breaks_of(tenant)) == []
    with acting_for(tenant):
        return {str(key) for key in Movement.objects.values_list("key", flat=True)}


class TestParentAndChild:
    def test_both_deposit_at_once_and_the_ledger_is_whole(self, tenant, budget):
        deposit(tenant, budget, "before")
        theirs, ours = ([f"{who} {n}" for n in range(20)] for who in ("child", "parent"))

        child = Child(lambda: deposit(tenant, budget, *theirs))
        deposit(tenant, budget, *ours)

        assert child.answer() is None
        assert keys(tenant) == {"before", *theirs, *ours}

    def rolled_back_beside_a_child(self, tenant: Tenant) -> object:
        """The parent's block is open while the child deposits, and is rolled back after that."""
        with acting_for(tenant):
            mine, theirs = BudgetFactory(), BudgetFactory()
        child = Child(lambda: deposit(tenant, theirs, "child"), held=True)
        with suppress(ZeroDivisionError), acting_for(tenant):
            Movement.objects.deposit(mine, 1, key="parent")
            child.go().answer()
            raise ZeroDivisionError
        return keys(tenant)

    def test_a_childs_commit_does_not_commit_the_parents_work(self, tenant):
        assert self.rolled_back_beside_a_child(tenant) == {"child"}

    def test_control_without_the_guard_it_does(self, tenant, no_guard):
        assert self.rolled_back_beside_a_child(tenant) == {"child", "parent"}

    def test_a_child_that_closes_everything_leaves_the_parents_session_alone(self):
        with wrapper(OPTIONS=unpooled()) as own:
            before = backend_of(own)

            assert in_child(lambda: close(own)) is None

            assert backend_of(own) == before

    def test_control_without_the_guard_it_ends_the_parents_session(self, no_guard):
        with wrapper(OPTIONS=unpooled()) as own:
            backend_of(own)

            assert in_child(lambda: close(own)) is None

            with pytest.raises(Unavailable):
                backend_of(own)

    @pytest.mark.parametrize("options", ["pooled", "unpooled"])
    def test_a_cursor_from_before_is_dead_in_the_child(self, options):
        changes = {"OPTIONS": unpooled()} if options == "unpooled" else {}
        with wrapper(**changes) as own, own.cursor() as cursor:
            assert in_child(lambda: cursor.execute("SELECT 1")) is Unavailable

            assert cursor.execute("SELECT 2").fetchone() == (2,)

    def test_a_child_of_multiprocessing_deposits(self, tenant, budget):
        deposit(tenant, budget, "before")
        fork = multiprocessing.get_context("fork")

        child = fork.Process(target=deposit, args=(tenant, budget, "child"))
        child.start()
        deposit(tenant, budget, "parent")
        child.join(SOON)

        assert child.exitcode == 0
        assert keys(tenant) == {"before", "parent", "child"}

    def test_a_childs_child_has_sessions_of_its_own_too(self):
        def both() -> tuple[int, object, int]:
            return backend(), in_child(backend), backend()

        ours = backend()
        theirs, grandchild, again = in_child(both)

        assert theirs == again
        assert len({ours, theirs, grandchild, backend()}) == 3

    def test_another_threads_block_goes_on(self, tenant, budget):
        def work() -> None:
            connections.close_all()
            gc.collect()

        with acting_for(tenant):
            Movement.objects.deposit(budget, 1, key="parent")
            assert in_thread(lambda: (backend(), in_child(work))[1]) is None

        assert keys(tenant) == {"parent"}


class TestThePool:
    def test_is_a_new_one_whose_threads_live(self):
        def theirs() -> tuple[bool, bool, int]:
            pids = {backend(), in_thread(backend)}
            pool = the_pool()
            return pool is ours, all(each.is_alive() for each in pool._workers), len(pids)

        backend()
        ours = the_pool()

        assert in_child(theirs) == (False, True, 2)
        assert the_pool() is ours

    def test_is_left_alone_although_a_thread_held_its_lock(self):
        """The lock is never released in the child, because its holder does not live there."""
        backend()
        held, end = Event(), Event()

        def after_all_is_closed() -> int:
            connections.close_all()
            gc.collect()
            return backend()

        def hold() -> None:
            with the_pool()._lock, the_pool()._sched._lock:
                held.set()
                end.wait(SOON)

        with ThreadPoolExecutor(1) as threads:
            threads.submit(hold)
            held.wait(SOON)
            theirs = in_child(after_all_is_closed)
            end.set()

        assert theirs != backend()


class TestABlockThatIsOpen:
    def refused(self, tenant: Tenant, *works: Callable[[], object]) -> None:
        with acting_for(tenant):
            BudgetFactory(name="of the parent")
            for work in works:
                assert in_child(work) is ForkedBlock

        with acting_for(tenant):
            assert Budget.objects.filter(name="of the parent").exists()

    def test_is_the_parents_and_the_child_can_do_nothing_in_it(self, tenant):
        self.refused(
            tenant,
            backend,
            Budget.objects.count,
            lambda: BudgetFactory(),
            lambda: run_for(tenant, backend),
            lambda: in_block(tenant, backend),
        )

    def test_is_refused_to_a_cursor_too(self, tenant):
        with acting_for(tenant), connection.cursor() as cursor:
            assert in_child(lambda: cursor.execute("SELECT 1")) is ForkedBlock
            cursor.execute("SELECT 1")

    def test_of_no_tenant_too(self, tenant):
        with transaction.atomic():
            backend()

            assert in_child(backend) is ForkedBlock
            assert in_child(lambda: in_block(tenant, backend)) is ForkedBlock

    def test_can_be_left_and_the_next_one_is_the_childs(self, tenant, budget):
        committed: list[int] = []
        with ExitStack() as block:
            block.enter_context(acting_for(tenant))
            Movement.objects.deposit(budget, 1, key="parent")
            transaction.on_commit(lambda: committed.append(1))

            def leave_and_deposit() -> list[int]:
                block.close()
                deposit(tenant, budget, "child")
                return committed

            child = Child(leave_and_deposit, held=True)

        assert (child.go().answer(), committed) == ([], [1])
        assert keys(tenant) == {"parent", "child"}

    def test_forks_in_the_work_of_run_for(self, tenant, budget):
        answers = []

        def work() -> None:
            Movement.objects.deposit(budget, 1, key="parent")
            answers.append(in_child(lambda: Movement.objects.deposit(budget, 1, key="child")))

        run_for(tenant, work)

        assert answers == [ForkedBlock]
        assert keys(tenant) == {"parent"}


APPLICATION = """
import json, os
import django
from django.conf import settings
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connection
from budgets.models import Budget, Movement
from tenants.context import run_for
from tenants.models import Tenant

TENANT = Tenant.objects.id_of(os.environ["SLUG"])  # a query, before the workers are forked
LOADED = os.getpid()

def deposit():
    Movement.objects.deposit(Budget.objects.get(), 1)

def application(environ, start_response):
    run_for(TENANT, deposit)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([os.getpid(), LOADED, backend]).encode()]
"""


def test_gunicorn_preloads_an_application_that_has_asked_the_database(tenant, budget, tmp_path):
    (tmp_path / "preloaded.py").write_text(APPLICATION)
    with served(tmp_path, tenant) as url, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fetched(url), range(40)))

    workers, loaders, backends = map(set, zip(*answers, strict=True))
    assert (len(workers), len(loaders), workers & loaders) == (2, 1, set())
    assert len(backends) >= 2
    assert len({(worker, backend) for worker, _, backend in answers}) == len(backends)
    assert len(keys(tenant)) == 1  # none was given
    with acting_for(tenant):
        assert Movement.objects.count() == 40
