"""The statements of an OFX file: account, balance, period and signs; corrections of transactions.

A statement's account may come before its transactions or after them, and its types and amounts
show how it is written, so lines can be made when the whole file was read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from xml.etree.ElementTree import Element

from budgets.errors import BadStatement
from budgets.statements.lines import Account
from budgets.statements.markup import plain
from budgets.statements.ofx_amounts import Amounts
from budgets.statements.ofx_signs import DECIDED, TypeSigns
from budgets.statements.spool import RowCopy
from budgets.statements.tree import DOCUMENT, OWNERS, PENDING, STATEMENTS, Transaction
from budgets.statements.words import is_payment_of_a_card, summary

_PAID = ("thank", "merci", "recei", "receb", "recib", "ricev", "re\u00e7u", "recu", "zahlung",
         "ontvangen", "mottagen", "payments")  # fmt: skip
"""Parts of all texts of payments that a card received."""
_SAMPLE = 2_000  # transactions whose texts are looked at for payments
_OF_STATEMENT = frozenset({"CURDEF", "DTSTART", "DTEND", "BALAMT", "DTASOF"})


@dataclass(slots=True)
class OfxPage:
    """A statement of the file, the `number`th. Balance and days are texts, "" for none.

    `document` counts those of the file, from 1.
    """

    number: int
    signs: TypeSigns
    document: int = 1
    account: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    balance: tuple[str, str] = ("", "")
    identified: Account = field(init=False, default=Account("", ""))
    transactions: int = 0
    investments: int = 0

    def take(self, element: Element) -> None:
        """Read an element of the statement. Raises BadStatement for signs that stay open."""
        tag, text = element.tag, plain(element.text or "")
        if tag in _OF_STATEMENT:
            self.texts.setdefault(tag, text)
        elif tag in OWNERS:  # a transfer of an investment has one more, behind it
            self.account = self.account or plain(element.findtext("ACCTID") or "")
        elif tag in ("LEDGERBAL", "AVAILBAL"):
            amount, at = (self.texts.pop(name, "") for name in ("BALAMT", "DTASOF"))
            if tag == "LEDGERBAL":
                self.balance = (amount, at)
        elif tag == "INVTRAN":
            self.investments += 1
        elif tag in STATEMENTS:
            self.signs.card = tag == "CCSTMTRS"
            self.identified = Account(self.account, self.texts.get("CURDEF", "").upper())

    def overlaps(self, other: "OfxPage") -> bool:
        """Whether both are of one account, and of the same days."""
        (start, end), (other_start, other_end) = self.period, other.period
        known = start and end and other_start and other_end
        touches = max(start, other_start) < min(end, other_end)
        return self.identified == other.identified and bool(known) and touches

    @property
    def period(self) -> tuple[str, str]:
        """The first and the last day as texts that can be compared, "" for none."""
        return self.texts.get("DTSTART", "")[:8], self.texts.get("DTEND", "")[:8]


@dataclass(slots=True)
class Correction:
    """A transaction that corrects the one with `external_id` (OFX 1.6, 11.4.2.3.1)."""

    number: int
    action: str
    external_id: str


class Pages:
    """The statements of a file, read from its `parts`. `skipped` are lines to pass over."""

    def __init__(
        self, parts: Iterable[Element | Transaction], skipped: frozenset[int], sign: str, mark: str
    ) -> None:
        self.amounts = Amounts(mark)
        self.corrections: list[Correction] = []
        self.found: list[OfxPage] = []
        self._skipped = skipped
        self._sign = sign
        self._document = 1
        self.copy = RowCopy()
        page, number = self._new(), 0
        for part in parts:
            if isinstance(part, Transaction):
                number += 1
                page.transactions += 1
                self.copy.add((page.number, *part))
                self._see(number, part, page)
                continue
            page.take(part)
            if part.tag in STATEMENTS:
                self.found.append(page)
                page = self._new()
            elif part.tag == DOCUMENT:
                page.document = self._document = self._document + 1

    def require_one_version(self) -> None:
        """Raise BadStatement for documents with the same days of one account.

        One of them may be a later version of the other.
        """
        ordered = sorted(self.found, key=lambda page: (page.account, page.period))
        for page, other in pairwise(ordered):
            if page.document != other.document and page.overlaps(other):
                raise BadStatement(
                    f"documents {page.document} and {other.document} of the file have the same "
                    f"days of account {page.account!r}: split the file before its second <OFX>, "
                    "and import one file after the other"
                )

    def _new(self) -> OfxPage:
        return OfxPage(len(self.found) + 1, TypeSigns(self._sign), self._document)

    def _see(self, number: int, part: Transaction, page: OfxPage) -> None:
        leaves = part.leaves
        if action := leaves.get("CORRECTACTION", "").strip():
            of = plain(leaves.get("CORRECTFITID", ""))
            self.corrections.append(Correction(number, plain(action).upper(), of))
        if number in self._skipped:
            return
        amount = leaves.get("TRNAMT", "").strip()
        self.amounts.see(amount)
        kind = leaves.get("TRNTYPE", "").strip().upper()
        if kind in DECIDED or not (part.tag == PENDING or is_balance(*texts_of(leaves))):
            page.signs.see(kind, amount, number)
        if page.transactions <= _SAMPLE:
            text = "\n".join(texts_of(leaves))
            if any(map(text.casefold().__contains__, _PAID)) and is_payment_of_a_card(text):
                page.signs.see_payment(amount, number)


def texts_of(leaves: Mapping[str, str]) -> tuple[str, str]:
    """The name and the memo that the bank wrote, "" for none."""
    name = plain(leaves.get("NAME") or leaves.get("PAYEE/NAME") or "")
    if "EXTDNAME" in leaves and name in (longer := plain(leaves["EXTDNAME"])):  # OFX 2.2, 11.4.3
        name = longer
    return name, plain(leaves.get("MEMO") or "")


def is_balance(name: str, memo: str) -> bool:
    """Whether all that a bank wrote about a transaction names a balance."""
    if name and not _names_balance(name):
        return False
    return bool(name or memo) and (not memo or memo == name or _names_balance(memo))


@lru_cache(4096)
def _names_balance(text: str) -> bool:
    return summary([text]) == "a balance"


def is_deletion(leaves: Mapping[str, str]) -> bool:
    """Whether the transaction takes another one back, and brings nothing itself."""
    return leaves.get("CORRECTACTION", "").strip().upper() == "DELETE"
