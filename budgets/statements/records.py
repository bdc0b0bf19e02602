"""One CSV row to one line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from budgets.errors import BadStatement
from budgets.statements.amounts import minor
from budgets.statements.column_roles import Columns, normal
from budgets.statements.lines import Line, one_line

_OUT = frozenset({"-", "af", "s", "soll", "d", "db", "dr", "debit", "debet", "debito", "cargo"})
_IN = frozenset({"+", "bij", "h", "haben", "c", "cr", "credit", "credito", "abono"})


@dataclass(frozen=True, slots=True)
class Notation:
    """How a file writes: its columns, its decimal mark, what `day` a date means, and how many
    `decimals` a unit of its money has.
    """

    columns: Columns
    decimal: str
    day: Callable[[str], date]
    decimals: int

    def line(self, number: int, at: int, cells: Sequence[str]) -> Line:
        """The `number`th row, from file line `at`. Raises BadStatement naming every bad cell."""
        row = Record(self.columns, cells)
        posted = row.read("date", self.day)
        amount = self._amount(row)
        if row.complaints or posted is None or amount is None:
            raise BadStatement(f"line {at}: {'; '.join(row.complaints)}")
        return Line(
            number=number,
            account=row.text("account"),
            posted=posted,
            amount=amount,
            currency=row.text("currency").upper() or self.columns.currency,
            description=row.description,
            external_id=row.text("id"),
        )

    def _sum(self, text: str) -> int:
        return minor(text, decimal=self.decimal, exponent=self.decimals)

    def _amount(self, row: "Record") -> int | None:
        if "amount" not in self.columns.roles:
            return self._in_or_out(row)
        amount = row.read("amount", self._sum)
        if "direction" not in self.columns.roles or amount is None:
            return amount
        sign = row.read("direction", direction)
        if sign == 1 and amount < 0:
            row.complain("amount", "is negative, and marked as money in")
        return None if sign is None else sign * abs(amount)

    def _in_or_out(self, row: "Record") -> int | None:
        """Money in less money out; banks write what went out with or without a minus."""
        came, went = (
            row.read(role, self._sum) if row.text(role) else None for role in ("credit", "debit")
        )
        if came and went:
            row.complain("debit", "stands beside money in")
        elif came is None and went is None and not row.complaints:
            row.complaints.append("neither money in nor money out")
        return (came or 0) - abs(went or 0)


class Record:
    """A row's cells by role, and what is wrong with them."""

    def __init__(self, columns: Columns, cells: Sequence[str]) -> None:
        self._columns = columns
        self._cells = cells
        self.complaints: list[str] = []

    def text(self, role: str) -> str:
        """The role's cell, "" when the file has none."""
        position = self._columns.first(role)
        return "" if position is None else bare(self._cells[position])

    @property
    def description(self) -> str:
        """All that is said about the row, each thing once."""
        positions = self._columns.roles.get("description", ())
        said = dict.fromkeys(bare(self._cells[position]) for position in positions)
        return " ".join(text for text in said if text)

    def read[T](self, role: str, convert: Callable[[str], T]) -> T | None:
        """The converted cell, or None and a complaint."""
        text = self.text(role)
        if not text:
            self.complain(role, "is empty")
            return None
        try:
            return convert(text)
        except ValueError as error:
            self.complain(role, str(error))
            return None

    def complain(self, role: str, what: str) -> None:
        """Note what is wrong with the role's cell."""
        position = self._columns.first(role)
        name = "" if position is None else self._columns.header[position]
        text = self.text(role)
        shown = f" {text[:60]!r}" if text else ""
        self.complaints.append(f"column {name[:60]!r}{shown} {what}")


def bare(cell: str) -> str:
    """A cell in one line, without the ="..." that keeps spreadsheets from touching it."""
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return one_line(cell)


def direction(text: str) -> int:
    """1 for money in, -1 for money out. Raises ValueError."""
    word = normal(text) or text
    if word not in _OUT | _IN:
        raise ValueError("says neither in nor out")
    return 1 if word in _IN else -1
