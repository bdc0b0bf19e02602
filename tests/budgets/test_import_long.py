"""A statement of 200,000 lines: imported in bounded memory, with progress to look at."""

import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from budgets import samples
from budgets.managers import matching
from budgets.statements import Line
from tenants.management import main
from tests.budgets import statement_files
from tests.budgets.importing import Importer
from tests.command_line import ROOT, app_url

LINES = 20_000 if os.environ.get("CI") else 200_000
EVERY = 100
"""One line in so many comes in; the others go out."""

MEBIBYTE = 1 << 20

TELLING = """
import re, resource, sys
from pathlib import Path
from tenants.management import main

code = main(sys.argv)
status, peak = Path("/proc/self/status"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if status.exists():
    peak = int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) * 1024
Path(sys.argv[-1]).with_suffix(".peak").write_text(str(peak))
sys.exit(code)
"""
"""The command line, and how many bytes it took at most: on Linux of its own, for the rest of the
system counts in who started it, where a process began as a copy of a large one.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What an import printed, showed on a terminal and took."""

    out: str
    shown: str
    peak: int  # bytes


def amounts() -> Iterator[str]:
    """A line's amount, by its number."""
    return (f"{1 + n % 9}.{n % 100:02}" if n % EVERY == 0 else "-4.50" for n in range(LINES))


def csv(file: Path) -> None:
    """No ids: every line is known by its content and how often that came."""
    with file.open("w") as out:
        out.write("Date;Amount;Text\n")
        for n, amount in enumerate(amounts()):
            out.write(f"2025-{1 + n % 12:02}-{1 + n % 28:02};{amount};Booking {n % 1000}\n")


def ofx(file: Path) -> None:
    """An id on every line."""
    with file.open("w") as out:
        out.write("<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF><BANKACCTFROM>")
        out.write("<ACCTID>7</ACCTID></BANKACCTFROM><BANKTRANLIST>\n")
        for n, amount in enumerate(amounts()):
            out.write(f"<STMTTRN><DTPOSTED>2025{1 + n % 12:02}15<TRNAMT>{amount}<FITID>{n}")
            out.write(f"<NAME>Booking {n}</STMTTRN>\n")
        out.write("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>")


def measured(importer: Importer, file: Path, option: str) -> Measured:
    """Import the file in a process of its own, with a terminal for its stderr."""
    words = ("import_statement", "--tenant", importer.tenant.slug, "--budget", "Household")
    environ = {**os.environ, "DATABASE_URL": app_url(), "TERM": "xterm"}
    terminal, theirs = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=drain, args=(terminal, shown))
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [sys.executable, "-c", TELLING, *words, option, str(file)],
            cwd=ROOT,
            env=environ,
            stdout=out,
            stderr=theirs,
        )
        os.close(theirs)
        reader.start()
        process.wait()
        out.seek(0)
        printed = out.read().decode()
    reader.join(10)
    os.close(terminal)
    text = b"".join(shown).decode(errors="replace")
    assert process.returncode == 0, text
    return Measured(printed, text, int(file.with_suffix(".peak").read_text()))


def drain(terminal: int, into: list[bytes]) -> None:
    """Read a terminal until nobody writes to it any more."""
    try:
        while read := os.read(terminal, 1 << 16):
            into.append(read)
    except OSError:  # how Linux says so
        return


def test_progress_on_a_terminal_leaves_stdout_to_programs(tenant, tmp_path):
    file = tmp_path / "household.ofx"
    file.write_bytes(samples.HOUSEHOLD.read_bytes())

    run = measured(Importer.of(tenant), file, "--json")

    assert json.loads(run.out)["new"] == 35
    assert "Importing" in run.shown
    assert "amount_minor" not in run.shown


WIDE = 16_000
"""Lines of a kilobyte, all of money out: nothing of them need be kept."""


def wide_csv() -> Iterator[str]:
    yield "Date;Amount;Id;Text\n"
    for n in range(WIDE):
        yield f"2025-01-31;-1.50;{n};{n:01000}\n"


def wide_ofx() -> Iterator[str]:
    start, end = statement_files.ofx("|").split("|")
    yield start
    for n in range(WIDE):
        yield statement_files.transaction(FITID=str(n), NAME=f"{n:01000}") + "\n"
    yield end


@pytest.mark.parametrize(
    ("write", "option"), [(wide_csv, "--brief"), (wide_csv, "--json"), (wide_ofx, "--dry-run")]
)
def test_a_statement_is_never_held_whole(tenant, tmp_path, write, option, monkeypatch):
    monkeypatch.setattr(matching, "_LONGEST_BATCH", WIDE // 16)
    file = tmp_path / "wide"
    with file.open("w") as out:
        out.writelines(write())
    importer = Importer.of(tenant)
    importer.run(samples.HOUSEHOLD, option, "--dry-run")  # so that no module is loaded below
    at = ("--tenant", tenant.slug, "--budget", "Household")

    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        tracemalloc.start()
        code = main(["manage.py", "import_statement", *at, option, str(file)])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert code == 0
    assert peak < file.stat().st_size / 2


def test_lines_are_taken_as_they_come_and_in_batches_though_none_comes_in():
    taken = []

    def lines() -> Iterator[Line]:
        for number in range(1, 12_001):
            taken.append(number)
            yield Line(number, "", date.min, -1, "", "", "")

    held = [(len(batch), len(taken)) for batch in matching.batches(lines())]

    assert held == [(5_000, 5_000), (5_000, 10_000), (2_000, 12_000)]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("write", [csv, ofx])
def test_a_long_statement_comes_in_with_bounded_memory(tenant, tmp_path, write: Callable) -> None:
    importer, file = Importer.of(tenant), tmp_path / "statement"
    write(file)
    expected = [round(float(amount) * 100) for amount in amounts() if not amount.startswith("-")]

    first, second = (measured(importer, file, "--brief") for _ in range(2))

    new, left = len(expected), LINES - len(expected)
    assert f"{LINES:,} lines: {new:,} new, 0 duplicate, {left:,} skipped" in first.out
    assert f"{LINES:,} lines: 0 new, {new:,} duplicate, {left:,} skipped" in second.out
    assert importer.amounts == expected
    assert importer.breaks == []
    assert "Importing" in first.shown
    assert 20 * MEBIBYTE < max(first.peak, second.peak) < 150 * MEBIBYTE
