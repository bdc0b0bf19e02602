"""CSV as banks write it: which delimiter, which columns, which notation is for the file to show.

It is read twice, row by row: once to learn how it writes, once for its lines.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import ClassVar, TextIO

from budgets.errors import BadStatement
from budgets.statements.amounts import Marks
from budgets.statements.column_roles import MONEY, Columns, Hints, understood
from budgets.statements.dates import Dates
from budgets.statements.lines import Account, Line
from budgets.statements.records import Notation, Record
from budgets.statements.source import Source

DELIMITERS = ",;\t|"
_PREAMBLE = 50  # lines among which the header must be
_LONGEST_LINE = 1 << 20  # characters
_CODE = re.compile(r"[A-Za-z]{3}")


class CsvFile:
    """A statement in CSV. `accounts` are those its rows name; one of "" when they name none.

    Raises BadStatement for a file without the columns it takes, with a row that has too
    many or too few, or whose dates leave day and month open.
    """

    format: ClassVar[str] = "csv"

    def __init__(self, source: Source, hints: Hints) -> None:
        self._source = source
        self._head = _head(source, hints)
        self._marks = Marks(hints.decimal)
        self._dates = Dates(hints.date_format)
        accounts = {self._account(at, cells): None for at, cells in self._rows()}
        self.accounts = tuple(accounts) or (Account("", self._head.columns.currency),)
        self._dates.decide()

    def lines(self, decimals: int) -> Iterator[Line]:
        """The rows, read anew; a unit has `decimals` decimals.

        Raises BadStatement at the first bad row, or when the decimal mark stays open.
        """
        mark = self._marks.mark(decimals)
        notation = Notation(self._head.columns, mark, self._dates.day, decimals)
        for number, (at, cells) in enumerate(self._rows(), 1):
            yield notation.line(number, at, cells)

    def _account(self, at: int, cells: list[str]) -> Account:
        """Learn from a row how the file writes, and whose it is."""
        columns = self._head.columns
        row = Record(columns, cells)
        row.read("date", lambda text: self._dates.see(text, at))
        for role in MONEY:
            self._marks.see(row.text(role), at)
        currency = row.text("currency") or columns.currency
        if currency and not _CODE.fullmatch(currency):
            row.complain("currency", "is not a currency code")
        if row.complaints:
            raise BadStatement(f"line {at}: {'; '.join(row.complaints)}")
        return Account(row.text("account"), currency.upper())

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not blank, with the file line it begins on."""
        width = len(self._head.columns.header)
        with self._source.text() as file:
            physical = _physical(file)
            before = sum(1 for _ in islice(physical, self._head.at))
            reader = csv.reader(
                physical, delimiter=self._head.delimiter, strict=True, skipinitialspace=True
            )
            while True:
                at = before + reader.line_num + 1
                cells = _next(reader, at)
                if cells is None:
                    return
                if any(map(str.strip, cells)):
                    yield at, _fitted(cells, width, at)


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the header stands (file line `at`), its delimiter and what it says."""

    at: int
    delimiter: str
    columns: Columns


def _head(source: Source, hints: Hints) -> _Head:
    """The line among the first that looks most like a header.

    Raises BadStatement when a column that was named, or is needed, is not in it.
    """
    with source.text() as file:
        first = list(islice(_physical(file), _PREAMBLE))
    heads = [
        _Head(at, delimiter, understood(_split(text, delimiter), hints))
        for at, text in enumerate(first, 1)
        for delimiter in hints.delimiter or DELIMITERS
    ]
    best = max(heads, key=lambda head: _likeness(head.columns, hints))
    _require(best.columns, hints)
    return best


def _likeness(columns: Columns, hints: Hints) -> tuple[int, int, int]:
    named = sum(1 for role in columns.roles if hints.names(role))
    return named, len(columns.roles), len(columns.header)


def _require(columns: Columns, hints: Hints) -> None:
    there = f"the file has: {', '.join(name[:40] for name in columns.header[:30])}"
    for role in hints.columns:
        names = hints.names(role) or ()
        if len(columns.roles.get(role, ())) < len(names):
            raise BadStatement(f"no column {' or '.join(map(repr, names))}; {there}")
        for name in names:
            if columns.header.count(name) > 1:
                raise BadStatement(f"column {name!r} is there more than once; {there}")
    if missing := columns.missing():
        raise BadStatement(f"no column for the {missing}; {there}; say --{missing}-column NAME")


def _physical(file: TextIO) -> Iterator[str]:
    """The file's lines, none so long that it could fill the memory."""
    for at, text in enumerate(iter(partial(file.readline, _LONGEST_LINE), ""), 1):
        if len(text) == _LONGEST_LINE:
            raise BadStatement(f"line {at} is longer than {_LONGEST_LINE:,} characters")
        yield text


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _next(reader: Iterator[list[str]], at: int) -> list[str] | None:
    """The next row, None at the end. Raises BadStatement for quotes that do not close."""
    try:
        return next(reader, None)
    except csv.Error as error:
        what = "the file is cut off inside quotes" if "end of data" in str(error) else error
        raise BadStatement(f"line {at}: {what}") from error


def _fitted(cells: list[str], width: int, at: int) -> list[str]:
    """As many cells as the header has; empty ones too many are dropped."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        raise BadStatement(f"line {at}: {len(cells)} columns where the header has {width}")
    return cells
