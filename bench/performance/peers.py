"""The part of docs/performance.md about other packages, from the results of `make bench-peers`."""

from collections.abc import Iterator

from bench.performance import tables
from bench.performance.results import Results


def markdown(results: Results) -> Iterator[str]:
    """The tables of all groups, with the releases of the packages."""
    if not results["groups"]:
        yield "Not measured yet."
        return
    releases = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    yield f"Measured on {results['made']} with {releases}."
    for name, group in results["groups"].items():
        yield ""
        yield f"### {name}"
        yield ""
        yield from tables.markdown(group)
