"""The layout of a table in a narrow terminal: narrower, without lines, or row by row."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.protocol import is_renderable
from rich.table import Column, Table
from rich.text import Text

ROOM = 10_000
"""A width that is sufficient for any table."""
LONGEST = 24
"""A longer word may break into the next line."""


def make_table(*headings: str, rows: Iterable[Iterable[object]] = (), **options: Any) -> Table:
    """A table with the rows; `options` are those of rich's Table. An empty cell is None or "".

    A heading with > in front is right-aligned, and its column never breaks.
    """
    table = Table(**{"title_justify": "left"} | options)
    for heading in headings:
        is_amount = heading.startswith(">")
        table.add_column(
            heading.removeprefix(">"),
            justify="right" if is_amount else "left",
            no_wrap=is_amount,
        )
    for row in rows:
        cells: Iterator[Any] = ("" if cell is None else cell for cell in row)
        table.add_row(*(cell if is_renderable(cell) else str(cell) for cell in cells))
    return table


def fit_table(table: Table, console: Console) -> RenderableType:
    """The table in the console's width, or its rows one below another if the width is too small.

    Cells wrap between words, those of a `no_wrap` column never. Nothing is cut off.
    """
    options = console.options.update_width(ROOM)
    needs = [_need(console, options, column) for column in table.columns]
    for lines in (True, False):
        if not lines:
            table.box, table.pad_edge = None, False
        drawn = Measurement.get(console, options, table).maximum - sum(most for _, most in needs)
        widths = column_widths(needs, console.width - drawn)
        if widths:
            for column, width in zip(table.columns, widths, strict=True):
                column.width = width
            return table
    return Group(*_records(table))


def column_widths(needs: list[tuple[int, int]], room: int) -> list[int]:
    """A width for each column between its minimum and its maximum; the narrowest grows first.

    `needs` has the minimum and the maximum of each column. Empty if the minimums exceed `room`.

    >>> column_widths([(3, 9), (5, 5), (2, 30)], 20), column_widths([(3, 9), (5, 5)], 7)
    ([8, 5, 7], [])
    """
    widths = [least for least, _ in needs]
    for _ in range(room - sum(widths)):
        growing = [nth for nth, (_, most) in enumerate(needs) if widths[nth] < most]
        if not growing:
            break
        widths[min(growing, key=widths.__getitem__)] += 1
    return widths if sum(widths) <= room else []


def _need(console: Console, options: ConsoleOptions, column: Column) -> tuple[int, int]:
    cells = (column.header, *column.cells)
    measured = [Measurement.get(console, options, cell) for cell in cells]
    most = max(each.maximum for each in measured)
    least = most if column.no_wrap else max(each.minimum for each in measured)
    return (least if column.no_wrap else min(least, LONGEST)), most


def _records(table: Table) -> Iterator[RenderableType]:
    """For each row its first cell, and below it the names and the values of the other columns."""
    if table.title:
        yield Text(str(table.title), style="italic")
    for row, (name, *cells) in zip(
        table.rows, zip(*(column.cells for column in table.columns), strict=True), strict=True
    ):
        yield name if not isinstance(name, str) else Text(name, style="bold", overflow="fold")
        grid = Table.grid(padding=(0, 0, 0, 2))
        for _ in range(2):
            grid.add_column(overflow="fold")
        for column, cell in zip(table.columns[1:], cells, strict=True):
            if not isinstance(cell, str | Text) or str(cell):
                grid.add_row(column.header, cell, style=row.style)
        yield grid
    if table.caption:
        yield Text(str(table.caption), style="dim")
