"""Processor time, and a profile by interrupts of the processor's clock."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any
from uuid import UUID

import psutil

from bench.performance import product, reading
from bench.performance.measure import significant
from bench.performance.parts import limited

EVERY = 0.001  # seconds of processor time

PARTS: tuple[tuple[str, str], ...] = (
    ("/budgets/cascade/", "cascade"),
    ("/django/db/models/sql/", "sql"),
    ("/django/db/models/expressions", "sql"),
    ("/django/db/models/lookups", "sql"),
    ("/django/db/models/functions/", "sql"),
    ("/tenants/postgres/compiler", "sql"),
    ("/psycopg/", "binding"),
    ("/psycopg_pool/", "binding"),
    ("/psycopg_binary/", "binding"),
    ("/django/db/backends/", "binding"),
    ("/django/db/models/", "models"),
    ("/budgets/", "product"),
    ("/tenants/", "product"),
)
"""A part of a file's path, and the part of the deposit; the first that fits counts."""


def part_of(frame: FrameType | None) -> str:
    """The part to which the innermost frame belongs that belongs to one."""
    while frame is not None:
        path = frame.f_code.co_filename
        for piece, part in PARTS:
            if piece in path:
                return part
        frame = frame.f_back
    return "other"


def samples_of(work: Callable[[], object]) -> Counter[str]:
    """How often the work was found in each part."""
    found: Counter[str] = Counter()

    def note(number: int, frame: FrameType | None) -> None:
        found[part_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, note)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return found


def cpu_of(work: Callable[[], object], server: int, count: int) -> dict[str, Any]:
    """Milliseconds of processor time for each of `count` operations, of both processes."""
    process = psutil.Process(server)
    own, theirs = time.process_time(), sum(process.cpu_times()[:2])
    work()
    client, backend = time.process_time() - own, sum(process.cpu_times()[:2]) - theirs
    return {
        "client_ms": significant(client * 1000 / count),
        "server_ms": significant(backend * 1000 / count),
    }


def _deposits(count: int) -> None:
    _verb("deposit", count)


def _verb(verb: str, count: int) -> None:
    held = product.held()
    for number in range(count):
        product.VERBS[verb](held[number % len(held)])


def cpu_of_verb(verb: str, count: int) -> dict[str, Any]:
    """Processor time of a verb of the managers, in a block of its own."""
    _verb(verb, min(count, 10))
    return cpu_of(lambda: _verb(verb, count), product.backend_pid(), count)


def cpu_of_read(name: str, tenant: UUID, budget: UUID, count: int) -> dict[str, Any]:
    """Processor time of a read of the managers, in a block of its own."""
    reading.prepare(tenant, budget)

    def work() -> None:
        for _ in range(count):
            reading.read_once(name)

    return cpu_of(work, product.backend_pid(), count)


def samples_of_deposits(count: int) -> dict[str, int]:
    """How often deposits through the managers were found in each part."""
    return dict(samples_of(lambda: _deposits(count)))


def cpu_of_limit(count: int) -> dict[str, Any]:
    """Processor time of a deposit by the limit's function."""
    client = limited.client()

    def work() -> None:
        for number in range(count * 10):
            client.deposit(number)

    return cpu_of(work, client.connection.info.backend_pid, count * 10)
