"""Tables that lose nothing where there is little room: narrower, without lines, or row by row."""

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

ROOM = 10_000
"""Columns enough for any table."""
LONGEST = 24
"""A word that is longer may go on in the next line."""


def fitted(table: Table, console: Console) -> RenderableType:
    """The table, for the console's width; or its rows one below another where that is too small.

    What may wrap wraps between words, a `no_wrap` column never; nothing is cut off.
    """
    options = console.options.update_width(ROOM)
    needs = [_need(console, options, column) for column in table.columns]
    for lines in (True, False):
        if not lines:
            table.box, table.pad_edge = None, False
        drawn = Measurement.get(console, options, table).maximum - sum(most for _, most in needs)
        widths = spread(needs, console.width - drawn)
        if widths:
            for column, width in zip(table.columns, widths, strict=True):
                column.width = width
            return table
    return Group(*_records(table))


def spread(needs: list[tuple[int, int]], room: int) -> list[int]:
    """Widths between the least and the most that each column needs, the narrowest grown first.

    Empty where there is too little room for the least.

    >>> spread([(3, 9), (5, 5), (2, 30)], 20), spread([(3, 9), (5, 5)], 7)
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
    """Each row below its first cell: what a column is called, and what is in it."""
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
