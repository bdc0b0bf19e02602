"""The import of a bank statement, of which every second line brings money."""

import tempfile
import time
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from bench.performance import product
from bench.performance.measure import in_turn, significant
from bench.performance.setting import Setting

SUFFIXES = ("csv", "ofx")


def measured(where: Setting) -> dict[str, Any]:
    """The group `import`: each import is into a new budget."""
    lines, rows = where.sizes.lines, {}
    with where.client() as client, tempfile.TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            file = Path(folder) / f"statement.{suffix}"
            file.write_text(csv_text(lines) if suffix == "csv" else ofx_text(lines))
            name = f"import_statement, {suffix.upper()}"
            counter = iter(range(1000))
            work = partial(_one, client, file, suffix, counter, lines)
            [row] = in_turn({name: work}, where.few, name, warm=False).values()
            rows[name] = {
                "per_second": row["per_second"],
                "seconds_1000": significant(1000 / row["per_second"]),
            }
    notes = [f"lines per second of a statement of {lines:,} lines; half of them are deposits"]
    return {"import": {"rows": rows, "notes": notes}}


def _one(client: Any, file: Path, suffix: str, counter: Any, lines: int) -> list[float]:
    """Import the file into a new tenant: the seconds of each line."""
    slug = f"import-{suffix}-{next(counter)}"
    client(product.found, slug, tenants=1, budgets=1, buckets=10, history=0)
    seconds = client(imported, f"{slug}-0", str(file))
    return [seconds / lines] * lines


def imported(tenant: str, file: str) -> float:
    """The seconds of `import_statement`."""
    begin = time.perf_counter()
    call_command(
        "import_statement", file, tenant=tenant, budget="Budget 0", brief=True, stdout=StringIO()
    )
    return time.perf_counter() - begin


def csv_text(lines: int) -> str:
    """A table of bookings."""
    rows = [f"{day},Booking {n} of a shop,{sign}{euros}.{cents:02}" for n, day, sign, euros, cents
            in bookings(lines)]  # fmt: skip
    return "\n".join(["Date,Description,Amount", *rows, ""])


def ofx_text(lines: int) -> str:
    """The same bookings as OFX 1."""
    rows = [
        f"<STMTTRN><TRNTYPE>{'DEBIT' if sign else 'CREDIT'}<DTPOSTED>{day.replace('-', '')}"
        f"<TRNAMT>{sign}{euros}.{cents:02}<FITID>R{n:08}<NAME>Booking {n} of a shop</STMTTRN>"
        for n, day, sign, euros, cents in bookings(lines)
    ]
    head = (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:USASCII\nCHARSET:1252\n\n"
        "<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>1"
        "<ACCTID>77<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>"
    )
    tail = "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    return "\n".join([head, *rows, tail, ""])


def bookings(lines: int) -> list[tuple[int, str, str, int, int]]:
    """Number, day, sign, euros and cents of each booking."""
    return [
        (n, f"2026-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}", "-" if n % 2 else "", n % 90 + 1, n % 97)
        for n in range(lines)
    ]
