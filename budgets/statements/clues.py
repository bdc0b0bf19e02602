"""What the rows of a CSV show of its columns, collected in one pass before a line is built."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from budgets.errors import BadStatement
from budgets.statements.amounts import MINUS_SIGNS
from budgets.statements.cells import MOST_KEPT, PlacedCells, bare, classes
from budgets.statements.column_roles import MONEY, Columns
from budgets.statements.words import marked

PLUS, MINUS = ("+", "+C", "+D"), ("-", "-C", "-D")
_MOST_VALUES = 60  # of a column that says what kind of row it is
_SAMPLE = 2_000  # rows that are kept
_NUMBER = attrgetter("number")
_BELOW = re.compile(rf"[{MINUS_SIGNS}(]")
_MORE = re.compile(r"[1-9]")
_NOTHING = f"0.,'\u2019\u00a0\u202f+{MINUS_SIGNS}() "


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: its number among the lines, its row of the file, its cells."""

    number: int
    at: int
    cells: Sequence[str]

    @property
    def place(self) -> str:
        """How a refusal names it."""
        return place(self.number, self.at)


@dataclass(slots=True)
class Rows:
    """Rows that are alike: the first of them and how many there are."""

    first: TableRow
    count: int = 0


class Value(dict[str, Rows]):
    """The rows that have one value in a column, by the shape of the sum beside it."""

    @property
    def place(self) -> str:
        """How a refusal names the first row."""
        return min((rows.first for rows in self.values()), key=_NUMBER).place

    def first(self, shapes: Iterable[str]) -> TableRow | None:
        """The first row beside a sum of one of the shapes."""
        found = (self[shape].first for shape in shapes if shape in self)
        return min(found, key=_NUMBER, default=None)

    def count(self, shapes: Iterable[str]) -> int:
        """How many rows stand beside a sum of one of the shapes."""
        return sum(self[shape].count for shape in shapes if shape in self)


class Clues:
    """Counts over the bookings of a file; see `shape`.

    `patterns` has the rows of each combination of sums, one for each role of `money`. `values` has
    the values of each column that has few of them. `sample` has the first rows, `charged` is the
    first with a fee.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.money = tuple(role for role in MONEY if role in columns.roles)
        self.patterns: dict[tuple[str, ...], Rows] = {}
        self.sample: list[TableRow] = []
        self.charged: TableRow | None = None
        self._at = [columns.roles[role][0] for role in self.money]
        self._fee = columns.first("fee")
        self._shape = _Shapes()
        taken = {columns.first(role) for role in (*MONEY, "date", "balance", "fee")}
        free = set(range(len(columns.header))) - taken
        self.values: dict[int, dict[str, Value]] = {at: {} for at in sorted(free)}

    def see(self, rows: Sequence[PlacedCells]) -> None:
        """Take bookings into account."""
        columns = [*zip(*(cells for _, _, cells in rows), strict=True)]
        patterns = [*zip(*(self._shapes(columns[at]) for at in self._at), strict=True)]
        for pattern, count in Counter(patterns).items():
            if pattern not in self.patterns:
                self.patterns[pattern] = Rows(TableRow(*rows[patterns.index(pattern)]))
            self.patterns[pattern].count += count
        if (room := _SAMPLE - len(self.sample)) > 0:
            self.sample += [TableRow(*row) for row in rows[:room]]
        if self._fee is not None and not self.charged:
            fees = zip(rows, self._shapes(columns[self._fee]), strict=True)
            charged = (row for row, fee in fees if fee not in ("", "0"))
            self.charged = next((TableRow(*row) for row in charged), None)
        for position in [*self.values]:
            self._count_values(position, rows, columns[position], [each[0] for each in patterns])

    def _count_values(
        self,
        position: int,
        rows: Sequence[PlacedCells],
        cells: Sequence[str],
        beside: Sequence[str],
    ) -> None:
        """Count the values of a column by the sums beside them, unless they are many."""
        values = self.values[position]
        if len(values.keys() | set(cells)) > _MOST_VALUES:
            del self.values[position]
            return
        pairs = [*zip(cells, beside, strict=True)]
        for (cell, sum_shape), count in Counter(pairs).items():
            alike = values.setdefault(cell, Value())
            if sum_shape not in alike:
                alike[sum_shape] = Rows(TableRow(*rows[pairs.index((cell, sum_shape))]))
            alike[sum_shape].count += count

    def _shapes(self, cells: Sequence[str]) -> list[str]:
        return [self._shape[each] for each in classes(cells)]

    def count(self, role: str, shapes: Iterable[str]) -> int:
        """How many rows have a sum of one of the shapes in the role's column."""
        return sum(rows.count for rows in self._shaped(role, shapes))

    def first(self, role: str, shapes: Iterable[str]) -> TableRow | None:
        """The first row with a sum of one of the shapes in the role's column."""
        found = (rows.first for rows in self._shaped(role, shapes))
        return min(found, key=_NUMBER, default=None)

    def _shaped(self, role: str, shapes: Iterable[str]) -> list[Rows]:
        place, wanted = self.money.index(role), set(shapes)
        return [rows for pattern, rows in self.patterns.items() if pattern[place] in wanted]


class _Shapes(dict[str, str]):
    """The shape of each text that was asked for."""

    def __missing__(self, cell: str) -> str:
        if len(self) > MOST_KEPT:
            self.clear()
        found = self[cell] = shape(cell)
        return found


def shape(cell: str) -> str:
    """What a sum looks like: "+", "-" or "0", with "C" or "D" for a mark; "" for an empty cell.

    >>> [shape(text) for text in ("12.50", "(3)", "0,00", "7 DR", "-7 CR", " ")]
    ['+', '-', '0', '+D', '-C', '']
    """
    text, mark = marked(bare(cell))
    if not text.strip(_NOTHING):
        return "0" if text else ""
    if "0" in text and not _MORE.search(text):
        return "0"
    sign = "-" if _BELOW.search(text) else "+"
    return sign + ("", "C", "D")[mark] if mark else sign


def place(number: int, at: int) -> str:
    """How a refusal names a row.

    >>> place(3, 7)
    'line 3 (row 7 of the file)'
    """
    return f"line {number} (row {at} of the file)"


def row_refusal(number: int, at: int, complaints: Sequence[str]) -> BadStatement:
    """The refusal of a row, with the way to go on without it."""
    return BadStatement(
        f"{place(number, at)}: {'; '.join(complaints)}; say --skip-line {number} to pass over it"
    )
