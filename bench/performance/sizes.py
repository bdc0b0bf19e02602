"""How much is measured: by `make bench`, and by `make bench-quick`."""

import argparse
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Sizes:
    """Counts; those with several numbers are measured at each of them."""

    rounds: int = 11
    """Rounds of a group; groups with slow operations take fewer."""
    slice_ms: int = 150
    """Milliseconds of a slice."""
    tenants: int = 20
    budgets: int = 4
    """Budgets of each tenant, with ten envelopes each."""
    history: int = 20
    """Deposits in each budget before anything is measured."""
    buckets: tuple[int, ...] = (1, 5, 10, 20, 50)
    """Envelopes of a budget, for the latency by size."""
    writers: tuple[int, ...] = (1, 2, 4, 8)
    """Processes that deposit at the same time."""
    writers_ms: int = 1_000
    entries: tuple[int, ...] = (100_000, 500_000)
    """Entries of the longer ledgers."""
    more_tenants: tuple[int, ...] = (500, 2_000)
    """Tenants of the wider databases."""
    profiled: int = 300
    """Deposits that are profiled."""
    payroll: int = 1_000
    """Deposits of one payroll."""
    payroll_budgets: int = 100
    payroll_call: int = 500
    """Deposits in one call."""
    lines: int = 500
    """Lines of a statement; half of them bring money."""
    audit: tuple[int, ...] = (400, 800)
    """Movements of a ledger that is audited with --replay."""
    connections: int = 10
    """Connections whose memory is measured."""


FULL = Sizes()
QUICK = Sizes(
    rounds=2,
    slice_ms=20,
    tenants=2,
    budgets=2,
    history=3,
    buckets=(1, 10),
    writers=(1, 2),
    writers_ms=150,
    entries=(2_000,),
    more_tenants=(20,),
    profiled=20,
    payroll=20,
    payroll_budgets=4,
    payroll_call=10,
    lines=20,
    audit=(10, 20),
    connections=2,
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """An option for each size; several numbers are separated by commas."""
    for field in fields(Sizes):
        default: Any = field.default
        several = isinstance(default, tuple)
        shown = ",".join(map(str, default)) if several else default
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=_numbers if several else int,
            metavar="N,N" if several else "N",
            help=f"default: {shown}",
        )


def sizes_of(options: argparse.Namespace) -> Sizes:
    """The sizes that the options ask for."""
    given = {field.name: getattr(options, field.name) for field in fields(Sizes)}
    asked = {name: value for name, value in given.items() if value is not None}
    return replace(QUICK if options.quick else FULL, **asked)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))
