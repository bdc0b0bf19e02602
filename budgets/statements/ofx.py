"""OFX and QFX, version 1 (SGML) and 2 (XML), read transaction by transaction.

ofxtools' TreeBuilder does the reading; its strict header parser and its typed models do
not, since both refuse files that banks really send.
"""

import logging
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar
from xml.etree.ElementTree import Element

from ofxtools.Parser import ParseError, TreeBuilder

from budgets.errors import BadStatement
from budgets.statements.amounts import minor, point
from budgets.statements.lines import Account, Line
from budgets.statements.markup import pieces, plain
from budgets.statements.source import Source

# Its log would carry people's transactions.
logging.getLogger("ofxtools.Parser").setLevel(logging.WARNING)

_TRANSACTION = "STMTTRN"
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_OWNERS = frozenset({"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"})
_CLOSED = _STATEMENTS | _OWNERS | {_TRANSACTION, "OFX", "BANKTRANLIST"}
_START = 1 << 16  # characters
_DEEPEST = 100  # open tags

_WHOLE_TRANSACTION = re.compile(
    r"<STMTTRN>[^<]*(?:<(?!/?STMTTRN>)[^<]*)*</STMTTRN>\s*"  # stops at the next one: linear
)
_BEGINNING = re.compile(r"^\s*(?:OFXHEADER\s*:|<OFX>)", re.IGNORECASE | re.MULTILINE)
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
        body = _Body()
        with source.text() as file:
            for piece in pieces(file):
                body.take(_WHOLE_TRANSACTION.sub("<STMTTRN></STMTTRN>", piece))
                body.drain()
        body.finish()
        self.accounts = tuple(body.accounts)

    def lines(self, decimals: int) -> Iterator[Line]:
        """The transactions, read anew; a unit has `decimals` decimals.

        Raises BadStatement at the first transaction with bad fields, naming them all.
        """
        body = _Body()
        with self._source.text() as file:
            for piece in pieces(file):
                body.take(piece)
                for number, account, element in body.drain():
                    yield _line(number, account, element, decimals)
        body.finish()


def looks_like_ofx(source: Source) -> bool:
    """Whether a file begins with a tag, as no CSV does, or has an OFX header near its start."""
    head = source.head(_START)
    return head.lstrip().startswith("<") or bool(_BEGINNING.search(head))


type _Finished = tuple[int, Account, Element]


class _Body(TreeBuilder):
    """Hands over each transaction as its tag closes, and keeps nothing else of the tree."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: dict[Account, None] = {}
        self._open: list[Element] = []
        self._finished: list[_Finished] = []
        self._count = 0
        self._id = self._currency = ""
        self._inside = self._closed = False

    def take(self, piece: str) -> None:
        """Read on."""
        try:
            self.feed(piece)
        except ParseError as error:
            raise self._broken("text outside any tag") from error

    def drain(self) -> list[_Finished]:
        """The transactions finished since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def finish(self) -> None:
        """Raises BadStatement unless the file came to its end and held a statement."""
        if not self._closed:
            raise self._broken("the file is cut off, </OFX> is missing")
        if not self.accounts:
            raise BadStatement("the file holds no account statement")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        if self._closed:
            raise self._broken(f"<{tag}> after </OFX>")
        if len(self._open) == _DEEPEST:
            raise self._broken(f"more than {_DEEPEST} open tags")
        if tag in _STATEMENTS:
            self._id = self._currency = ""
        elif tag == _TRANSACTION:
            self._count += 1
            if self._inside:
                raise self._broken("<STMTTRN> inside <STMTTRN>")
            self._inside = True
        element = super().start(tag, attrs)
        self._open.append(element)
        return element

    def end(self, tag: str) -> Element:
        """Close `tag`, and what stands open inside it: an SGML leaf may be empty and unclosed."""
        if not self._open or self._open[-1].tag != tag:
            self._drop_empty_leaves(tag)
        element = self._open.pop()
        super().end(tag)
        if tag == _TRANSACTION:
            self._finished.append((self._count, Account(self._id, self._currency), element))
            self._inside = False
        if not self._inside:
            self._note(element)
            if self._open:
                del self._open[-1][-1]
            self._closed = not self._open
        return element

    def _drop_empty_leaves(self, tag: str) -> None:
        """Close what stands open inside `tag`, giving its seeming children to its parent."""
        if all(element.tag != tag for element in self._open):
            raise self._broken(f"</{tag}> closes nothing")
        while self._open[-1].tag != tag:
            leaf = self._open.pop()
            if leaf.tag in _CLOSED:
                raise self._broken(f"<{leaf.tag}> is not closed")
            super().end(leaf.tag)
            parent = self._open[-1]
            del parent[-1]
            parent.extend(leaf)

    def _note(self, element: Element) -> None:
        """Remember whose transactions are coming, and for which statements."""
        if element.tag == "CURDEF":
            self._currency = plain(element.text or "").upper()
        elif element.tag == "ACCTID" and any(outer.tag in _OWNERS for outer in self._open):
            self._id = plain(element.text or "")
        elif element.tag in _STATEMENTS:
            self.accounts[Account(self._id, self._currency)] = None

    def _broken(self, what: str) -> BadStatement:
        return BadStatement(f"not well-formed OFX after transaction {self._count}: {what}")


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
