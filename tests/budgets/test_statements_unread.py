"""A format that is not read is named, with what is read and what to do."""

import io
import zipfile
from pathlib import Path

import pytest

from budgets.statements import read
from budgets.statements.source import inspect
from budgets.statements.unread import HEAD, READ, refuse_unread
from tests.budgets.bank_messages import camt, ntry, stmt
from tests.budgets.statement_files import OWN, SAMPLES, ofx, put, refusal, transaction
from tests.budgets.test_statements_mt940 import PAY


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "/").replace("_", "."), text)
    return content.getvalue()


def sheet() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", "<workbook/>")
    return content.getvalue()


NAMED: list[tuple[bytes | str, str]] = [
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "an Excel workbook (XLS)"),
    (sheet(), "an Excel workbook (XLSX)"),
    (archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"), "an OpenDocument file"),
    (archive(statement_xml="<Document/>"), "a ZIP archive"),
    (b"\x1f\x8b\x08\0\0", "a compressed file (gzip)"),
    (b"\x89PNG\r\n\x1a\n\0", "a picture (PNG)"),
    (b"SQLite format 3\0\0", "a database (SQLite)"),
    ("\n<!DOCTYPE html><html><table><tr><td>Date</td></tr></table></html>", "an HTML page"),
    ("<table><tr><td>Date", "an HTML page"),
    ('{"transactions": []}', "JSON"),
    ('[\n {"date": "2026-01-05"}]', "JSON"),
    (camt(stmt(ntry(PAY)).replace("Stmt", "Rpt"), message="052"), "camt.052"),
    (camt(stmt(ntry(PAY)).replace("Stmt", "Ntfctn"), message="054"), "camt.054"),
    ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">', "an ISO 20022 message"),
    ('<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "a sheet in Excel's XML"),
    ("<OFC><DTD>2", "OFC"),
    (":20:X\n:25:1\n:28C:1\n:34F:EUR0,\n:13D:2601051200+0100\n:61:260105C1,NTRF\n", "MT942"),
    ("{1:F01X}{2:O942}{4:\n:20:X\n:25:1\n-}", "MT942"),
    ("{1:F01X}{2:O941}{4:\n:20:X\n:25:1\n:60F:C260101EUR1,\n-}", "MT941"),
    ("01,BANK,CUSTOMER,260105,0600,1,80,1,2/\n02,CUSTOMER,BANK,1,260105,,EUR,2/\n", "BAI2"),
    ("0000005012672505        00000000  ANN".ljust(128) + "\n", "CODA"),
    ("11" + "1234" * 2 + "0123456789" + "260101260131" + "2" + "1" * 14 + "9783ANN\n", "Norma 43"),
    ("UNA:+.? '\nUNB+UNOA:1+A+B'", "an EDIFACT message"),
]


@pytest.mark.parametrize(("content", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_format_is_named_with_what_is_read(
    tmp_path: Path, content: bytes | str, name: str
) -> None:
    sentence = refusal(put(tmp_path, content))

    assert sentence.startswith(f"the file is {name}")
    assert f"; Sluice reads {READ}: " in sentence


def test_an_archive_says_what_to_do(tmp_path: Path) -> None:
    assert refusal(put(tmp_path, archive(a_xml="<a/>"))).endswith(
        ": unpack it and import each file in it"
    )


@pytest.mark.parametrize(
    "path",
    sorted({*OWN.glob("*.*"), *SAMPLES.iterdir()} - {OWN / "README.md"}),
    ids=lambda path: path.name,
)
def test_what_is_read_is_not_taken_for_something_else(path: Path) -> None:
    source = inspect(path)

    refuse_unread(source.head(HEAD))


@pytest.mark.parametrize(
    "content",
    [
        "01,02,2026\nDate,Amount\n2026-01-05,1.00",
        "[Account],x\nDate,Amount\n2026-01-05,1.00",
        "Date,Amount,Text\n2026-01-05,1.00,<html>",
        "Date,Amount,Text\n2026-01-05,1.00,:20: :61:260105C1",
        "11;12\nDate;Amount\n2026-01-05;1.00",
    ],
)
def test_a_table_that_looks_a_little_like_another_format_is_read(
    tmp_path: Path, content: str
) -> None:
    assert [line.amount for line in read(put(tmp_path, content)).lines(2)] == [1_00]


def test_a_statement_may_speak_of_another_format(tmp_path: Path) -> None:
    memo = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

    assert read(put(tmp_path, ofx(transaction(MEMO=memo)))).format == "ofx"
