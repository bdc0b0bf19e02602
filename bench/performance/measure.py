"""Slices of work in turn: medians, and ratios to a base measured in the same round.

A slice is the work of a fraction of a second, and gives the seconds of each operation. In each
round all cases take one slice, in the other order than in the round before. A ratio compares the
slices of one round, so that the load of a round counts on both sides; its median is printed.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

type Slice = list[float]
"""Seconds of each operation."""

type Row = dict[str, Any]


def slice_of(work: Callable[[int], object], seconds: float, *, least: int = 3) -> Slice:
    """Do `work(0)`, `work(1)` and so on for so many seconds, at least `least` times."""
    times: Slice = []
    begin = last = time.perf_counter()
    while len(times) < least or last - begin < seconds:
        work(len(times))
        now = time.perf_counter()
        times.append(now - last)
        last = now
    return times


def in_turn(
    cases: Mapping[str, Callable[[], Slice]], rounds: int, base: str, *, warm: bool = True
) -> dict[str, Row]:
    """The rows of the cases, by name; `base` has the ratio 1."""
    slices: dict[str, list[Slice]] = {name: [] for name in cases}
    for work in cases.values() if warm else ():
        work()
    for number in range(rounds):
        for name in list(cases) if number % 2 == 0 else list(cases)[::-1]:
            slices[name].append(cases[name]())
    return {name: row_of(each, slices[base]) for name, each in slices.items()}


def row_of(slices: Sequence[Slice], base: Sequence[Slice]) -> Row:
    """Rate, ratio to the base with its quartiles, and the percentiles of the milliseconds."""
    rates = [len(each) / sum(each) for each in slices]
    bases = [len(each) / sum(each) for each in base]
    ratios = sorted(rate / other for rate, other in zip(rates, bases, strict=True))
    times = sorted(seconds for each in slices for seconds in each)
    return {
        "per_second": significant(statistics.median(rates)),
        "ratio": significant(statistics.median(ratios), 3),
        "low": significant(at(ratios, 0.25), 3),
        "high": significant(at(ratios, 0.75), 3),
        "p50_ms": significant(at(times, 0.5) * 1000),
        "p95_ms": significant(at(times, 0.95) * 1000),
        "p99_ms": significant(at(times, 0.99) * 1000),
        "operations": len(times),
    }


def at(ordered: Sequence[float], part: float) -> float:
    """The value below which that part of the values is."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def significant(value: float, digits: int = 4) -> float:
    """The value with so many digits."""
    return float(f"{value:.{digits}g}")
