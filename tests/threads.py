"""Threads for calls, which give their connections back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep

from django.db import connection, connections


def in_thread[T](work: Callable[..., T], *args: object) -> T:
    """What the call returns or raises, in a thread of its own."""

    def called() -> T:
        try:
            return work(*args)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(called).result()


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each call returns or raises, begun together, each in a thread of its own."""
    barrier = Barrier(len(works))

    def called(work: Callable[[], object]) -> object:
        try:
            barrier.wait(10)
            return work()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(called, works))


def wait_until_one_waits(*, seconds: float = 10) -> None:
    """Return when another connection waits for a lock of this thread's open transaction."""
    until = monotonic() + seconds
    while monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        sleep(0.01)
    raise AssertionError("no connection waits for this transaction")
