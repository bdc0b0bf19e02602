"""OFX and QFX, version 1 (SGML) and 2 (XML), read transaction by transaction."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar
from xml.etree.ElementTree import Element

from budgets.errors import BadStatement
from budgets.statements.amounts import minor, point
from budgets.statements.lines import Account, Line
from budgets.statements.markup import pieces, plain
from budgets.statements.source import Source
from budgets.statements.tree import OWNERS, STATEMENTS, TRANSACTION, elements

_START = 1 << 16  # characters

_WHOLE_TRANSACTION = re.compile(
    r"<STMTTRN>[^<]*(?:<(?!/?STMTTRN>)[^<]*)*</STMTTRN>\s*"  # stops at the next one: linear
)
_BEGINNING = re.compile(r"(?:^|[\r\n])[ \t]*(?:OFXHEADER\s*:|<OFX>)", re.IGNORECASE)
_DATE = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})"
    r"(?:[T ]?[0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?(?:[.,:][0-9]+)?)?\s*(?:\[[^\]]*\]|Z)?"
)


class OfxFile:
    """A statement in OFX. `accounts` are in the file's order, those without lines too.

    Raises BadStatement for a file that is not OFX, is cut off, or holds no statement.
    """

    format: ClassVar[str] = "ofx"

    def __init__(self, source: Source) -> None:
        self._source = source
        with source.text() as file:
            emptied = (_WHOLE_TRANSACTION.sub("<STMTTRN></STMTTRN>", part) for part in pieces(file))
            self._statements = list(_accounts(elements(emptied)))
        if not self._statements:
            raise BadStatement("the file holds no account statement")
        self.accounts = tuple(dict.fromkeys(self._statements))

    def lines(self, decimals: int) -> Iterator[Line]:
        """The transactions, read anew; a unit has `decimals` decimals.

        Raises BadStatement at the first transaction with bad fields, naming them all.
        """
        number = statement = 0
        with self._source.text() as file:
            for element in elements(pieces(file)):
                if element.tag == TRANSACTION:
                    number += 1
                    yield _line(number, self._statements[statement], element, decimals)
                elif element.tag in STATEMENTS:
                    statement += 1


def looks_like_ofx(source: Source) -> bool:
    """Whether a file begins with a tag, as no CSV does, or has an OFX header near its start."""
    head = source.head(_START)
    return head.lstrip().startswith("<") or bool(_BEGINNING.search(head))


def _accounts(found: Iterator[Element]) -> Iterator[Account]:
    """Whose each statement is. Banks write the account before the transactions or after them."""
    name = currency = ""
    for element in found:
        if element.tag == "CURDEF":
            currency = plain(element.text or "").upper()
        elif element.tag in OWNERS:  # a transfer of an investment has one more, behind it
            name = name or plain(element.findtext("ACCTID") or "")
        elif element.tag in STATEMENTS:
            yield Account(name, currency)
            name = currency = ""


def _line(number: int, account: Account, element: Element, decimals: int) -> Line:
    complaints: list[str] = []
    posted = _field(element, "DTPOSTED", _date, complaints)
    amount = _field(element, "TRNAMT", lambda text: _amount(text, decimals), complaints)
    if len(element.findall("FITID")) > 1:
        complaints.append("FITID is given twice")
    if element.findtext("CORRECTACTION"):
        complaints.append("CORRECTACTION changes an earlier line, which cannot be imported")
    foreign = plain(element.findtext("CURRENCY/CURSYM") or "").upper()
    if account.currency and foreign not in ("", account.currency):
        complaints.append(f"CURRENCY {foreign!r} is not the account's {account.currency}")
    if complaints or posted is None or amount is None:
        raise BadStatement(f"transaction {number}: {'; '.join(complaints)}")
    return Line(
        number=number,
        account=account.id,
        posted=posted,
        amount=amount,
        currency=account.currency,
        description=_description(element),
        external_id=plain(element.findtext("FITID") or ""),
    )


def _field[T](
    element: Element, tag: str, convert: Callable[[str], T], complaints: list[str]
) -> T | None:
    """The converted text of a leaf that must be there once, or None and a complaint."""
    texts = [plain(found.text or "") for found in element.findall(tag)]
    if len(texts) > 1:
        complaints.append(f"{tag} is given twice")
    elif not "".join(texts):
        complaints.append(f"{tag} is missing")
    else:
        try:
            return convert(texts[0])
        except ValueError as error:
            complaints.append(f"{tag} {texts[0][:60]!r} {error}")
    return None


def _date(text: str) -> date:
    """The day as the bank wrote it, whatever the zone behind it."""
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else date.min.replace(month=0)
    except ValueError:
        raise ValueError("is not a date") from None


def _amount(text: str, decimals: int) -> int:
    """OFX has no thousands marks, so a lone mark is decimal; "1.000" in cents is still refused,
    as banks that take no notice mean a thousand.
    """
    mark = point(text)
    if mark is None:
        mark = "." if "." in text else ","
        if decimals < 3:
            raise ValueError(f"has more decimals than the currency ({decimals})")
    return minor(text, decimal=mark or ".", exponent=decimals)


def _description(element: Element) -> str:
    """Name and memo in one text, without saying the same twice."""
    name = plain(element.findtext("NAME") or element.findtext("PAYEE/NAME") or "")
    memo = plain(element.findtext("MEMO") or "")
    if name in memo:
        return memo
    return name if memo in name else f"{name}: {memo}"
