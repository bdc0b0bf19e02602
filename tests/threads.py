"""Threads for calls, which give their connections back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections


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
