"""Deposits by several processes at the same time: into one budget, and into many."""

import time
from collections.abc import Sequence
from typing import Any

from bench.performance import product
from bench.performance.client import Client, every
from bench.performance.measure import Slice, in_turn
from bench.performance.parts import limited
from bench.performance.setting import LIMIT, Setting

PLACES = {"one": "into one budget", "many": "into many budgets"}


def measured(where: Setting) -> dict[str, Any]:
    """The group `writers`: rates of all processes together."""
    most = max(where.sizes.writers)
    clients = [where.client() for _ in range(most)]
    limits = [where.client(LIMIT) for _ in range(most)]
    rows: dict[str, Any] = {}
    for place, words in PLACES.items():
        shares = [where.pairs[:1] if place == "one" else where.pairs[n::most] for n in range(most)]
        every(one.begin(product.hold, share) for one, share in zip(clients, shares, strict=True))
        for one, share in zip(limits, shares, strict=True):
            one(limited.hold, where.server.url("app", LIMIT), share)
        rows |= _rows(where, clients, limits, words)
    for one in (*clients, *limits):
        one.end()
    note = "operations of all processes together; the ratio is to one writer of the limit"
    return {"writers": {"rows": rows, "notes": [note, *_NOTES]}}


_NOTES = ["the processes of the clients and of the server share the cores of one machine"]


def _rows(
    where: Setting, clients: Sequence[Client], limits: Sequence[Client], words: str
) -> dict[str, Any]:
    """The rows of one place, all numbers of writers in turn."""
    cases = {}
    for number in where.sizes.writers:
        for name, work, some in (
            ("limit", limited.until, limits[:number]),
            ("deposit", deposits_until, clients[:number]),
        ):
            each = f"{number} writer{'s' if number > 1 else ''}"
            cases[f"{name} {words}, {each}"] = _together(some, work, where.sizes.writers_ms / 1000)
    base = next(iter(cases))
    found = in_turn(cases, where.few, base)
    return {name: _rates(row) for name, row in found.items()}


def deposits_until(begin: float, end: float) -> tuple[int, float]:
    """How many deposits this process makes between two moments, and when the last one ended."""
    return product.verb_until("deposit", begin, end)


def _together(clients: Sequence[Client], work: Any, seconds: float) -> Any:
    """A slice of all clients at once: its operations take the time of the wall."""

    def together() -> Slice:
        begin = time.time() + 0.05
        done = every([one.begin(work, begin, begin + seconds) for one in clients])
        count, taken = sum(each for each, _ in done), max(end for _, end in done) - begin
        return [taken / count] * count

    return together


def _rates(row: dict[str, Any]) -> dict[str, Any]:
    """The row without percentiles, which a rate of several writers does not have."""
    return {name: value for name, value in row.items() if not name.startswith("p")} | {
        "per_second": row["per_second"]
    }
