"""The parts of a run, in their order: each gives the groups of rows that it measures."""

from collections.abc import Callable
from typing import Any

from bench.performance.parts import (
    auditing,
    connections,
    growth,
    importing,
    latency,
    payroll,
    reads,
    share,
    verbs,
    writers,
)
from bench.performance.setting import Setting

type Group = dict[str, Any]

PARTS: dict[str, Callable[[Setting], dict[str, Group]]] = {
    "verbs": verbs.measured,
    "latency": latency.measured,
    "writers": writers.measured,
    "share": share.measured,
    "payroll": payroll.measured,
    "reads": reads.measured,
    "import": importing.measured,
    "audit": auditing.measured,
    "connections": connections.measured,
    "growth": growth.measured,
}
