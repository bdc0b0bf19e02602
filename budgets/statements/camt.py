"""camt.053, the bank-to-customer statement of ISO 20022, read entry by entry.

What is read here is the same in versions .001.02 to .001.13.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import ClassVar, TextIO, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from budgets.errors import BadStatement
from budgets.statements.camt_elements import children, day_of, local, signed, text_at
from budgets.statements.camt_entry import Details, entry
from budgets.statements.column_roles import Hints
from budgets.statements.lines import Account, Finding, Line, PageBalances
from budgets.statements.raw import RawLine, RawLines, RawPage
from budgets.statements.source import BLOCK, Source

_START = 1 << 16  # characters
_MOST = 50_000  # elements of one part of a statement, such as an entry without its details
_ROOT = re.compile(r"<(?:[\w.-]+:)?BkToCstmrStmt\b")
_VERSION = re.compile(r"camt\.053\.[0-9]{3}\.[0-9]{2}")
_PROLOG = re.compile(r"(?:[\s\ufeff]|<\?(?:(?!\?>).)*+\?>|<!--(?:(?!-->).)*+-->)*+", re.DOTALL)
_OPENING = ("OPBD", "PRCD")  # the closing balance before is the opening one
_CLOSING = ("CLBD",)


class CamtFile:
    """A camt.053 file. `accounts` are those of its statements, in the file's order.

    Raises BadStatement for XML that is not well-formed, declares a document type, or has no
    statement.
    """

    format: ClassVar[str] = "camt053"

    def __init__(self, source: Source, hints: Hints) -> None:
        found = _VERSION.search(source.head(_START))
        self._version = found[0] if found else "camt.053"
        with source.text() as file, _translated():
            self._entries = RawLines(_parts(file), hints.skip_lines)
        if not self._entries.pages:
            raise BadStatement(
                "the file has no statement (<Stmt>): export the account statement, camt.053"
            )
        self.accounts: tuple[Account, ...] = self._entries.accounts()

    @classmethod
    def recognises(cls, source: Source) -> bool:
        """Whether a bank-to-customer statement begins near the file's start."""
        head = source.head(_START)
        return head.lstrip("\ufeff \t\r\n").startswith("<") and bool(_ROOT.search(head))

    def lines(self, decimals: int) -> Iterator[Line]:
        """The entries. Raises BadStatement at the first that cannot be read."""
        return self._entries.lines(decimals)

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """The booked balances of each statement. Raises BadStatement."""
        return self._entries.balances(decimals)

    def findings(self) -> Iterator[Finding]:
        """The version, and what counts as one line."""
        counts = f"{len(self._entries.pages)} statements, {self._entries.count} entries"
        yield Finding("format", f"{self._version}: {counts}", "the file has <BkToCstmrStmt>")
        yield Finding("batch", "one line with the sum of the entry", "that sum was booked")


class _Statement:
    """A statement as far as it was read."""

    def __init__(self, element: Element, number: int) -> None:
        self.element = element
        self.details = Details()
        self._number = number
        self._page = RawPage()
        self._balances: dict[str, list[tuple[str, str]]] = {}
        self._period: list[str] = []

    def take(self, element: Element) -> RawLine | None:
        """Read one child of the statement; an entry is returned."""
        tag = local(element)
        if tag == "Ntry":
            made = entry(element, self.details, self._number, self._page)
            self._page.currency = self._page.currency or made.currency
            self.details = Details()
            return made
        if tag == "Acct":
            self._page.account = _account(element)
            self._page.currency = text_at(element, "Ccy").upper() or self._page.currency
        elif tag == "Bal":
            self._balance(element)
        elif tag == "FrToDt":
            ends = (text_at(element, each)[:10] for each in ("FrDtTm", "ToDtTm"))
            self._period = [text for text in ends if text]
        elif tag == "CreDtTm":
            self._page.days = [(element.text or "").strip()[:10]]
        return None

    def page(self) -> RawPage:
        """The page, which is complete."""
        self._page.opening, first = self._booked(_OPENING, min)
        self._page.closing, last = self._booked(_CLOSING, max)
        self._page.days = self._period or [first, last]
        return self._page

    def _balance(self, element: Element) -> None:
        kind = text_at(element, "Tp", "CdOrPrtry", "Cd")
        if kind not in _OPENING + _CLOSING:
            return
        parts = children(element)
        try:
            amount, currency = signed(parts)
        except ValueError as error:
            raise BadStatement(
                f"balance {kind} of statement {self._number}: {error}; export the file again"
            ) from None
        self._page.currency = self._page.currency or currency
        if currency in ("", self._page.currency):
            self._balances.setdefault(kind, []).append((day_of(parts.get("Dt")), amount))

    def _booked(
        self, kinds: Iterable[str], pick: Callable[[Iterable[str]], str]
    ) -> tuple[str, str]:
        """The first or the last balance and its day; "" if two are of one day and differ."""
        found = next((self._balances[kind] for kind in kinds if kind in self._balances), [])
        if not found:
            return "", ""
        day = pick(each for each, _ in found)
        amounts = {amount for each, amount in found if each == day}
        return (amounts.pop() if len(amounts) == 1 else ""), day


def _account(element: Element) -> str:
    paths = (("Id", "IBAN"), ("Id", "Othr", "Id"), ("Id", "PrtryAcct", "Id"), ("Id", "BBAN"))
    found = next(filter(None, (text_at(element, *path) for path in paths)), "")
    return "".join(found.split())


def _parts(file: TextIO) -> Iterator[RawLine | RawPage]:
    """Each entry, and behind its entries each statement. What was read is dropped at once."""
    statement: _Statement | None = None
    above: list[Element] = []
    inside = number = kept = 0  # inside: how many elements are open around an entry
    for event, element in chain.from_iterable(_events(file)):
        if event == "start":
            above.append(element)
            if statement is None and local(element) == "Stmt":
                number += 1
                inside, statement = len(above), _Statement(element, number)
            continue
        above.pop()
        kept += 1
        if statement is not None and len(above) > inside:
            if element.tag.endswith("TxDtls"):
                statement.details.add(element)
                above[-1].remove(element)
                kept = 0
            elif kept > _MOST:
                raise BadStatement(
                    f"more than {_MOST:,} elements in one part of a statement: export fewer days"
                )
            continue
        kept = 0
        if statement is None:
            for parent in above[-1:]:
                parent.clear()
        elif len(above) == inside:
            if made := statement.take(element):
                yield made
            statement.element.clear()
        else:
            yield statement.page()
            statement = None


def _events(file: TextIO) -> Iterator[Iterator[tuple[str, Element]]]:
    """The starts and ends of elements, block by block. Raises ParseError."""
    parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
    head = file.read(_START)
    _refuse_document_type(head)
    for block in chain([head], iter(partial(file.read, BLOCK), "")):
        parser.feed(block)
        yield cast("Iterator[tuple[str, Element]]", parser.read_events())
    parser.close()
    yield cast("Iterator[tuple[str, Element]]", parser.read_events())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ParseError as error:
        raise BadStatement(
            f"the XML is not well-formed or is cut off ({error}): export the file again"
        ) from error


def _refuse_document_type(head: str) -> None:
    """A document type comes before the first element, or not at all."""
    found = _PROLOG.match(head)
    first = head[found.end() if found else 0 :][:2]
    if first == "<!" or not first.startswith("<"):
        raise BadStatement("the file declares a document type or entities: take the <!...> out")
