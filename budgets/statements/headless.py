"""A CSV whose first row is a booking: its columns go by their numbers."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, permutations

from budgets.errors import BadStatement
from budgets.statements.amounts import Marks, is_sum, minor
from budgets.statements.column_roles import BY_CELLS, MONEY, Columns, Hints, understood
from budgets.statements.dates import is_date
from budgets.statements.words import marked

_LETTERS = re.compile(r"[A-Z]{1,2}")
_MONEY_LIKE = re.compile(r"[.,][0-9]{2}(?![0-9])|[^0-9.,\s]")
_FINE = 6  # decimals to compare with
_SHOWN = 30  # columns of a refusal


def headless(at: int, rows: list[list[str]], hints: Hints) -> tuple[Columns, Hints]:
    """Columns named "1", "2" and so on, and the hints by these names.

    `rows` are bookings, the first of them in line `at` of the file. A hint is a number, a letter
    as spreadsheets have them, or what the first row has in the column. Raises BadStatement when
    the cells leave the date or the sum open.
    """
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    known = _by_number(rows[0], hints)
    columns = understood([str(number) for number in range(1, width + 1)], known)
    for role, places in _deduced(rows, columns, known).items():
        if known.names(role) is None:
            columns = columns.having(role, places, BY_CELLS)
    if columns.missing() and all(
        len(columns.roles.get(role, ())) == len(known.names(role) or ()) for role in known.columns
    ):
        raise BadStatement(_question(at, rows, columns))
    return columns, known


def _by_number(first: Sequence[str], hints: Hints) -> Hints:
    given = {
        role: [_number(name, first) for name in names] or ""
        for role in hints.columns
        if (names := hints.names(role)) is not None
    }
    states = tuple((_number(name, first), value) for name, value in hints.booked_when)
    return replace(hints, columns=given, booked_when=states)


def _number(name: str, first: Sequence[str]) -> str:
    """The number of a column, by its number, its first cell or its letter."""
    if name.isdecimal() and 0 < int(name) <= len(first):
        return str(int(name))
    if name.strip() in first:
        return str(first.index(name.strip()) + 1)
    if _LETTERS.fullmatch(name):
        number = 0
        for letter in name:
            number = number * 26 + ord(letter) - ord("A") + 1
        return str(number)
    return name


def _deduced(rows: list[list[str]], columns: Columns, hints: Hints) -> dict[str, int]:
    """The columns of date, sum and balance, as far as the cells are sure of them."""
    dates, sums = _dates(rows), _sums(rows)
    found = {"date": dates[0]} if dates else {}
    given = [columns.roles[role][0] for role in MONEY if role in columns.roles]
    if not given and len(sums) == 1:
        return found | {"amount": sums[0]}
    if (len(given) <= 1 and "amount" in columns.roles) or not given:
        amounts = given or sums
        pairs = [
            (amount, balance)
            for amount, balance in permutations(dict.fromkeys([*amounts, *sums]), 2)
            if amount in amounts and _adds_up(rows, amount, balance, hints)
        ]
        if len(pairs) == 1:
            return found | {"amount": pairs[0][0], "balance": pairs[0][1]}
    return found


def _dates(rows: list[list[str]]) -> list[int]:
    return [at for at in range(len(rows[0])) if all(is_date(row[at]) for row in rows)]


def _sums(rows: list[list[str]]) -> list[int]:
    """Columns that hold sums of money, or nothing."""
    found = []
    for at in range(len(rows[0])):
        cells = [row[at] for row in rows if row[at]]
        if (
            any(map(_MONEY_LIKE.search, cells))
            and all(is_sum(marked(cell)[0]) for cell in cells)
            and not any(map(is_date, cells))
        ):
            found.append(at)
    return found


def _adds_up(rows: list[list[str]], amount: int, balance: int, hints: Hints) -> bool:
    """Whether each balance is the one before it with the sum, in either order of the rows."""
    marks = Marks(hints.decimal)
    for at, row in enumerate(rows, 1):
        marks.see(row[amount], at)
        marks.see(row[balance], at)
    try:
        numbers = list(_numbers(rows, (amount, balance), marks.mark(_FINE)))
    except (ValueError, BadStatement):
        return False
    steps = list(pairwise(numbers))
    older_first = all(one[1] + other[0] == other[1] for one, other in steps)
    newer_first = all(other[1] + one[0] == one[1] for one, other in steps)
    return bool(steps) and (older_first or newer_first)


def _numbers(
    rows: list[list[str]], places: tuple[int, int], mark: str
) -> Iterator[tuple[int, int]]:
    for row in rows:
        amount, balance = (minor(row[at], decimal=mark, exponent=_FINE) for at in places)
        yield amount, balance


def _question(at: int, rows: list[list[str]], columns: Columns) -> str:
    """What the columns hold, and options that read them."""
    there = ", ".join(f"{place} {cell[:40]!r}" for place, cell in enumerate(rows[0][:_SHOWN], 1))
    options = []
    if "date" not in columns.roles:
        dated = next((place for place, cell in enumerate(rows[0]) if is_date(cell)), 0)
        options.append(f"--date-column {dated + 1}")
    if columns.missing() or options:
        options += _money_options(rows, columns)
    return (
        f"line {at} is a booking, and no header stands above it; its columns are {there}; "
        f"say {' '.join(options)} if that is right, or other numbers"
    )


def _money_options(rows: list[list[str]], columns: Columns) -> list[str]:
    if any(role in columns.roles for role in MONEY):
        return []
    sums = _sums(rows) or [
        at for at, cell in enumerate(rows[0]) if is_sum(marked(cell)[0]) and not is_date(cell)
    ]
    if len(sums) > 1 and all(bool(row[sums[0]]) != bool(row[sums[1]]) for row in rows):
        return [f"--debit-column {sums[0] + 1}", f"--credit-column {sums[1] + 1}"]
    options = [f"--amount-column {sums[0] + 1}"]
    return [*options, f"--balance-column {sums[1] + 1}"] if len(sums) > 1 else options
