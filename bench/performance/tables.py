"""The tables of the terminal and of docs/performance.md."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

COLUMNS = {
    "per_second": "per second",
    "ratio": "ratio",
    "spread": "quartiles",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "seconds": "seconds",
    "seconds_1000": "s per 1,000",
    "cpu_ms": "CPU ms each",
    "client_ms": "client CPU ms",
    "server_ms": "server CPU ms",
    "share": "share",
    "wal_bytes": "WAL bytes",
    "bytes": "bytes",
    "figure": "figure",
}


def table(group: str, found: dict[str, Any]) -> Table:
    """The table of a group for the terminal, with its notes below."""
    names = columns(found)
    made = Table("", title=group, caption="\n".join(found["notes"]), caption_justify="left")
    for name in names:
        made.add_column(COLUMNS[name], justify="right")
    for name, row in found["rows"].items():
        made.add_row(name, *(shown(row, column) for column in names))
    return made


def markdown(found: dict[str, Any]) -> Iterator[str]:
    """The same as lines of Markdown."""
    names = columns(found)
    yield f"| | {' | '.join(COLUMNS[name] for name in names)} |"
    yield f"|---|{'---:|' * len(names)}"
    for name, row in found["rows"].items():
        yield f"| {name} | {' | '.join(shown(row, column) for column in names)} |"
    yield ""
    yield from (f"- {note}" for note in found["notes"])


def columns(found: dict[str, Any]) -> list[str]:
    """The columns that a row of the group has."""
    names = {name for row in found["rows"].values() for name in row}
    return [each for each in COLUMNS if each in names or (each == "spread" and "low" in names)]


def shown(row: dict[str, Any], column: str) -> str:
    """A cell."""
    if column == "spread":
        return f"{row['low']:.2f}-{row['high']:.2f}" if "low" in row else ""
    value = row.get(column)
    if value is None or isinstance(value, str):
        return value or ""
    if column == "share":
        return f"{value:.0%}"
    if column == "ratio":
        return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
    return f"{value:,.0f}" if value >= 1000 or isinstance(value, int) else f"{value:.3g}"
