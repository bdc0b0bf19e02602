"""Statements for tests: content into files, files into lines or refusals."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from budgets.errors import BadStatement
from budgets.money import currencies
from budgets.statements import Hints, Line, read

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "statements"
SAMPLES = ROOT / "budgets" / "samples"
COFFEE = "<STMTTRN><DTPOSTED>20250131<TRNAMT>-4.50<FITID>1<NAME>Coffee</STMTTRN>"
EXPORT = "export the statement as CSV, OFX, QFX, QIF, camt.053 or MT940"
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(folder: Path, content: str | bytes) -> Path:
    """A new file with the content; its name says nothing about the format."""
    path = folder / f"{len(list(folder.iterdir()))}.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def lines(path: Path, currency: str = "EUR", **hints: Any) -> list[Line]:
    return list(read(path, hints=Hints(**hints)).lines(currencies.exponent(currency)))


def amounts(path: Path, currency: str = "EUR", **hints: Any) -> list[int]:
    return [line.amount for line in lines(path, currency, **hints)]


def refusal(path: Path, currency: str = "EUR", **hints: Any) -> str:
    with pytest.raises(BadStatement) as refused:
        lines(path, currency, **hints)
    return str(refused.value)


def of_row(number: int, at: int, complaint: str) -> str:
    """The refusal of the `number`th line of a CSV, in that row of the file."""
    where = f"line {number} (row {at} of the file)"
    return f"{where}: {complaint}; say --skip-line {number} to pass over it"


def ofx(*transactions: str, currency: str = "EUR", account: str = "7") -> str:
    return (
        f"<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}</CURDEF>"
        f"<BANKACCTFROM><ACCTID>{account}</ACCTID></BANKACCTFROM>"
        f"<BANKTRANLIST>{''.join(transactions)}</BANKTRANLIST></STMTRS></STMTTRNRS>"
        "</BANKMSGSRSV1></OFX>"
    )


def transaction(**leaves: str) -> str:
    values = {"DTPOSTED": "20250131", "TRNAMT": "-4.50", "FITID": "1"} | leaves
    return "<STMTTRN>" + "".join(f"<{tag}>{text}" for tag, text in values.items()) + "</STMTTRN>"


def table(*cells: str, header: str = "Date;Amount;Text") -> str:
    """A CSV of one column, the others filled in."""
    column = header.split(";").index("Amount")
    rows = [["2025-01-31", "1.50", "x"] for _ in cells]
    for row, cell in zip(rows, cells, strict=True):
        row[column] = cell
    return "\n".join([header, *map(";".join, rows)])


def dated(*days: str) -> str:
    return "\n".join(["Date;Amount", *(f"{day};1" for day in days)])


def mangled(data: st.DataObject, content: bytes, favourites: bytes) -> bytes:
    """The content cut short, with bytes changed, added and taken away; `favourites` more often."""
    left = bytearray(content[: data.draw(st.sampled_from([300, 900, 4000, 20_000, 40_000]))])
    new = st.lists(st.sampled_from(favourites) | st.integers(0, 255), max_size=3)
    for at in data.draw(st.lists(st.integers(0, len(left)), max_size=4)):
        left[at : at + data.draw(st.integers(0, 40))] = bytes(data.draw(new))
    return bytes(left)


def assert_lines_or_refusal(path: Path, currency: str) -> None:
    """Whatever is in a file, it gives lines or one sentence."""
    found, sentence = None, ""
    try:
        found = lines(path, currency)
    except BadStatement as refused:
        sentence = str(refused)

    if found is None:
        assert len(sentence.splitlines()) == 1
        assert len(sentence) < 1500
    else:
        assert all(isinstance(line, Line) for line in found)
