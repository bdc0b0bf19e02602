"""A process that works on one database: what the product is called from.

A client is a whole Python with the project's settings, so that several of them, on several
databases, can take turns in one run.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Self


class Client:
    """A process with a function call as its only protocol; its modules keep their state."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = ProcessPoolExecutor(
            1,
            mp_context=get_context("spawn"),
            initializer=set_up,
            initargs=(dict(environment),),
        )

    def __call__[**P, T](self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in the process, and wait for its result."""
        return self.begin(work, *args, **kwargs).result()

    def begin[**P, T](self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Call a function in the process, and do not wait."""
        return self._process.submit(work, *args, **kwargs)

    def end(self) -> None:
        """End the process and its connections."""
        self._process.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


def set_up(environment: dict[str, str]) -> None:
    """Set up Django on the database of the environment, without the filters of warnings."""
    os.environ.update(environment)
    import django

    django.setup()


def migrate() -> None:
    """Migrate the database of this process as role owner."""
    from django.core.management import call_command

    from tenants.postgres.base import as_owner

    with as_owner():
        call_command("migrate", verbosity=0)


def every[T](futures: "Iterable[Future[T]]") -> list[T]:
    """The results of calls that run at the same time."""
    return [future.result() for future in list(futures)]


type Call = tuple[Callable[..., Any], tuple[Any, ...]]
