"""Where the header of a CSV stands, or that it has none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from shlex import quote

from budgets.errors import BadStatement
from budgets.money.currencies import in_use
from budgets.statements.amounts import is_sum
from budgets.statements.cells import bare
from budgets.statements.column_names import NAMES, header_name, normal
from budgets.statements.column_roles import MONEY, Columns, Hints, understood
from budgets.statements.csvrows import physical, split
from budgets.statements.dates import is_date
from budgets.statements.headless import headless
from budgets.statements.layouts import Known, layout_of, with_layout
from budgets.statements.lines import one_line
from budgets.statements.source import Source
from budgets.statements.words import marked

DELIMITERS = ",;\t|"
_PREAMBLE = 50  # lines among which the header must be
_SEPARATOR = re.compile(r'"?sep=(?P<delimiter>[^\s"]|\t)"?\s*', re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_OTHERS = frozenset(
    ("original", "originalwahrung", "orig", "foreign", "local", "source", "target", "price")
)
"""Words in the names of columns with a currency that is not that of the sum."""


@dataclass(frozen=True, slots=True)
class Head:
    """The header's delimiter and what it says; the table begins behind file line `at`.

    `hints` are those that were given, by the names in this header, with those of its layout.
    `heading` is a text that stands alone above it.
    """

    at: int
    delimiter: str
    columns: Columns
    hints: Hints
    known: Known | None = None
    heading: str = ""


@dataclass(frozen=True, slots=True)
class _Start:
    """The first booking among the lines that were looked at, with a delimiter that shows it."""

    at: int
    delimiter: str
    cells: Sequence[str]


def find_head(source: Source, hints: Hints) -> Head:
    """The line among the first that looks most like a header, or a header of numbers.

    Raises BadStatement when a column that was named, or is needed, is not in it.
    """
    with source.text() as file:
        first = list(islice(physical(file), _PREAMBLE))
    separator = _SEPARATOR.fullmatch(first[0]) if first else None
    delimiters = hints.delimiter or (separator["delimiter"] if separator else DELIMITERS)
    heads = [
        Head(at, delimiter, understood(split(text, delimiter), hints), hints)
        for at, text in enumerate(first, 1)
        for delimiter in delimiters
    ]
    if known := next(filter(None, map(_laid_out, heads)), None):
        _require(known.columns, known.hints)
        return _with_heading(known, first)
    best = max(heads, key=lambda head: _likeness(head.columns, hints))
    if best.columns.missing() or is_booking(best.columns.header):
        start = _start(first, delimiters)
        best = _above(first, start, hints) if start else best
    _require(best.columns, best.hints)
    return _with_heading(_with_currency(best, first), first)


def _laid_out(head: Head) -> Head | None:
    """The head with the options of its layout, None for a header of no known layout."""
    layout = layout_of(head.columns.header)
    if layout is None:
        return None
    hints, known = with_layout(head.hints, layout)
    columns = understood(head.columns.header, hints)
    return replace(head, columns=columns, hints=hints, known=known)


def first_rows(source: Source, delimiters: str) -> frozenset[tuple[str, ...]]:
    """The rows one of which is the header: the first lines, split at each of the delimiters."""
    with source.text() as file:
        first = list(islice(physical(file), _PREAMBLE))
    return frozenset(
        tuple(map(one_line, split(text, delimiter)))
        for text in first
        for delimiter in DELIMITERS + delimiters
    )


def is_booking(cells: Sequence[str]) -> bool:
    """Whether a row has the date and the sum of a booking, and so is no header."""
    dates = [is_date(bare(cell)) for cell in cells]
    return any(dates) and any(
        not dated and is_sum(marked(bare(cell))[0])
        for cell, dated in zip(cells, dates, strict=True)
    )


def _with_heading(head: Head, first: list[str]) -> Head:
    """The head with the text that stands alone above it, if there is one."""
    above = (split(text, head.delimiter) for text in reversed(first[: max(head.at - 1, 0)]))
    cells = next(filter(any, ([bare(cell) for cell in cells if bare(cell)] for cells in above)), [])
    return replace(head, heading=cells[0]) if len(cells) == 1 else head


def _with_currency(head: Head, first: list[str]) -> Head:
    """The head, where a column of an unknown name that holds codes has the currency."""
    columns = head.columns
    if "currency" in columns.roles or head.hints.names("currency") is not None or columns.currency:
        return head
    rows = [split(text, head.delimiter) for text in first[head.at :]]
    rows = [cells for cells in rows if len(cells) == len(columns.header) and is_booking(cells)]
    used = {at for places in columns.roles.values() for at in places}
    found = [
        at
        for at, name in enumerate(columns.header)
        if at not in used
        and header_name(name) not in NAMES["currency"]  # it was passed over
        and _OTHERS.isdisjoint(normal(name).split())
        and rows
        and all(in_use(bare(cells[at])) for cells in rows)
    ]
    sums = [columns.roles[role][0] for role in MONEY if role in columns.roles]
    beside = [at for at in found if at - 1 in sums or at + 1 in sums] or found
    if len(beside) != 1:
        return head
    return replace(head, columns=columns.having("currency", beside[0], "its codes of currencies"))


def _likeness(columns: Columns, hints: Hints) -> tuple[int, bool, int, int]:
    named = sum(1 for role in columns.roles if hints.names(role))
    return named, not columns.missing(), len(columns.roles), len(columns.header)


def _start(first: list[str], delimiters: str) -> _Start | None:
    """The first booking, with the delimiter that shows most bookings."""
    found = {
        delimiter: [
            _Start(at, delimiter, cells)
            for at, text in enumerate(first, 1)
            if is_booking(cells := split(text, delimiter))
        ]
        for delimiter in delimiters
    }
    most = max(found.values(), key=lambda rows: (len(rows), rows and len(rows[0].cells)))
    return most[0] if most else None


def _above(first: list[str], start: _Start, hints: Hints) -> Head:
    """The header above the first booking, even one of unknown names, or one of numbers."""
    if start.at > 1:
        cells = split(first[start.at - 2], start.delimiter)
        if _is_header(cells, len(start.cells)):
            columns = understood(cells, hints)
            return Head(start.at - 1, start.delimiter, columns, hints)
    columns, known = headless(start.at, list(_bookings(first, start)), hints)
    return Head(start.at - 1, start.delimiter, columns, known)


def _is_header(cells: Sequence[str], width: int) -> bool:
    """Whether a row above a booking names its columns."""
    filled = [cell for cell in cells if cell.strip()]
    return (
        len(filled) > 1
        and abs(len(cells) - width) <= 1
        and all(_LETTER.search(cell) for cell in filled)
        and not any(is_date(bare(cell)) for cell in filled)
    )


def _bookings(first: list[str], start: _Start) -> Iterator[list[str]]:
    """The bookings among the lines that were looked at."""
    for text in first[start.at - 1 :]:
        if is_booking(cells := split(text, start.delimiter)):
            yield [bare(cell) for cell in cells]


def _require(columns: Columns, hints: Hints) -> None:
    there = f"the file has: {columns.listed()}"
    for role in hints.columns:
        names = hints.names(role) or ()
        if len(columns.roles.get(role, ())) < len(names):
            raise BadStatement(
                f"no column {' or '.join(map(repr, names))}; {there}; say --{role}-column NAME"
            )
        for name in names:
            if columns.header.count(name) > 1:
                places = [at for at, other in enumerate(columns.header, 1) if other == name]
                raise BadStatement(
                    f"column {name!r} is there more than once; {there}; say --{role}-column "
                    f"{' or '.join(map(str, places))} for one by its place"
                )
    for role in MONEY:
        if len(rivals := columns.rivals(role)) > 1 and not hints.names(role):
            raise BadStatement(
                f"{len(rivals)} columns may be the {role}: {', '.join(map(repr, rivals))}; "
                f"say --{role}-column {quote(rivals[0])} or another of them"
            )
    if missing := columns.missing():
        raise BadStatement(f"no column for the {missing}; {there}; say --{missing}-column NAME")
