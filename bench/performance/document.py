"""The generated parts of docs/performance.md, and its plots, from the last results.

A part stands between two markers, `<!-- NAME: generated -->` and `<!-- end -->`; the text around
it is written by hand and has no figures.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench.performance import costs, peers, plots, tables
from bench.performance.results import Results, read

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "performance.md"
FOLDER = "performance"
"""The folder of the plots, beside the file."""
LAST = ROOT / "bench" / "results" / "performance.json"
PEERS = ROOT / "bench" / "results" / "peers.json"
PART = re.compile(
    r"(?<=<!-- )(?P<name>[a-z-]+)(?P<begin>: generated -->\n).*?(?=<!-- end -->)", re.S
)
GROUPS = (
    *("verbs", "latency", "writers", "share", "cpu", "payroll", "reads", "import", "audit"),
    *("connections", "growth", "storage", "memory"),
)


def document(text: str, results: Results, of_peers: Results) -> str:
    """The text with each part as the results have it."""
    parts = parts_of(results, of_peers)

    def generated(found: re.Match[str]) -> str:
        lines = "".join(f"{line}\n" for line in parts[found["name"]]())
        return f"{found['name']}{found['begin']}\n{lines}\n"

    return PART.sub(generated, text)


def parts_of(results: Results, of_peers: Results) -> dict[str, Callable[[], Iterator[str]]]:
    """Name -> lines of the part."""
    groups = results["groups"]
    return {
        "run": partial(_run, results),
        **{name: partial(tables.markdown, groups[name]) for name in GROUPS},
        "limit": partial(_source, results["source"]),
        "unit-costs": partial(costs.unit_lines, results),
        "million": partial(costs.million_lines, results),
        "peers": partial(peers.markdown, of_peers),
    }


def read_peers() -> Results:
    """The results of the other packages; without groups if there are none."""
    return read(PEERS) if PEERS.exists() else {"groups": {}}


def files(text: str, folder: Path) -> dict[Path, str]:
    """Each generated file with its contents: the document in `folder`, and the plots."""
    results = read(LAST)
    drawn = {folder / FOLDER / f"{name}.svg": plot(results) for name, plot in plots.PLOTS.items()}
    return {folder / FILE.name: document(text, results, read_peers()), **drawn}


def incomplete(text: str) -> list[str]:
    """Parts that the text does not have."""
    there = {found["name"] for found in PART.finditer(text)}
    return sorted(parts_of(read(LAST), read_peers()).keys() - there)


def _run(results: Results) -> Iterator[str]:
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    begin, end = results["load"]
    yield (
        f"Measured on {results['made']} on a machine with {results['cores']} cores, which clients "
        f"and server share ({versions})."
    )
    yield f"Its load before was {begin}, after {end}. A slice took {_slice(results)}."


def _slice(results: Results) -> str:
    sizes = results["sizes"]
    return f"{sizes['slice_ms']} ms in each of {sizes['rounds']} rounds"


def _source(source: str) -> Iterator[str]:
    yield from (f"    {line}".rstrip() for line in source.splitlines())
