"""The results as JSON: what a file has, and which rows must be in it."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.performance.setting import Setting

type Results = dict[str, Any]

NEEDED: dict[str, tuple[str, ...]] = {
    "verbs": (
        *("limit: ", "limit, control", "limit with every index", "bare SQL"),
        *("deposit", "deposit, control", "transfer", "withdraw"),
    ),
    "latency": ("limit, 10 ", "deposit, 10 "),
    "writers": (
        *("limit into one budget, 1 ", "deposit into one budget, 1 "),
        *("limit into many budgets, 1 ", "deposit into many budgets, 1 "),
    ),
    "share": ("SQL: ", "binding: ", "models: ", "the cascade", "the rest of the product", "server"),
    "cpu": ("deposit", "transfer", "withdraw", "ledger page", "dashboard", "deposit by the limit"),
    "payroll": ("bare INSERT", "deposit_many"),
    "reads": (
        *("ledger page of 50, same SQL", "ledger page of 50, block", "ledger page of 50, open"),
        *("dashboard, same SQL", "dashboard, block", "dashboard, open"),
    ),
    "import": ("import_statement, CSV", "import_statement, OFX"),
    "audit": ("audit --replay",),
    "connections": (
        *("SELECT 1 on an open connection", "SELECT 1 on an open connection, control"),
        *("connect", "Django's cursor", "Django's pool", "empty tenant block"),
        *("tenant block with SELECT 1", "pooler: "),
    ),
    "growth": ("deposit, ", "limit, small database"),
    "storage": (
        *("movement: row", "movement: its ", "entry: row", "entry: its "),
        *("deposit of 10 envelopes", "tenant with one budget"),
    ),
    "memory": ("a connection's process", "a process of the application"),
}
"""Group -> how its necessary rows begin."""


def begin(where: "Setting") -> Results:
    """What all results have; the machine is described by its cores alone."""
    with where.server.connect() as admin:
        [(server,)] = admin.execute("SHOW server_version").fetchall()
    return {
        "made": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": os.cpu_count(),
        "load": [round(os.getloadavg()[0], 1)],
        "versions": {
            "Python": platform.python_version(),
            "PostgreSQL": str(server).split()[0],
            **{name: version(name) for name in ("Django", "psycopg")},
        },
        "sizes": {name: value for name, value in vars(where.sizes).items()},
        "source": where.source,
        "groups": {},
    }


def end(results: Results) -> Results:
    """The results with the load at the end."""
    results["load"].append(round(os.getloadavg()[0], 1))
    return results


def merge(before: Results, after: Results) -> Results:
    """The results of some parts, with the other groups of an earlier run."""
    return after | {"groups": before["groups"] | after["groups"]}


def missing(results: Results) -> list[str]:
    """The groups and rows that the results must have, and do not."""
    found = results["groups"]
    return [
        f"{group}: {row}"
        for group, rows in NEEDED.items()
        for row in rows
        if not any(name.startswith(row) for name in found.get(group, {"rows": {}})["rows"])
    ]


def read(file: Path) -> Results:
    """The results in a file."""
    return dict(json.loads(file.read_text(encoding="utf-8")))


def write(file: Path, results: Results) -> None:
    """Write the results, with a line for each figure."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
