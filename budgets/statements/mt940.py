"""MT940, the customer statement message of SWIFT, read field by field."""

import re
from collections.abc import Iterator
from typing import ClassVar

from budgets.statements.column_roles import Hints
from budgets.statements.lines import Account, Finding, Line, PageBalances, one_line
from budgets.statements.mt940_entry import entry
from budgets.statements.raw import RawLine, RawLines, RawPage
from budgets.statements.source import Source
from budgets.statements.swift import Field, balance, fields

_START = 1 << 16  # characters
_HEADER = re.compile(
    r"^(?:\{[^\r\n]*\{4:)?[ \t\x01\ufeff]*:(?:20|25P?|28C?|60[FM]?):", re.MULTILINE
)
_BODY = re.compile(
    r"^[ \t]*:(?:60[FM]?:[CD][0-9]{6}|61:[0-9]{6}|62[FM]?:[CD][0-9]{6})", re.M | re.I
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_HEADS = frozenset({"20", "25", "28", "60"})


class Mt940File:
    """An MT940 file. `accounts` are those of its statements, in the file's order."""

    format: ClassVar[str] = "mt940"

    def __init__(self, source: Source, hints: Hints) -> None:
        self._findings: list[Finding] = []
        with source.text() as file:
            self._entries = RawLines(self._parts(fields(file), hints.decimal), hints.skip_lines)
        self.accounts: tuple[Account, ...] = self._entries.accounts()

    @classmethod
    def recognises(cls, source: Source) -> bool:
        """Whether lines near the file's start are a header and an entry or a balance of MT940."""
        head = source.head(_START)
        return bool(_HEADER.search(head) and _BODY.search(head))

    def lines(self, decimals: int) -> Iterator[Line]:
        """The entries. Raises BadStatement at the first that cannot be read."""
        return self._entries.lines(decimals)

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """The booked balances of each statement. Raises BadStatement."""
        return self._entries.balances(decimals)

    def findings(self) -> Iterator[Finding]:
        """How many statements there are, and which balances cannot be read."""
        counts = f"MT940: {len(self._entries.pages)} statements, {self._entries.count} entries"
        yield Finding("format", counts, "the file has :60F: and :61:")
        yield from self._findings

    def _parts(self, found: Iterator[Field], decimal: str) -> Iterator[RawLine | RawPage]:
        """Each entry, and behind its entries each statement."""
        statement = _Statement(RawPage(), decimal)
        number = 1
        for field in found:
            if statement.ends_before(field.tag):
                yield from statement.entries(number)
                if statement.filled:
                    yield statement.finished(self._findings, number)
                    number += 1
                statement = _Statement(statement.page, decimal)
            yield from statement.take(field, number)
        yield from statement.entries(number)
        if statement.filled:
            yield statement.finished(self._findings, number)


class _Statement:
    """A statement as far as it was read. What its head does not say, the one before says."""

    def __init__(self, before: RawPage, decimal: str) -> None:
        self.page = RawPage(before.account, before.currency)
        self.filled = False  # whether it has an entry or a balance
        self._decimal = decimal
        self._heads: set[str] = set()
        self._body = False
        self._entry: Field | None = None
        self._details: list[str] = []
        self._unread: list[str] = []

    def ends_before(self, tag: str) -> bool:
        """Whether a field is the head of the next statement."""
        head = tag[:2]
        return head in _HEADS and (
            self._body or head in self._heads or (head == "20" and bool(self._heads))
        )

    def take(self, field: Field, number: int) -> Iterator[RawLine]:
        """Read a field. The entry before it is complete if the field does not belong to it."""
        tag = field.tag[:2]
        if tag in ("86", "NS"):
            if self._entry and tag == "86":
                self._details.append(field.text)
            return
        yield from self.entries(number)
        if tag == "61":
            self._entry = field
            self.filled = self._body = True
        elif tag == "25":
            self.page.account = field.text.partition("\n")[0].strip().lstrip("/")
        elif tag in ("60", "62"):
            self._balance(field)
        self._heads.add(tag)
        self._body = self._body or tag == "62"

    def entries(self, number: int) -> Iterator[RawLine]:
        """The entry that is complete now, if there is one."""
        if self._entry:
            text = "\n".join(self._details)
            yield entry(self._entry.text, text, number, self.page.currency, self._decimal)
        self._entry, self._details = None, []

    def finished(self, findings: list[Finding], number: int) -> RawPage:
        """The page, which is complete."""
        self.page.account = _account(self.page.account, self.page.currency)
        findings += (
            Finding(f"statement {number}", "a balance is not checked", text)
            for text in self._unread
        )
        return self.page

    def _balance(self, field: Field) -> None:
        self.filled = True
        try:
            amount, currency, day = balance(field.text, self._decimal)
        except ValueError as error:
            self._unread.append(f":{field.tag}:{one_line(field.text)[:40]} {error}")
            return
        self.page.currency = currency
        self.page.days.append(day)
        if field.tag.startswith("60"):
            self.page.opening = amount
        else:
            self.page.closing = amount


def _account(text: str, currency: str) -> str:
    """The account without a currency behind its IBAN, which some banks write."""
    plain = "".join(text.split())
    short = plain.removesuffix(currency) if currency else plain
    if _IBAN.fullmatch(short) and _is_iban(short):
        return short
    return plain if _IBAN.fullmatch(plain) and _is_iban(plain) else one_line(text)


def _is_iban(text: str) -> bool:
    """Whether the check digits are right (ISO 13616, modulo 97 of ISO 7064)."""
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1
