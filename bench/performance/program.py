"""The program of `make bench` and `make bench-quick`: `python -m bench.performance --help`."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bench.performance import results, tables
from bench.performance.parts import PARTS
from bench.performance.server import ROOT, bench_server
from bench.performance.setting import Setting, setting
from bench.performance.sizes import add_options, sizes_of

FULL = ROOT / "bench" / "results" / "performance.json"
QUICK = ROOT / "var" / "bench" / "quick.json"


def main(words: list[str] | None = None) -> int:
    """Measure the parts, print the tables, write the JSON; exit code 1 if a row is missing."""
    options = _options(words)
    console = Console(width=110)
    with bench_server() as server, setting(server, sizes_of(options), options.pooler) as where:
        measured = measure(where, options.part or [*PARTS], console)
    file: Path = options.json or (QUICK if options.quick else FULL)
    if options.part and file.exists():
        measured = results.merge(results.read(file), measured)
    results.write(file, measured)
    console.print(f"written: {file.name}")
    missing = [] if options.part else results.missing(measured)
    for row in missing:
        print(f"the row {row} is missing", file=sys.stderr)
    return 1 if missing else 0


def measure(where: Setting, parts: list[str], console: Console) -> results.Results:
    """The results of the parts; each table is printed as soon as it is there."""
    measured = results.begin(where)
    for name in parts:
        for group, found in PARTS[name](where).items():
            measured["groups"][group] = found
            console.print(tables.table(group, found))
    return results.end(measured)


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.performance", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: under 2 minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the file of the results")
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="only this part; its rows replace those of the file. Repeatable",
    )
    parser.add_argument(
        "--pooler",
        default="",
        metavar="PROGRAM",
        help="pgbouncer, to measure it before the server; default: the one on the PATH",
    )
    add_options(parser)
    return parser.parse_args(words)
