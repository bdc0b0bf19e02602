"""A thread for one call, which gives its connection back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

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
