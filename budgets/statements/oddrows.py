"""Rows of a table that are no bookings: headings, balances, totals, parts of a batch, footers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from budgets.errors import BadStatement
from budgets.statements.cells import bare
from budgets.statements.clues import place
from budgets.statements.column_names import normal
from budgets.statements.column_roles import MONEY, Columns
from budgets.statements.pending import (
    is_marked_pending,
    is_pending_section,
    may_be_marked_pending,
)
from budgets.statements.words import is_section_out, may_be_summary, state, summary

_NOTE = re.compile(r"[^\W\d_]{3}|^[\W_]+$")  # a word, or no letter and digit at all
_DIGIT = re.compile(r"[0-9]")


@dataclass(slots=True)
class OddRows:
    """`reasons` says of such a line why it is no booking, by its number.

    `heading` stands above the header. `went_out` is a heading of lines of money out, "" for none.
    """

    columns: Columns
    heading: str = ""
    reasons: dict[int, str] = field(default_factory=dict)
    went_out: str = ""
    _section: str = ""
    _total: int = 0

    def __post_init__(self) -> None:
        self._begin(self.heading)

    def takes(self, number: int, at: int, cells: list[str], *, dated: bool) -> bool:
        """Whether the row is no booking; `dated` says whether its date can be read.

        Raises BadStatement for the header of another table.
        """
        self._forget_total()
        if not dated and (other := self._other_header(cells)):
            raise BadStatement(
                f"{place(number, at)}: another table begins here, with {other}: import each table "
                "as a file of its own, or say --skip-footer with the number of rows from here on"
            )
        why = self._dated(cells) if dated else self._undated(cells)
        if dated and why == "a total":
            self._total = number
        if why := why or self._section:
            self.reasons[number] = why
        return bool(why)

    def has_none(self, rows: Iterable[list[str]]) -> bool:
        """Whether none of the rows is odd, which all have a date; if so, they are taken."""
        text = "\n".join(chain.from_iterable(rows)).casefold()
        if self._section or may_be_summary(text) or may_be_marked_pending(text):
            return False
        self._forget_total()
        return True

    def _forget_total(self) -> None:
        """Drop the total before this row: one is the first or the last row."""
        if self._total > 1:
            del self.reasons[self._total]
        self._total = 0

    def _dated(self, cells: list[str]) -> str:
        """Why a row with a date is no booking, "" for one that may be a booking."""
        texts = (cells[at] for at in self.columns.roles.get("description", ()))
        return summary(cells) or ("pending" if any(map(is_marked_pending, texts)) else "")

    def _undated(self, cells: list[str]) -> str:
        """Why a row without a date is no booking, "" for one that must have a date."""
        filled = [text for text in map(bare, cells) if text]
        if len(filled) == 1 and _NOTE.search(filled[0]):
            self._begin(filled[0])
            return summary(cells) or "a heading or a footer"
        undated = not _DIGIT.search(cells[self.columns.roles["date"][0]])
        if undated and (why := next(filter(None, map(state, filled)), "")):
            return why
        if why := summary(cells):
            return why
        if self._is_header(cells):
            return "a header"
        roles = self.columns.roles
        needed = [cells[roles[role][0]] for role in ("date", *MONEY) if role in roles]
        return "" if any(map(_DIGIT.search, needed)) else "neither a date nor an amount"

    def _begin(self, heading: str) -> None:
        """Begin the section below a heading."""
        self._section = "pending" if is_pending_section(heading) else ""
        if not self.went_out and is_section_out(heading):
            self.went_out = heading

    def _other_header(self, cells: list[str]) -> str:
        """The name that another header has for a column that is used, "" for no such header."""
        header, roles = self.columns.header, self.columns.roles
        if normal(cells[roles["date"][0]]) != normal(header[roles["date"][0]]):
            return ""
        for role in (*MONEY, "direction"):
            at = roles[role][0] if role in roles else None
            if at is not None and normal(cells[at]) != normal(header[at]):
                return f"a column {bare(cells[at])!r} in place of {header[at]!r}"
        return ""

    def _is_header(self, cells: Sequence[str]) -> bool:
        return [normal(cell) for cell in cells] == [normal(name) for name in self.columns.header]


def is_note(cells: list[str]) -> bool:
    """Whether a row that is too short for the table is a text, a balance or a total."""
    filled = [cell for cell in cells if cell.strip()]
    alone = len(filled) == 1 and _NOTE.search(filled[0])
    return bool(alone or summary(cells))
