"""One CSV row to one line."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from budgets.errors import BadStatement
from budgets.statements.amounts import MINUS_SIGNS, minor, written_currency
from budgets.statements.cells import MOST_KEPT, bare
from budgets.statements.clues import row_refusal
from budgets.statements.column_roles import MONEY, Columns
from budgets.statements.lines import Finding, Line
from budgets.statements.signs import Signs
from budgets.statements.states import States
from budgets.statements.words import marked

_UNTOLD = (*MONEY, "date", "direction", "fee", "balance", "status", "id", "account", "currency")
"""Roles of columns that are no text."""
_LETTERS = re.compile(r"[^\W\d_]{2}")
_SYMBOLS = {"\u20ac": "EUR", "\u00a3": "GBP", "Z\u0141": "PLN", "K\u010c": "CZK", "FT": "HUF"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the columns of a file mean: decided once, from all of its rows.

    `fee` is what to multiply a fee with to add it to the sum; `currency` is that of rows which
    name none.
    """

    signs: Signs
    states: States
    fee: int
    currency: str
    findings: tuple[Finding, ...]

    @property
    def columns(self) -> Columns:
        """The header, with the role of each column."""
        return self.signs.columns


class Notation:
    """How a file writes its lines, ready to read them."""

    def __init__(
        self, meaning: Meaning, decimal: str, day: Callable[[str], date], decimals: int
    ) -> None:
        """`decimal` is the mark, `day` reads a date, a unit of money has `decimals` decimals."""
        self._meaning, self.decimal, self._read_day = meaning, decimal, day
        self.decimals = decimals
        columns = meaning.columns
        self.at = {role: places[0] for role, places in columns.roles.items()}
        self.sums = [self.at[role] for role in MONEY if role in self.at]
        self.described = columns.roles.get("description", ())
        used = {at for role in _UNTOLD for at in columns.roles.get(role, ())}
        width = range(len(columns.header))
        self._rest = [at for at in width if at not in used and at not in self.described]
        self._days: dict[str, date | None] = {}
        self.factors, self.words = meaning.signs.factors, meaning.signs.words
        self.only_plus = meaning.signs.only_plus
        self.direction = self.at.get("direction")
        self.fee = self.at.get("fee") if meaning.fee else None
        self.currency = meaning.currency

    def line(self, number: int, at: int, cells: Sequence[str]) -> Line:
        """The booking in that row of the file. Raises BadStatement naming every bad cell."""
        complaints: list[str] = []
        posted = self.day(cells)
        if posted is None:
            complaints.append(self._complaint("date", cells, "is not a date"))
        amount = self._amount(cells, complaints)
        if complaints or posted is None:
            raise row_refusal(number, at, complaints)
        return self._line(number, cells, posted, amount)

    def reads(self, number: int, at: int, cells: Sequence[str]) -> bool:
        """Whether the row can be read as a booking."""
        try:
            return bool(self.line(number, at, cells))
        except BadStatement:
            return False

    def odd(self, number: int, cells: Sequence[str], posted: date, why: str) -> Line:
        """A row that is no booking; a sum that cannot be read is 0."""
        complaints: list[str] = []
        amount = self._amount(cells, complaints)
        return self._line(number, cells, posted, 0 if complaints else amount, why)

    def day(self, cells: Sequence[str]) -> date | None:
        """The day of a row, None if its date cannot be read."""
        return self.day_of(cells[self.at["date"]])

    def day_of(self, text: str) -> date | None:
        """The day that the cell of a date says, None if it cannot be read."""
        try:
            return self._days[text]
        except KeyError:
            if len(self._days) > MOST_KEPT:
                self._days.clear()
            return self._days.setdefault(text, self._new_day(bare(text)))

    def any_day(self, cells: Sequence[str]) -> date | None:
        """The day of a row, or another date that stands in it."""
        found = (self._new_day(bare(cell)) for cell in cells)
        return self.day(cells) or next((day for day in found if day), None)

    def _new_day(self, text: str) -> date | None:
        try:
            return self._read_day(text) if text else None
        except ValueError:
            return None

    def _line(
        self, number: int, cells: Sequence[str], posted: date, amount: int, why: str = ""
    ) -> Line:
        return Line(
            number,
            self._text("account", cells),
            posted,
            amount,
            self._currency(cells),
            self.description(cells),
            self._text("id", cells),
            not_booked=why,
            balance=self.balance(cells),
        )

    def _text(self, role: str, cells: Sequence[str]) -> str:
        return bare(cells[self.at[role]]) if role in self.at else ""

    def _currency(self, cells: Sequence[str]) -> str:
        named = currency_code(self._text("currency", cells))
        sums = (bare(cells[position]) for position in self.sums)
        beside = next(filter(None, map(written_currency, sums)), "") if not named else ""
        return named or beside or self.currency

    def description(self, cells: Sequence[str]) -> str:
        """All that the texts of the row say, each once; for want of them any text in it."""
        texts = [text for at in self.described if (text := bare(cells[at]))]
        if not texts:
            rest = (bare(cells[at]) for at in self._rest)
            texts = [text for text in rest if _LETTERS.search(text)]
        return " ".join(dict.fromkeys(texts)) if len(texts) != 1 else texts[0]

    def balance(self, cells: Sequence[str]) -> int | None:
        """The balance beside the line, None for none that can be read."""
        text = self._text("balance", cells)
        try:
            return self._signed(text, 1) if text else None
        except ValueError:
            return None

    def _signed(self, text: str, factor: int) -> int:
        """The sum, with the sign of its mark; times `factor` if it has none."""
        text, mark = marked(text)
        value = minor(text, decimal=self.decimal, exponent=self.decimals)
        if mark > 0 > value:
            raise ValueError("is negative, and marked as money in")
        return mark * abs(value) if mark else factor * value

    def _read(self, role: str, cells: Sequence[str], complaints: list[str]) -> int:
        """The signed sum in the role's column."""
        text = bare(cells[self.at[role]])
        if not text:
            complaints.append(self._complaint(role, cells, "is empty"))
            return 0
        plus = self.only_plus and "+" in text
        try:
            return self._signed(text, 1 if plus else self.factors.get(role, 1))
        except ValueError as error:
            complaints.append(self._complaint(role, cells, str(error)))
            return 0

    def _amount(self, cells: Sequence[str], complaints: list[str]) -> int:
        """The signed sum of the row."""
        two = "amount" not in self.at
        read = self._in_or_out if two else self._one_sum
        amount = read(cells, complaints)
        if self.direction is not None and not two:
            way = self.words.get(cells[self.direction], 0)
            if not way and (amount or not complaints):
                complaints.append(self._complaint("direction", cells, "says neither in nor out"))
            amount = way * abs(amount)
        if self.fee is not None and bare(cells[self.fee]):
            amount += self._meaning.fee * self._read("fee", cells, complaints)
        return amount

    def _one_sum(self, cells: Sequence[str], complaints: list[str]) -> int:
        return self._read("amount", cells, complaints)

    def _in_or_out(self, cells: Sequence[str], complaints: list[str]) -> int:
        """Money in less money out."""
        found = {
            role: self._read(role, cells, complaints)
            for role in ("credit", "debit")
            if role in self.at and bare(cells[self.at[role]]).strip(MINUS_SIGNS)
        }
        if found.get("credit") and found.get("debit"):
            complaints.append(self._complaint("debit", cells, "stands beside money in"))
        elif not found:
            complaints.append("neither money in nor money out")
        return sum(found.values())

    def _complaint(self, role: str, cells: Sequence[str], what: str) -> str:
        at = self.at[role]
        text = bare(cells[at])
        shown = f" {text[:60]!r}" if text else ""
        return f"column {self._meaning.columns.header[at][:60]!r}{shown} {what}"


def currency_code(text: str) -> str:
    """The code of a currency in a cell, of a symbol if it stands for one currency alone."""
    text = text.upper()
    return _SYMBOLS.get(text, text)
