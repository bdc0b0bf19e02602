"""CSV as banks write it: which delimiter, which columns, which notation is for the file to show.

It is read twice, row by row: once to learn how it writes, once for its lines.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import batched
from typing import ClassVar

from budgets.errors import BadStatement
from budgets.statements.amounts import Marks
from budgets.statements.cells import BLOCK, MOST_KEPT, PlacedCells, Unlike, bare
from budgets.statements.clues import Clues, row_refusal
from budgets.statements.column_roles import MONEY, Hints, column_findings
from budgets.statements.columnwise import Columnwise
from budgets.statements.csvrows import raw_rows
from budgets.statements.dates import Dates
from budgets.statements.fees import fee_factor
from budgets.statements.heads import find_head
from budgets.statements.lines import LEFT_OUT, Finding, Line, PageBalances
from budgets.statements.oddrows import OddRows, is_note
from budgets.statements.records import Meaning, Notation
from budgets.statements.rowaccounts import RowAccounts
from budgets.statements.signs import signs
from budgets.statements.source import Source
from budgets.statements.states import states
from budgets.statements.words import marked


class CsvFile:
    """A statement in CSV. `accounts` are those its rows name; one of "" when they name none.

    Raises BadStatement for a file without the columns it takes, with a row that has too
    many or too few, whose dates leave day and month open, or whose sums, fees and states can be
    understood in two ways.
    """

    format: ClassVar[str] = "csv"

    def __init__(self, source: Source, hints: Hints) -> None:
        self._source, self._head = source, find_head(source, hints)
        self._hints = self._head.hints
        self._last = self._last_row()
        self._marks = Marks(self._hints.decimal)
        known = self._head.known
        self._dates = Dates(self._hints.date_format, known.layout.date_format if known else "")
        self._odd = OddRows(self._head.columns, self._head.heading)
        self._broken: set[int] = set()  # rows of another width, which somebody passes over
        self._complaints: dict[str, str] = {}  # by the text of a date
        self._meaning = self._learned()
        self._dates.decide()

    @classmethod
    def recognises(cls, source: Source) -> bool:
        """Any text may be CSV."""
        return True

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._head.columns.header

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """None: a balance stands beside its line."""
        yield from ()

    def findings(self) -> Iterator[Finding]:
        """The layout, each column and its role, then what was decided for the whole file."""
        known, found = self._head.known, self._findings()
        return known.explained(found) if known else found

    def _findings(self) -> Iterator[Finding]:
        yield from column_findings(self._meaning.columns, self._hints)
        hints, delimiter = self._hints, repr(self._head.delimiter)
        mark = self._known_mark() or "open"
        for subject, reading, option, why in (
            ("encoding", self._source.encoding, "encoding", "it fits all of the file"),
            ("delimiter", delimiter, "delimiter", "it splits the header best"),
            ("dates", self._dates.form, "date-format", self._dates.reason),
            ("decimal mark", mark, "decimal", "the sums show it"),
        ):
            given = getattr(hints, option.replace("-", "_"))
            yield Finding(subject, reading, f"--{option}" if given else why)
        yield from self._meaning.findings

    def lines(self, decimals: int) -> Iterator[Line]:
        """The rows, read anew; a unit has `decimals` decimals.

        Raises BadStatement at the first bad row, or when the decimal mark stays open.
        """
        mark = self._marks.mark(decimals)
        notation = Notation(self._meaning, mark, self._dates.day, decimals)
        posted, columnwise = self._first_day(notation), Columnwise(notation)
        for rows in batched(self._rows(), BLOCK):
            if self._are_booked(rows):
                lines = [*columnwise.lines(rows)]
                posted = lines[-1].posted
                yield from lines
                continue
            whys = [self._why_not(notation, *row) for row in rows]
            booked = [row for row, why in zip(rows, whys, strict=True) if not why]
            made = columnwise.lines(booked)
            for (number, _, cells), why in zip(rows, whys, strict=True):
                if not why:
                    line = next(made)
                    posted = line.posted
                    yield line
                elif posted := notation.any_day(cells) or posted:
                    yield notation.odd(number, cells, posted, why)

    def _are_booked(self, rows: Sequence[PlacedCells]) -> bool:
        """Whether nothing can say of any of the rows that it is no booking."""
        said = self._meaning.states.columns or self._hints.skip_lines
        return not said and self._odd.reasons.keys().isdisjoint(number for number, _, _ in rows)

    def _why_not(self, notation: Notation, number: int, at: int, cells: list[str]) -> str:
        """Why the row is no booking; whoever imports a line that is passed over leaves it out."""
        why = self._odd.reasons.get(number) or self._meaning.states.why_not(cells)
        passed = number in self._hints.skip_lines and number not in self._broken
        return "" if passed and notation.reads(number, at, cells) else why

    def _first_day(self, notation: Notation) -> date | None:
        """The day of the first booking, for rows before it that have none."""
        return next(filter(None, (notation.day(cells) for _, _, cells in self._rows())), None)

    def _learned(self) -> Meaning:
        """What the columns mean, from all the rows. Raises BadStatement."""
        columns = self._head.columns
        clues, accounts = Clues(columns), RowAccounts(columns)
        sums = [columns.roles[role][0] for role in MONEY if role in columns.roles]
        named = [
            columns.roles[role][0] for role in ("account", "currency") if role in columns.roles
        ]
        unlike = Unlike(sums, named)
        for rows in batched(self._rows(), BLOCK):
            if not (booked := self._booked(rows)):
                continue
            clues.see(booked)
            for number, at, cells in unlike.of(booked):
                accounts.see(number, at, cells)
                for where in sums:
                    self._marks.see(marked(bare(cells[where]))[0], at)
        decided = signs(clues, self._hints, self._odd.went_out)
        stated = states(clues, self._hints)
        fee, fee_finding = fee_factor(clues, decided, self._hints, self._known_mark())
        self.accounts = accounts.found()
        findings = (decided.finding, *filter(None, [fee_finding]), *stated.findings)
        return Meaning(decided, stated, fee, accounts.currency, findings)

    def _booked(self, rows: Sequence[PlacedCells]) -> Sequence[PlacedCells]:
        """The rows that may be bookings; the reasons of others are kept. Raises BadStatement."""
        if self._are_dated(rows) and self._odd.has_none(cells for _, _, cells in rows):
            return rows
        booked = []
        for number, at, cells in rows:
            if self._is_passed_over(number):
                self._odd.reasons[number] = LEFT_OUT
                continue
            complaint = self._undated(cells, at)
            if self._odd.takes(number, at, cells, dated=not complaint):
                continue
            if complaint:
                raise row_refusal(number, at, [complaint])
            booked.append((number, at, cells))
        return booked

    def _are_dated(self, rows: Sequence[PlacedCells]) -> bool:
        """Whether all rows have a date, and none is passed over."""
        date = self._head.columns.roles["date"][0]
        first: dict[str, tuple[list[str], int]] = {}
        for _, at, cells in rows:
            first.setdefault(cells[date], (cells, at))
        passed = any(self._is_passed_over(number) for number, _, _ in rows)
        return not passed and not any(self._undated(*row) for row in first.values())

    def _undated(self, cells: list[str], at: int) -> str:
        """What is wrong with the date of a row, "" for nothing."""
        cell = cells[self._head.columns.roles["date"][0]]
        try:
            return self._complaints[cell]
        except KeyError:
            if len(self._complaints) > MOST_KEPT:
                self._complaints.clear()
            return self._complaints.setdefault(cell, self._complaint(bare(cell), at))

    def _complaint(self, text: str, at: int) -> str:
        name = self._head.columns.name("date")[:60]
        if not text:
            return f"column {name!r} is empty"
        try:
            self._dates.see(text, at)
        except ValueError as error:
            return f"column {name!r} {text[:60]!r} {error}"
        return ""

    def _known_mark(self) -> str:
        """The decimal mark, "" if it is open."""
        try:
            return self._marks.mark(2)
        except BadStatement:
            return ""

    def _rows(self) -> Iterator[tuple[int, int, list[str]]]:
        """Each row that is not blank: its number, the file line it begins on, its cells."""
        width = len(self._head.columns.header)
        for number, at, cells in self._raw_rows():
            yield number, at, cells if len(cells) == width else self._fitted(cells, number, at)

    def _raw_rows(self) -> Iterator[tuple[int, int, list[str]]]:
        head = self._head
        return raw_rows(self._source, head.at, head.delimiter, self._hints.skip_lines)

    def _last_row(self) -> int:
        """The number of the last row above the footer; the latter is as long as somebody says."""
        footer = self._hints.skip_footer
        return sum(1 for _ in self._raw_rows()) - footer if footer else sys.maxsize

    def _is_passed_over(self, number: int) -> bool:
        return number in self._hints.skip_lines or number > self._last

    def _fitted(self, cells: list[str], number: int, at: int) -> list[str]:
        """As many cells as the header has; empty ones too many are dropped."""
        columns, width = self._head.columns, len(self._head.columns.header)
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        short = len(cells) < width and (len(cells) >= columns.named or is_note(cells))
        if not short and len(cells) != width and self._is_passed_over(number):
            self._broken.add(number)
        if short or number in self._broken:
            cells = (cells + [""] * width)[:width]
        if len(cells) != width:
            raise row_refusal(
                number, at, [f"{len(cells)} columns where the header has {columns.named}"]
            )
        return cells
