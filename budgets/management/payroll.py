"""A payroll file: `budget, amount, key` lines, read as a whole before anything is deposited."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from budgets import money
from budgets.errors import BadPayroll, Refused
from budgets.managers.bulk import Deposit
from budgets.models import Budget


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file, as it was written."""

    number: int
    budget: str
    amount: str
    key: str


def rows_of(path: Path) -> list[Row]:
    """Read the file: UTF-8 CSV of three columns, with or without a header line.

    Raises BadPayroll, naming the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(file))
    except OSError as error:
        raise BadPayroll(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadPayroll(f"{path} is not a CSV file in UTF-8: {error}") from error
    if not rows:
        raise BadPayroll(f"{path} has no lines: write budget, amount, key")
    return rows


def _rows(file: Iterator[str]) -> Iterator[Row]:
    reader = csv.reader(file, skipinitialspace=True, strict=True)
    for cells in reader:
        number = reader.line_num
        cells = [cell.strip() for cell in cells]
        if not any(cells) or (number == 1 and cells == ["budget", "amount", "key"]):
            continue
        if len(cells) != 3 or not all(cells):
            raise BadPayroll(f"line {number}: write budget, amount, key; it has {cells}")
        yield Row(number, *cells)


def deposits_of(rows: list[Row], *, locale: str, memo: str) -> list[Deposit]:
    """The deposits of the tenant in force that the rows ask for.

    A budget is named by its name, whatever its case, or its id. Raises BadPayroll for the first
    line with an unknown budget, a bad amount or a key that stands on another line too.
    """
    live = list(Budget.objects.open())
    budgets = {str(budget.pk): budget for budget in live}
    budgets |= {budget.name.lower(): budget for budget in live}  # a name goes before an id
    seen: dict[tuple[str, str], int] = {}
    deposits = []
    for row in rows:
        if (budget := budgets.get(row.budget.lower())) is None:
            raise BadPayroll(f"line {row.number}: there is no budget {row.budget!r} here")
        if (before := seen.setdefault((str(budget.pk), row.key), row.number)) != row.number:
            raise BadPayroll(f"line {row.number}: key {row.key!r} stands on line {before} too")
        try:
            amount = money.parse(
                row.amount, budget.currency, locale=locale, exponent=budget.exponent
            )
        except Refused as refusal:
            raise BadPayroll(f"line {row.number}: {refusal}") from refusal
        deposits.append(Deposit(budget.pk, amount, {"key": row.key, "memo": memo}))
    return deposits
