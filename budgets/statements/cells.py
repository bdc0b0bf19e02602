"""The cells of many rows at once: a few steps for a column instead of some for each cell. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from budgets.statements.lines import one_line

type PlacedCells = tuple[int, int, list[str]]
"""A row of a table: its number among the lines, its row of the file, its cells."""

BLOCK = 500
"""Rows that are looked at together."""
MOST_KEPT = 10_000
"""Texts that are remembered; more are looked at again."""
_CLASSES = str.maketrans("23456789", "11111111")
_ASCII_BUT_DIGITS = {code: None for code in range(128) if not chr(code).isdigit() and code != 10}
_BUT_DIGITS = re.compile(r"[^0-9\n]")


def bare(cell: str) -> str:
    """A cell in one line, without the ="..." that keeps spreadsheets from touching it."""
    if cell.isprintable() and "  " not in cell and not cell.startswith("="):
        return cell.strip(" ")  # such a cell is in one line
    if cell.startswith('="') and cell.endswith('"'):
        cell = cell[2:-1]
    return one_line(cell)


def bares(cells: Sequence[str]) -> list[str]:
    """`bare` of each cell."""
    joined = "".join(cells)
    if joined.isprintable() and "  " not in joined and "=" not in joined:
        return [cell.strip(" ") for cell in cells]
    return [bare(cell) for cell in cells]


def classes(cells: Sequence[str]) -> list[str]:
    """Each cell with 1 for every digit but 0: whatever looks no closer finds them the same.

    >>> classes(["-20.50", "7 EUR"])
    ['-10.10', '1 EUR']
    """
    found = "\n".join(cells).translate(_CLASSES).split("\n")
    return found if len(found) == len(cells) else [cell.translate(_CLASSES) for cell in cells]


def digits(texts: Sequence[str]) -> list[str]:
    """The digits of each text, which is in one line.

    >>> digits(["-20.50", "7 \\u20ac"])
    ['2050', '7']
    """
    joined = "\n".join(texts)
    plain = joined.translate(_ASCII_BUT_DIGITS) if joined.isascii() else _BUT_DIGITS.sub("", joined)
    return plain.split("\n")


class Unlike:
    """Finds the rows that differ from all earlier ones, other digits in sums apart."""

    def __init__(self, sums: Iterable[int], others: Iterable[int]) -> None:
        """`sums` and `others` are the positions of the columns to compare."""
        self._sums, self._others = list(sums), list(others)
        self._seen: set[tuple[str, ...]] = set()

    def of(self, rows: Sequence[PlacedCells]) -> Iterator[PlacedCells]:
        """Those of the rows."""
        columns = [classes([cells[at] for _, _, cells in rows]) for at in self._sums]
        columns += [[cells[at] for _, _, cells in rows] for at in self._others]
        for row, key in zip(rows, zip(*columns, strict=True), strict=True):
            if key not in self._seen:
                if len(self._seen) > MOST_KEPT:
                    self._seen.clear()
                self._seen.add(key)
                yield row
