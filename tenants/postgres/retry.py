"""Retry: a schedule of pauses, and a loop over it."""

import random
import time
from collections.abc import Callable, Iterator

from django.db import connections

from tenants.errors import CodedError, Unavailable


def delays(attempts: int = 4, first: float = 0.05, cap: float = 2.0) -> Iterator[float]:
    """Seconds to wait before each further attempt: full jitter under a doubling cap.

    Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    for attempt in range(attempts - 1):
        yield random.uniform(0, min(cap, first * 2**attempt))  # noqa: S311  # no secret


def until_back(
    seconds: float = 5.0, clock: Callable[[], float] = time.monotonic
) -> Iterator[float]:
    """Pauses like those of `delays`, for the seconds in which a server can restart."""
    end = clock() + seconds
    for pause in delays(attempts=1000):
        if clock() + pause > end:
            return
        yield pause


def retried[T](
    work: Callable[[], T],
    *,
    using: str,
    waits: Callable[[], Iterator[float]] = delays,
    away: Callable[[], Iterator[float]] = until_back,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call `work`, and call it again after each retryable error.

    `away` has the pauses after Unavailable, `waits` those after other errors.
    Inside an open transaction it is called once: PostgreSQL has already rolled back the statements
    before the error, so only the outermost block can be repeated.
    """
    once = connections[using].in_atomic_block
    pauses, away_pauses = (iter(()), iter(())) if once else (waits(), away())
    while True:
        try:
            return work()
        except CodedError as error:
            pause = next(away_pauses if isinstance(error, Unavailable) else pauses, None)
            if not error.retryable or pause is None:
                raise
            sleep(pause)
