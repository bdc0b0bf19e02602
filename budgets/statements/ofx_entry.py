"""One transaction of an OFX file to one line."""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from budgets.statements.lines import LEFT_OUT, Account, Line
from budgets.statements.markup import plain
from budgets.statements.ofx_amounts import Amounts
from budgets.statements.ofx_pages import OfxPage, is_balance, is_deletion, texts_of
from budgets.statements.pending import is_marked_pending
from budgets.statements.raw import refused
from budgets.statements.tree import PENDING, Transaction

_DATE = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})"
    r"(?:[T ]?[0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?(?:[.,:][0-9]+)?)?\s*(?:\[[^\]]*\]|Z)?"
)
_NOT_TWICE = frozenset({"DTPOSTED", "TRNAMT", "FITID", "CURRENCY/CURSYM"})


class OfxEntries:
    """Makes lines of the transactions of a file. `corrected` says what each correction corrects."""

    def __init__(self, amounts: Amounts, decimals: int, corrected: dict[int, str]) -> None:
        self._amounts = amounts
        self._decimals = decimals
        self._corrected = corrected

    def line(self, number: int, page: OfxPage, found: Transaction) -> Line:
        """The line of the transaction. Raises BadStatement that names every bad field."""
        leaves, account = found.leaves, page.identified
        try:
            posted = day(leaves["DTPOSTED"].strip())
            amount = self._amount(leaves["TRNAMT"].strip())
        except (KeyError, ValueError):
            posted, amount = self._read(number, account, found)
        if found.twice or number in self._corrected or "CURSYM" in leaves:
            self._read(number, account, found)
        name, memo = texts_of(leaves)
        kind = leaves.get("TRNTYPE", "").strip().upper()
        return Line(
            number,
            account.id,
            posted,
            amount * page.signs.factor,
            currency_of(leaves) or account.currency,
            joined(name, memo),
            plain(leaves.get("FITID", "")),
            not_booked=_why_not_booked(found, kind, page, name, memo),
            page=page.number,
        )

    def left_out(self, number: int, page: OfxPage, found: Transaction, posted: date | None) -> Line:
        """The line of a transaction that cannot be read; without a day it has that before it."""
        own = self._field(found, "DTPOSTED", day, [])
        amount = self._field(found, "TRNAMT", self._amount, [])
        return Line(
            number,
            page.identified.id,
            own or posted or date(1970, 1, 1),
            amount or 0,
            currency_of(found.leaves) or page.identified.currency,
            joined(*texts_of(found.leaves)),
            plain(found.leaves.get("FITID", "")),
            not_booked=LEFT_OUT,
            page=page.number,
        )

    def _read(self, number: int, account: Account, found: Transaction) -> tuple[date, int]:
        """The day and the amount. Raises BadStatement that names every bad field."""
        complaints = [f"{tag} is given twice" for tag in sorted(_NOT_TWICE & found.twice)]
        posted = self._field(found, "DTPOSTED", day, complaints)
        amount = self._field(found, "TRNAMT", self._amount, complaints)
        if number in self._corrected:
            complaints.append(self._corrected[number])
        foreign = plain(found.leaves.get("CURSYM", "")).upper()
        if foreign not in ("", account.currency):
            complaints.append(f"CURSYM {foreign!r} belongs to no CURRENCY")
        if complaints or posted is None or amount is None:
            raise refused(number, "; ".join(complaints))
        return posted, amount

    def _amount(self, text: str) -> int:
        return self._amounts.minor(text, self._decimals)

    def _field[T](
        self, found: Transaction, tag: str, convert: Callable[[str], T], complaints: list[str]
    ) -> T | None:
        """The converted text of a leaf that must be there, or None and a complaint."""
        text = plain(found.leaves.get(tag, ""))
        if not text and found.tag == PENDING and tag == "DTPOSTED":
            text = plain(found.leaves.get("DTTRAN", ""))
        if tag in found.twice:
            return None
        try:
            if text:
                return convert(text)
            complaints.append(f"{tag} is missing")
        except ValueError as error:
            complaints.append(f"{tag} {text[:60]!r} {error}")
        return None


def _why_not_booked(found: Transaction, kind: str, page: OfxPage, name: str, memo: str) -> str:
    if found.tag == PENDING or kind == "HOLD":  # OFX 2.2, 11.4.3.1
        return "pending"
    if is_marked_pending(name) or is_marked_pending(memo):
        return "pending"
    if is_balance(name, memo):
        return "a balance"
    if "CORRECTACTION" in found.leaves and is_deletion(found.leaves):
        return "a deletion"
    return page.signs.not_booked(kind) if page.signs.unsigned else ""


@lru_cache(8192)
def day(text: str) -> date:
    """The day as the bank wrote it, whatever the zone behind it. Raises ValueError."""
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else date.min.replace(month=0)
    except ValueError:
        raise ValueError("is not a date") from None


def currency_of(leaves: dict[str, str]) -> str:
    """The currency of the amount if it is not the account's, "" else.

    OFX 1.6 and 2.2, section 5.2: an amount with CURRENCY is in CURSYM, and one with ORIGCURRENCY
    was converted to the account's.
    """
    return plain(leaves["CURRENCY/CURSYM"]).upper() if "CURRENCY/CURSYM" in leaves else ""


def joined(name: str, memo: str) -> str:
    """Name and memo in one text, without saying the same twice."""
    if name in memo:
        return memo
    return name if memo in name else f"{name}: {memo}"
