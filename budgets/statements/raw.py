"""The entries of a file that is parsed once, kept as text until the decimals are known."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from budgets.errors import BadStatement
from budgets.statements.amounts import minor
from budgets.statements.lines import Account, Line, PageBalances
from budgets.statements.spool import RowCopy


class RawLine(NamedTuple):
    """One entry of a statement. `day` is an ISO date; `amount` is signed, with a decimal point.

    `page` counts the statements of the file from 1. `complaint` is the reason why the entry
    cannot be read, "" for a good one.
    """

    page: int
    day: str
    amount: str
    currency: str
    text: str
    external_id: str
    not_booked: str = ""
    complaint: str = ""

    def line(self, number: int, account: Account, decimals: int) -> Line:
        """The line; a unit has `decimals` decimals. Raises BadStatement for a bad entry."""
        if self.complaint:
            raise refused(number, self.complaint)
        posted = _converted(number, self.day, day)
        amount = _converted(
            number, self.amount, lambda text: minor(text, decimal=".", exponent=decimals)
        )
        return Line(
            number=number,
            account=account.id,
            posted=posted,
            amount=amount,
            currency=self.currency or account.currency,
            description=self.text,
            external_id=self.external_id,
            not_booked=self.not_booked,
            page=self.page,
        )


@dataclass(slots=True)
class RawPage:
    """One statement of a file: its account, and balances as signed decimal texts, "" for none.

    `days` are those of the balances or of the period, as ISO dates.
    """

    account: str = ""
    currency: str = ""
    opening: str = ""
    closing: str = ""
    days: list[str] = field(default_factory=list)

    def balances(self, page: int, decimals: int) -> PageBalances:
        """The balances in minor units. Raises BadStatement for one that is not an amount."""
        try:
            opening, closing = (
                minor(text, decimal=".", exponent=decimals) if text else None
                for text in (self.opening, self.closing)
            )
            days = sorted(map(day, filter(None, self.days)))
        except ValueError as error:
            raise BadStatement(
                f"a balance of statement {page} {error}; export the file again"
            ) from None
        first, last = (days[0], days[-1]) if days else (None, None)
        return PageBalances(page, self.account, opening, closing, first, last, self.currency)


class RawLines:
    """The entries and the pages of a file, in its order; most of them are not in memory."""

    def __init__(self, parts: Iterable[RawLine | RawPage], skipped: frozenset[int]) -> None:
        """A page comes after its entries. `skipped` are numbers of entries to pass over."""
        self.pages: list[RawPage] = []
        self._skipped = skipped
        self._copy = RowCopy()
        self.count = 0
        for part in parts:
            if isinstance(part, RawPage):
                self.pages.append(part)
            else:
                self.count += 1
                self._copy.add(tuple(part))

    def accounts(self) -> tuple[Account, ...]:
        """The accounts of the pages, each once."""
        return tuple(dict.fromkeys(Account(page.account, page.currency) for page in self.pages))

    def lines(self, decimals: int) -> Iterator[Line]:
        """The lines. Raises BadStatement at the first bad entry."""
        accounts = [Account(page.account, page.currency) for page in self.pages]
        for number, row in enumerate(self._copy, 1):
            if number not in self._skipped:
                entry = RawLine(*row)
                yield entry.line(number, accounts[entry.page - 1], decimals)

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """The balances of each page. Raises BadStatement for one that cannot be read."""
        for number, page in enumerate(self.pages, 1):
            yield page.balances(number, decimals)


def refused(number: int, complaint: str) -> BadStatement:
    """The refusal of one entry, with the option that passes over it."""
    return BadStatement(f"line {number}: {complaint}; to leave it out: --skip-line {number}")


def _converted[T](number: int, text: str, convert: Callable[[str], T]) -> T:
    try:
        return convert(text)
    except ValueError as error:
        raise refused(number, f"{text!r} {error}" if text else "the date is missing") from None


@lru_cache(4096)
def day(text: str) -> date:
    """The day of an ISO date. Raises ValueError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date") from None
