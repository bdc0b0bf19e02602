"""Read and check a bank statement of 200,000 lines: processor time and memory.

Each reading is a process of its own, which reads the file, checks all lines, and gives them once
more, as an import does. The readings alternate with a process that only splits the file into its
bookings, and, with the path of another checkout of Sluice, with a reading by that one:
`python -m bench reading ../other`. The table has medians.
"""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from rich.table import Table

LINES, ROUNDS = 200_000, 3
HERE = Path(__file__).resolve().parents[1]
MEASURED = """
import json, resource, sys, time
from contextlib import suppress
from pathlib import Path
{work}
seconds = time.process_time() - begin
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # at least those of the parent
with suppress(OSError):
    kilobytes = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
print(json.dumps([count, seconds, kilobytes / 1024]))
"""
READING = """
from budgets.statements import read, survey
begin = time.process_time()
try:
    file = read(sys.argv[1])
    count = sum(1 for _ in survey(file, 2).lines())
except TypeError:  # before version 0.2 the currency came first, and each pass parsed anew
    file = read(sys.argv[1], currency="EUR")
    survey(file.lines())
    count = sum(1 for _ in file.lines())
"""
SPLITTING = """
import csv
begin = time.process_time()
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    if sys.argv[1].endswith("csv"):
        count = sum(1 for _ in csv.reader(file, delimiter=";")) - 1
    else:
        count = file.read().count("<STMTTRN>")
"""


def measured_reading(other: str = "") -> Table:
    """The table for a CSV and an OFX file; `other` is the path of a checkout, "" for none."""
    variants = {"Sluice": (HERE, READING), "splitting it": (HERE, SPLITTING)}
    if other:
        variants["the other checkout"] = (Path(other).resolve(), READING)
    table = Table(
        "200,000 lines", "by", "CPU seconds", "MB", "ratio", title="Reading a statement: medians"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in (("statement.csv", csv_lines()), ("statement.ofx", ofx_lines())):
            file = Path(folder) / name
            with file.open("w") as out:
                out.writelines(lines)
            for row in rows(file, variants):
                table.add_row(*row)
    return table


def rows(file: Path, variants: dict[str, tuple[Path, str]]) -> Iterator[tuple[str, ...]]:
    """Each variant with its medians, and its time in that of Sluice."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, (checkout, work) in variants.items():
            runs[name].append(measured(checkout, work, file))
    own, _ = runs["Sluice"][0]
    for name, found in runs.items():
        seconds, megabytes = (statistics.median(each) for each in zip(*found, strict=True))
        own = seconds if name == "Sluice" else own
        yield file.suffix[1:], name, f"{seconds:.2f}", f"{megabytes:.0f}", f"{seconds / own:.2f}"


def measured(checkout: Path, work: str, file: Path) -> tuple[float, float]:
    """Seconds of processor time and peak megabytes of one process."""
    command = [str(checkout / ".venv/bin/python"), "-c", MEASURED.format(work=work), str(file)]
    ran = subprocess.run(  # noqa: S603
        command, cwd=checkout, check=True, capture_output=True, text=True
    )
    count, seconds, megabytes = json.loads(ran.stdout)
    if count != LINES:
        raise RuntimeError(f"{checkout} found {count} of {LINES} lines")
    return seconds, megabytes


def bookings() -> Iterator[tuple[int, date, str]]:
    """Number, day and sum; one in ten comes in."""
    for n in range(LINES):
        cents = n * 7_919 % 300_000 + 1
        sign = "" if n % 10 == 0 else "-"
        day = date(2025, 1, 1) + timedelta(days=n // 550)
        yield n, day, f"{sign}{cents // 100}.{cents % 100:02}"


def csv_lines() -> Iterator[str]:
    """A table with a reference in each row."""
    yield "Date;Amount;Description;Reference\n"
    for n, day, amount in bookings():
        yield f"{day};{amount};Supermarket {n % 300} till {n};REF{n:08}\n"


def ofx_lines() -> Iterator[str]:
    """OFX 1 without closing tags, as most banks write it."""
    yield (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
        "<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1"
        "<ACCTID>77<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>\n"
    )
    for n, day, amount in bookings():
        kind = "DEBIT" if amount.startswith("-") else "CREDIT"
        yield (
            f"<STMTTRN>\n<TRNTYPE>{kind}\n<DTPOSTED>{day:%Y%m%d}\n<TRNAMT>{amount}\n"
            f"<FITID>REF{n:08}\n<NAME>Supermarket {n % 300} till {n}\n</STMTTRN>\n"
        )
    yield "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
