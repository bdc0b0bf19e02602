"""Formats that are recognised so that a person learns what to export instead."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from budgets.errors import BadStatement

READ = "CSV, OFX, QFX, QIF, camt.053 or MT940"
"""What is read, for a sentence."""

HEAD = 1 << 16  # characters of a file that `refuse_unread` needs
_BEFORE = r"\A[\s\ufeff]*"


class _Format(NamedTuple):
    """A format and what to do about it."""

    name: str
    remedy: str
    sign: re.Pattern[str]


_EXPORT = "export one of these from the bank"
_STATEMENT = "export the statement of booked entries (camt.053 or MT940)"
_SAVE = "save the sheet as CSV"

_BINARY: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF", _EXPORT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook (XLS)", _SAVE),
    (b"\x1f\x8b\x08", "a compressed file (gzip)", "unpack it and import what is in it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and import each file in it"),
    (b"Rar!\x1a\x07", "a RAR archive", "unpack it and import each file in it"),
    (b"SQLite format 3\0", "a database (SQLite)", _EXPORT),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
)
_ZIPPED: tuple[tuple[bytes, str, str], ...] = (
    (b"xl/", "an Excel workbook (XLSX)", _SAVE),
    (b"[Content_Types].xml", "an Office document (XLSX or DOCX)", _SAVE),
    (b"opendocument", "an OpenDocument file (ODS)", _SAVE),
    (b"Index/Document.iwa", "a Numbers sheet", _SAVE),
)
_ZIP = ("a ZIP archive", "unpack it and import each file in it")


def _format(name: str, remedy: str, sign: str) -> _Format:
    return _Format(name, remedy, re.compile(sign, re.IGNORECASE | re.MULTILINE))


_FORMATS = (
    _format(
        "camt.052, a report during the day without final balances",
        _STATEMENT,
        r"<(?:[\w.-]+:)?BkToCstmrAcctRpt\b",
    ),
    _format(
        "camt.054, a notification of single entries without balances",
        _STATEMENT,
        r"<(?:[\w.-]+:)?BkToCstmrDbtCdtNtfctn\b",
    ),
    _format(
        "an ISO 20022 message that is no statement",
        _STATEMENT,
        r"iso:20022:tech:xsd:(?!camt\.053)[a-z]{4}\.[0-9]{3}\.",
    ),
    _format("a sheet in Excel's XML", _SAVE, r"urn:schemas-microsoft-com:office:spreadsheet"),
    _format(
        "an HTML page, whatever its name ends with",
        _SAVE,
        _BEFORE + r"<(?:!doctype html|html|head|body|table)\b",
    ),
    _format("OFC, the format before OFX", _EXPORT, _BEFORE + r"<OFC>"),
    _format("a GnuCash book", _EXPORT, r"<gnc-v2\b"),
    _format("JSON", _EXPORT, _BEFORE + r"(?:\{\s*[\"}]|\[\s*(?:[\"{\[\]]|-?[0-9]))"),
    _format("RTF", _EXPORT, _BEFORE + r"\{\\rtf"),
    _format(
        "MT942, a report during the day",
        _STATEMENT,
        r"\{2:[IO]942|\A(?=[\s\S]{0,4000}^:20:)(?=[\s\S]{0,4000}^:34F:)(?![\s\S]*^:6[02][FM]?:)",
    ),
    _format("MT941, a report of balances", _STATEMENT, r"\{2:[IO]941"),
    _format("BAI2", _EXPORT, _BEFORE + r"01,[^,\n]*,[^,\n]*,[0-9]{6},[0-9]{0,4},[^\n]*/?\s*\n02,"),
    _format("CODA", _EXPORT, _BEFORE + r"0000[0 ][0-9]{6}[0-9]{3}05"),
    _format(
        "Norma 43 (Cuaderno 43)",
        _EXPORT,
        _BEFORE + r"11[0-9]{30}[12][0-9]{14}[0-9]{3}[123]",
    ),
    _format("an EDIFACT message", _EXPORT, _BEFORE + r"(?:UNA.{6}\s*)?UNB\+"),
)


def unread() -> Iterator[tuple[str, str]]:
    """The name of each format that is recognised and not read, and what to do about it."""
    for _, name, remedy in (*_BINARY, *_ZIPPED):
        yield name, remedy
    yield _ZIP
    yield from ((each.name, each.remedy) for each in _FORMATS)


def refuse_binary(first: bytes) -> None:
    """Raises BadStatement if the `first` bytes of a file are those of a known binary format."""
    for sign, name, remedy in _BINARY:
        if first.startswith(sign):
            raise _refusal(name, remedy)
    if first.startswith(b"PK\x03\x04"):
        name, remedy = next(
            ((name, remedy) for sign, name, remedy in _ZIPPED if sign in first),
            _ZIP,
        )
        raise _refusal(name, remedy)


def refuse_unread(head: str) -> None:
    """Raises BadStatement if the first `HEAD` characters are those of a format that is not read."""
    if re.search(r"<(?:[\w.-]+:)?(?:OFX|BkToCstmrStmt)\b", head):
        return
    for each in _FORMATS:
        if each.sign.search(head):
            raise _refusal(each.name, each.remedy)


def _refusal(name: str, remedy: str) -> BadStatement:
    return BadStatement(f"the file is {name}; Sluice reads {READ}: {remedy}")
