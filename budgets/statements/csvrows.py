"""The rows of a CSV as they stand in the file, before anybody asks what they mean."""

import csv
from collections import deque
from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice
from typing import TextIO

from budgets.errors import BadStatement
from budgets.statements.clues import row_refusal
from budgets.statements.source import Source

_LONGEST_LINE = 1 << 20  # characters


def physical(file: TextIO) -> Iterator[str]:
    """The file's lines, none so long that it could fill the memory."""
    for at, text in enumerate(iter(partial(file.readline, _LONGEST_LINE), ""), 1):
        if len(text) == _LONGEST_LINE:
            raise BadStatement(
                f"line {at} is longer than {_LONGEST_LINE:,} characters: "
                "export the statement with one booking a line"
            )
        yield text


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
    with source.text() as file:
        lines = _Lines(islice(physical(file), before, None))
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        number, at = 0, before + 1
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if number + 1 not in skipped:
                    what = "the file is cut off inside quotes" if _is_end(error) else str(error)
                    raise row_refusal(number + 1, at, [what]) from error
                cells = [lines.keep_first()]
            if (cells and cells[0].strip()) or any(map(str.strip, cells)):
                number += 1
                yield number, at, cells
            at += lines.done()


class _Lines:
    """Lines for the csv module, which can be given back after a row that it refuses."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(text)
        return text

    def keep_first(self) -> str:
        """The first line of the row; the others are read again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._taken = [first]
        return first.strip() or "-"

    def done(self) -> int:
        """How many lines the row had; the next one begins."""
        count = len(self._taken)
        self._taken.clear()
        return count


def _is_end(error: csv.Error) -> bool:
    return "end of data" in str(error)
