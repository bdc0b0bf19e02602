"""The limit's function called in a process of its own, for several writers."""

import time
from uuid import UUID

from bench.performance.amounts import AMOUNT
from bench.performance.limit import LimitClient

_clients: list[LimitClient] = []


def hold(url: str, pairs: list[tuple[UUID, UUID]]) -> None:
    """Connect, and deposit into these budgets from now on."""
    while _clients:
        _clients.pop().close()
    _clients.append(LimitClient(url, pairs, AMOUNT))


def client() -> LimitClient:
    """The connection of this process."""
    [one] = _clients
    return one


def until(begin: float, end: float) -> tuple[int, float]:
    """How many deposits this process makes between two moments, and when the last one ended."""
    one, count = client(), 0
    time.sleep(max(0.0, begin - time.time()))
    while count == 0 or time.time() < end:
        one.deposit(count)
        count += 1
    return count, time.time()
