"""What all parts work on: the server, its databases, the budgets, the sizes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.performance import limit, product, writing
from bench.performance.amounts import AMOUNT
from bench.performance.client import Client, migrate
from bench.performance.server import BenchServer
from bench.performance.sizes import Sizes

PRODUCT, LIMIT, INDEXED = "sluice", "bench_limit", "bench_indexed"
"""The database of the product; the limit's; one like the limit's with every index."""

SHORT = 5
"""Deposits in the ledger of the tenant that is copied."""

BEFORE = "bench_before"
"""The database of the product before anything is measured; the others are copies of it."""

type Pairs = list[Any]


@dataclass
class Setting:
    """The databases of one run, with the same budgets in each of the three."""

    server: BenchServer
    sizes: Sizes
    pooler: str = ""
    """The program pgbouncer; empty for the one on the PATH."""
    pairs: Pairs = field(default_factory=list)
    sized: dict[int, Pairs] = field(default_factory=dict)
    """Budgets by their number of envelopes."""
    model: Any = None
    """The tenant whose copies the wider databases have."""
    source: str = ""
    """The text of the limit's function."""
    write: str = ""
    """The text of the statement of `bench.performance.raw`."""

    @property
    def seconds(self) -> float:
        """The length of a slice."""
        return self.sizes.slice_ms / 1000

    @property
    def few(self) -> int:
        """The rounds of a group whose operations take seconds."""
        return min(3, self.sizes.rounds)

    def client(self, database: str = PRODUCT) -> Client:
        """A process that works on the database."""
        return Client(self.server.environment(database))

    def limit(self, database: str = LIMIT, pairs: Pairs | None = None) -> limit.LimitClient:
        """A connection that calls the limit's function."""
        return limit.LimitClient(self.server.url("app", database), pairs or self.pairs, AMOUNT)


@contextmanager
def setting(server: BenchServer, sizes: Sizes, pooler: str = "") -> Iterator[Setting]:
    """Migrate, create the budgets, and install the limit; all of it is dropped at the end."""
    where = Setting(server, sizes, pooler)
    with where.client() as client:
        client(migrate)
        where.pairs = client(_found, sizes)
        for size in sizes.buckets:
            where.sized[size] = client(_found_sized, size, sizes.history)
        [(where.model, _)] = client(_found_models)
    server.settle()
    server.copy(BEFORE)
    for name, every_index in ((LIMIT, False), (INDEXED, True)):
        server.copy(name)
        where.source = limit.install(server, name, every_index=every_index)
        server.settle(name)
    where.write = writing.text(server, LIMIT)
    yield where
    for name in (LIMIT, INDEXED):
        limit.remove(server, name)
        server.drop(name)


def _found(sizes: Sizes) -> Pairs:
    make = partial(product.found, "bench", tenants=sizes.tenants, budgets=sizes.budgets)
    return make(buckets=10, history=sizes.history)


def _found_models() -> Pairs:
    """A tenant without a ledger, to count its rows, and one with a short ledger, to copy it."""
    make = partial(product.found, tenants=1, budgets=1, buckets=10)
    make("empty", history=0)
    return make("model", history=SHORT)


def _found_sized(size: int, history: int) -> Pairs:
    make = partial(product.found, f"size-{size}", tenants=1, budgets=2)
    return make(buckets=size, history=history)
