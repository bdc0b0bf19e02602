"""OFX and QFX, version 1 (SGML) and 2 (XML), read transaction by transaction.

It is parsed once, for its statements (see `ofx_pages`); its transactions are kept for the lines.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from budgets.errors import BadStatement
from budgets.statements.column_roles import Hints
from budgets.statements.lines import Finding, Line, PageBalances
from budgets.statements.markup import pieces, plain
from budgets.statements.ofx_entry import OfxEntries, day, joined
from budgets.statements.ofx_pages import Correction, OfxPage, Pages, texts_of
from budgets.statements.source import Source
from budgets.statements.tree import Transaction, parts

_START = 1 << 16  # characters

_BEGINNING = re.compile(r"(?:^|[\r\n])[ \t]*(?:OFXHEADER\s*:|<OFX>)", re.IGNORECASE)


class OfxFile:
    """A statement in OFX. `accounts` are in the file's order, those without lines too.

    Raises BadStatement for a file that is not OFX, is cut off, or holds no statement, and for
    amounts whose signs stay open.
    """

    format: ClassVar[str] = "ofx"

    def __init__(self, source: Source, hints: Hints) -> None:
        self._source = source
        self._skipped = hints.skip_lines
        with source.text() as file:
            found = parts(pieces(file))
            self._pages = Pages(found, hints.skip_lines, hints.sign, hints.decimal)
        if not self._pages.found:
            raise BadStatement("the file holds no account statement; export one from the bank")
        self.accounts = tuple(dict.fromkeys(page.identified for page in self._pages.found))
        self._pages.require_one_version()
        for page in self._pages.found:
            if hints.account in ("", page.account) or not page.account:
                page.signs.decide(page.account)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        """Whether it begins with a tag, as no CSV does, or has an OFX header near its start."""
        head = source.head(_START)
        return head.lstrip().startswith("<") or bool(_BEGINNING.search(head))

    def lines(self, decimals: int) -> Iterator[Line]:
        """The transactions; a unit has `decimals` decimals.

        Raises BadStatement at the first transaction with bad fields, naming them all, unless it is
        passed over.
        """
        entries = OfxEntries(self._pages.amounts, decimals, self._corrected())
        posted = None
        for number, page, found in self._transactions():
            try:
                line = entries.line(number, page, found)
            except BadStatement:
                if number not in self._skipped:
                    raise
                line = entries.left_out(number, page, found, posted)
            posted = line.posted
            yield line

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """The ledger balance of each statement (OFX 1.6, 11.4.2.2); the available one is not read.

        One that cannot be read is left out.
        """
        for page in self._pages.found:
            (closing, end), texts = page.balance, page.texts
            yield PageBalances(
                page.number,
                page.identified.id,
                closing=self._balance(closing, decimals) if page.signs.factor > 0 else None,
                first=_day(texts.get("DTSTART", "")),
                last=_day(end) or _day(texts.get("DTEND", "")),
            )

    def findings(self) -> Iterator[Finding]:
        """The statements, their signs and balances, and what is not read."""
        yield Finding("text", self._source.encoding, "it fits all bytes of the file")
        for page in self._pages.found:
            subject = f"statement {page.number}"
            account = page.identified
            yield Finding(
                subject,
                f"account {account.id or 'not named'}, {account.currency or 'no currency'}, "
                f"{page.transactions} transactions",
                "ACCTID and CURDEF",
            )
            yield Finding(f"signs of {subject}", *page.signs.finding())
            if page.balance[0]:
                at = page.balance[1] or "an unknown day"
                yield Finding(f"balance of {subject}", page.balance[0], f"LEDGERBAL of {at}")
            if page.investments:
                yield Finding(subject, f"{page.investments} investments are not read", "INVTRAN")

    def _transactions(self) -> Iterator[tuple[int, OfxPage, Transaction]]:
        pages = self._pages.found
        for number, (page, *found) in enumerate(self._pages.copy, 1):
            yield number, pages[page - 1], Transaction(*found)

    def _balance(self, text: str, decimals: int) -> int | None:
        try:
            return self._pages.amounts.minor(text, decimals) if text else None
        except ValueError:
            return None

    def _corrected(self) -> dict[int, str]:
        """What is wrong with each correction, by number; only a file that has some is read again.

        A line that was corrected and is passed over leaves its place to the correction.
        """
        corrections = self._pages.corrections
        wanted = {each.external_id for each in corrections} - {""}
        numbers = {each.number for each in corrections}
        there: dict[str, tuple[int, str]] = {}
        for number, _, found in self._transactions() if wanted else ():
            external_id = plain(found.leaves.get("FITID", ""))
            if external_id in wanted and number not in numbers:
                there[external_id] = number, _shown(found)
        return {
            each.number: _complaint(each, *there.get(each.external_id, (0, "")))
            for each in corrections
            if there.get(each.external_id, (0, ""))[0] not in self._skipped
        }


def _complaint(correction: Correction, line: int, shown: str) -> str:
    verb = "takes back" if correction.action == "DELETE" else "replaces"
    what = f"CORRECTACTION {correction.action[:20]!r} {verb}"
    if line:
        return f"{what} line {line} ({shown}): say --skip-line {line} to import this line instead"
    return (
        f"{what} a transaction of an earlier file, with the id {correction.external_id[:60]!r}: if "
        "that was imported, correct its deposit by hand"
    )


def _shown(found: Transaction) -> str:
    leaves = found.leaves
    posted, amount = (plain(leaves.get(tag, ""))[:30] for tag in ("DTPOSTED", "TRNAMT"))
    return f"{amount}, {joined(*texts_of(leaves))[:60]!r}, {posted[:8]}"


def _day(text: str) -> date | None:
    try:
        return day(text)
    except ValueError:
        return None
