"""Whether the fee that a CSV has in a column of its own comes off the sum beside it."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from shlex import quote
from typing import NoReturn

from budgets.errors import BadStatement
from budgets.statements.amounts import minor
from budgets.statements.cells import bare
from budgets.statements.clues import Clues, TableRow, shape
from budgets.statements.column_names import normal
from budgets.statements.column_roles import MONEY, Columns, Hints
from budgets.statements.lines import Finding
from budgets.statements.signs import Signs
from budgets.statements.words import marked

_GROSS = frozenset(map(normal, ("gross", "gross amount", "brutto", "bruttobetrag", "montant brut",
    "importe bruto", "importo lordo", "valor bruto")))  # fmt: skip
_NET = frozenset(map(normal, ("net", "net amount", "amount net", "netto", "nettobetrag",
    "montant net", "importe neto", "importo netto", "valor liquido", "amount total",
    "total amount")))  # fmt: skip
_APART = frozenset({"started date", "completed date", "amount", "fee", "state"})
"""Columns of Revolut, whose fee comes off the amount."""
_FINE = 6  # decimals to compare with


def fee_factor(clues: Clues, signs: Signs, hints: Hints, mark: str) -> tuple[int, Finding | None]:
    """What to multiply a fee with to add it to the sum: 0, 1 or -1.

    `mark` is the decimal mark, "" while it is open. Raises BadStatement for fees that may be in
    the sum or not.
    """
    columns = signs.columns
    position = columns.first("fee")
    name = columns.name("fee")
    first = clues.charged
    if position is None or first is None:
        return 0, None
    factor = 1 if shape(first.cells[position]).startswith("-") else -1
    subject, amount = f"column {name!r}", normal(columns.name("amount"))
    off = Finding(subject, f"comes off {columns.name('amount') or 'the sum'!r}", "--fee-column")
    if hints.names("fee"):
        return factor, off
    if amount in _NET:
        return 0, Finding(subject, "not used", f"{columns.name('amount')!r} is without it")
    names = {normal(each) for each in columns.header}
    if amount in _GROSS or names >= _APART:
        return factor, Finding(subject, off.reading, "the names of the columns")
    outside, inside = _fits(clues, signs, mark, factor)
    if bool(outside) == bool(inside):
        _ask(columns, first, position)
    reading = off.reading if outside else "not used"
    return factor if outside else 0, Finding(subject, reading, "so the balances add up")


def _fits(clues: Clues, signs: Signs, mark: str, factor: int) -> tuple[int, int]:
    """How many steps of the balance are the sum with the fee taken off, and the sum alone."""
    rows = list(_numbers(clues, signs, mark))
    outside = inside = 0
    for (amount, fee, balance), before in _steps(rows):
        if fee:
            step = balance - before
            outside += step == amount + factor * fee
            inside += step == amount
    return outside, inside


type _Numbers = tuple[int, int, int]


def _steps(rows: list[_Numbers]) -> Iterator[tuple[_Numbers, int]]:
    """Each row with the balance of the row before it, or after it, and of an account's first."""
    for row, other in pairwise(rows):
        yield other, row[2]
        yield row, other[2]
    for row in {rows[0], rows[-1]} if rows else ():
        yield row, 0


def _numbers(clues: Clues, signs: Signs, mark: str) -> Iterator[_Numbers]:
    """Sum, fee and balance of the rows of the sample that have all three."""
    columns = signs.columns
    if "balance" not in columns.roles or not mark:
        return

    def read(cells: Sequence[str], role: str) -> int:
        text = marked(bare(cells[columns.roles[role][0]]))[0]
        return minor(text or "0", decimal=mark, exponent=_FINE)

    sums = [(role, factor) for role, factor in signs.factors.items() if role in columns.roles]
    for row in clues.sample:
        try:
            amount = sum(factor * read(row.cells, role) for role, factor in sums)
            yield amount, read(row.cells, "fee"), read(row.cells, "balance")
        except ValueError:
            continue


def _ask(columns: Columns, row: TableRow, position: int) -> NoReturn:
    name = columns.name("fee")
    sums = (bare(row.cells[columns.roles[role][0]]) for role in MONEY if role in columns.roles)
    amount = next((text for text in sums if text.strip("-")), "")
    raise BadStatement(
        f"{row.place}: does the fee {bare(row.cells[position])!r} in column {name!r} come off the "
        f"sum {amount!r}? say --fee-column {quote(name)} if it does, --fee-column '' if it does not"
    )
