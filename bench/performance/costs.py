"""What a deposit costs, and what a million tenants need, from the measured figures.

The sums are products of measured unit costs and of the stated assumptions, no measurements.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.performance.results import Results

TENANTS = 1_000_000
DAYS = 30
BUSY = 0.1
"""The part of a day's work that its busiest hour has."""
USED = 0.5
"""The part of a processor's time that is used in that hour."""
HOUR = 3600
GIBIBYTE = 1 << 30


@dataclass(frozen=True)
class Tenant:
    """What one tenant does in a month."""

    deposits: int = 4
    withdrawals: int = 26
    pages: int = 150
    dashboards: int = 150
    entries_of_deposit: int = 11


@dataclass(frozen=True)
class Units:
    """The measured unit costs: milliseconds and bytes."""

    cpu: dict[str, dict[str, float]]
    latency: dict[str, float]
    movement: int
    entry: int
    tenant: int
    wal: int
    backend: int
    process: int


def units_of(results: Results) -> Units:
    """The unit costs in the results."""
    groups = results["groups"]
    storage = {name: row["bytes"] for name, row in groups["storage"]["rows"].items()}
    memory = {name: row["bytes"] for name, row in groups["memory"]["rows"].items()}
    reads = groups["reads"]["rows"]
    verbs = groups["verbs"]["rows"]
    return Units(
        cpu=groups["cpu"]["rows"],
        latency={
            "deposit": verbs["deposit"]["p50_ms"],
            "withdraw": verbs["withdraw"]["p50_ms"],
            "ledger page of 50": reads["ledger page of 50, block of its own"]["p50_ms"],
            "dashboard": reads["dashboard, block of its own"]["p50_ms"],
        },
        movement=_sum(storage, "movement: "),
        entry=_sum(storage, "entry: "),
        tenant=_sum(storage, "tenant with "),
        wal=groups["cpu"]["rows"]["deposit"]["wal_bytes"],
        backend=_sum(memory, "a connection's "),
        process=_sum(memory, "a process of the application"),
    )


def _sum(rows: dict[str, int], start: str) -> int:
    return sum(size for name, size in rows.items() if name.startswith(start))


def unit_lines(results: Results) -> Iterator[str]:
    """The unit costs, as a table of Markdown."""
    units = units_of(results)
    deposit = units.movement + 11 * units.entry
    yield "| one | costs |"
    yield "|---|---:|"
    for name in ("deposit", "transfer", "withdraw", "ledger page of 50", "dashboard"):
        cpu = units.cpu[name]
        yield (
            f"| {name} | {_ms(cpu['client_ms'])} CPU of the application, "
            f"{_ms(cpu['server_ms'])} CPU of PostgreSQL |"
        )
    yield f"| movement with its indexes | {units.movement:,} bytes |"
    yield f"| entry with its indexes | {units.entry:,} bytes |"
    yield f"| deposit of 10 envelopes on the disk | {deposit:,} bytes |"
    yield f"| deposit of 10 envelopes in the write-ahead log | {units.wal:,} bytes |"
    yield f"| tenant with one budget of 10 envelopes, without a ledger | {units.tenant:,} bytes |"
    yield f"| open connection, in PostgreSQL | {units.backend / (1 << 20):.0f} MiB |"
    yield f"| process of the application | {units.process / (1 << 20):.0f} MiB |"


def million_lines(results: Results) -> Iterator[str]:
    """What so many tenants need, as a table of Markdown, after the assumptions."""
    units, one = units_of(results), Tenant()
    yield (
        f"Assumed: {TENANTS:,} tenants with one budget of 10 envelopes; in a month {one.deposits} "
        f"deposits of {one.entries_of_deposit} entries, {one.withdrawals} withdrawals,"
    )
    yield (
        f"{one.pages} ledger pages and {one.dashboards} dashboards each; the busiest hour has "
        f"{BUSY:.0%} of the work of a day; then processors are {USED:.0%} used."
    )
    yield ""
    yield "| a million tenants need | |"
    yield "|---|---:|"
    yield from (f"| {name} | {figure} |" for name, figure in million(units, one).items())


def million(units: Units, one: Tenant) -> dict[str, str]:
    """Figures by name."""
    monthly = {
        "deposit": one.deposits,
        "withdraw": one.withdrawals,
        "ledger page of 50": one.pages,
        "dashboard": one.dashboards,
    }
    rates = {name: TENANTS * n / DAYS * BUSY / HOUR for name, n in monthly.items()}
    movements = one.deposits + one.withdrawals
    entries = one.deposits * one.entries_of_deposit + one.withdrawals
    ledger = TENANTS * 12 * (movements * units.movement + entries * units.entry)
    open_blocks = sum(rate * units.latency[name] / 1000 for name, rate in rates.items())
    client, server = (_cores(units, rates, side) for side in ("client_ms", "server_ms"))
    connections = max(1, round(open_blocks / USED))
    return {
        "writes per second in the busiest hour": f"{rates['deposit'] + rates['withdraw']:,.0f}",
        "reads per second then": f"{rates['ledger page of 50'] + rates['dashboard']:,.0f}",
        "cores of the application then": f"{client:,.1f}",
        "cores of PostgreSQL then": f"{server:,.1f}",
        "open transactions then, on average": f"{open_blocks:,.1f}",
        "connections in the pools": f"{connections:,}",
        "memory of these connections": f"{connections * units.backend / GIBIBYTE:,.2f} GiB",
        "disk for the tenants themselves": f"{TENANTS * units.tenant / GIBIBYTE:,.0f} GiB",
        "disk for the ledger, each year": f"{ledger / GIBIBYTE:,.0f} GiB",
    }


def _cores(units: Units, rates: dict[str, float], side: str) -> float:
    used = sum(rate * units.cpu[name][side] / 1000 for name, rate in rates.items())
    return used / USED


def _ms(value: Any) -> str:
    return f"{value:.3g} ms"
