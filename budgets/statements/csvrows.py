"""The rows of a CSV as they stand in the file, before anybody asks what they mean."""

import csv
from collections.abc import Collection, Iterator
from functools import partial
from itertools import chain, islice
from typing import TextIO

from budgets.errors import BadStatement
from budgets.statements.cells import BLOCK
from budgets.statements.clues import row_refusal
from budgets.statements.source import Source

_LONGEST_LINE = 1 << 20  # characters


def physical(file: TextIO) -> Iterator[str]:
    """The file's lines, none so long that it could fill the memory."""
    for at, text in enumerate(_lines(file), 1):
        _require_short(text, at)
        yield text


def _lines(file: TextIO) -> Iterator[str]:
    return iter(partial(file.readline, _LONGEST_LINE), "")


def _require_short(text: str, at: int) -> None:
    if len(text) == _LONGEST_LINE:
        raise BadStatement(
            f"line {at} is longer than {_LONGEST_LINE:,} characters: "
            "export the statement with one booking a line"
        )


def split(text: str, delimiter: str) -> list[str]:
    """One line in cells, none for a line that is no row."""
    try:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def raw_rows(
    source: Source, before: int, delimiter: str, skipped: Collection[int]
) -> Iterator[tuple[int, int, list[str]]]:
    """Each row that is not blank: its number, the file line it begins on, its cells.

    The first `before` lines of the file are no rows. Raises BadStatement for quotes that do not
    close, unless the row's number is one of `skipped`: then its first line is passed over.
    """
    number = 0
    with source.text() as file:
        rows = _Rows(islice(_lines(file), before, None), before + 1, delimiter)
        while True:
            try:
                for at, cells in rows:
                    if (cells and cells[0].strip()) or any(map(str.strip, cells)):
                        number += 1
                        yield number, at, cells
                return
            except csv.Error as error:
                if number + 1 not in skipped:
                    what = "the file is cut off inside quotes" if _is_end(error) else str(error)
                    raise row_refusal(number + 1, rows.at, [what]) from error
                number += 1
                yield number, rows.at, [rows.keep_first()]


class _Rows:
    """The rows of a table with the file line each begins on, in blocks as far as possible.

    A block without quotes has a row in each line. Other rows are read one by one, so that the
    lines of one that is refused, which is at line `at`, can be read anew.
    """

    def __init__(self, lines: Iterator[str], at: int, delimiter: str) -> None:
        self.at = at
        self._lines = lines
        self._taken: list[str] = []  # the lines of the row that is read
        self._split = partial(csv.reader, delimiter=delimiter, strict=True, skipinitialspace=True)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while block := [*islice(self._lines, BLOCK)]:
            rows = self._plain(block)
            if rows is None:
                yield from self._one_by_one(block)
            else:
                yield from enumerate(rows, self.at)
                self.at += len(rows)

    def _plain(self, block: list[str]) -> list[list[str]] | None:
        """The rows of a block with a row in each line, None for one that may have others."""
        joined = "".join(block)
        if '"' in joined or len(joined) >= _LONGEST_LINE:
            return None
        try:
            return [*self._split(block)]
        except csv.Error:
            return None

    def _one_by_one(self, block: list[str]) -> Iterator[tuple[int, list[str]]]:
        self._lines = chain(block, self._lines)
        end = self.at + len(block)
        for cells in self._split(self._take()):
            yield self.at, cells
            self.at += len(self._taken)
            self._taken.clear()
            if self.at >= end:
                return

    def _take(self) -> Iterator[str]:
        for text in self._lines:
            _require_short(text, self.at + len(self._taken))
            self._taken.append(text)
            yield text

    def keep_first(self) -> str:
        """The first line of a row that is refused; its other lines are read again."""
        first, *others = self._taken
        self._lines = chain(others, self._lines)
        self._taken.clear()
        self.at += 1
        return first.strip() or "-"


def _is_end(error: csv.Error) -> bool:
    return "end of data" in str(error)
