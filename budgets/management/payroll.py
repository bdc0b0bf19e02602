"""A payroll file: a CSV of `budget, amount, key` lines."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from budgets import money
from budgets.errors import BadPayroll, Refused
from budgets.managers.bulk import Deposit
from budgets.models import Budget


@dataclass(frozen=True, slots=True)
class PayrollRow:
    """One line of the file, unparsed."""

    number: int
    budget: str
    amount: str
    key: str


def read_rows(path: Path) -> list[PayrollRow]:
    """Read the whole file: UTF-8 CSV with three columns; the header line is optional.

    Raises BadPayroll, which names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(file))
    except OSError as error:
        raise BadPayroll(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadPayroll(f"{path} is not a CSV file in UTF-8: {error}") from error
    if not rows:
        raise BadPayroll(f"{path} is empty: write lines of budget, amount, key")
    return rows


def _rows(file: Iterator[str]) -> Iterator[PayrollRow]:
    reader = csv.reader(file, skipinitialspace=True, strict=True)
    for cells in reader:
        number = reader.line_num
        cells = [cell.strip() for cell in cells]
        if not any(cells) or (number == 1 and cells == ["budget", "amount", "key"]):
            continue
        if len(cells) != 3 or not all(cells):
            raise BadPayroll(f"line {number}: expected budget, amount, key, not {cells}")
        yield PayrollRow(number, *cells)


def deposits_of(rows: list[PayrollRow], *, locale: str, memo: str) -> list[Deposit]:
    """One deposit for each row, for the current tenant.

    A row names a budget by name (case-insensitive) or id. Raises BadPayroll for the first line
    with an unknown budget, an invalid amount or the key of another line.
    """
    open_budgets = list(Budget.objects.open())
    budgets = {str(budget.pk): budget for budget in open_budgets}
    budgets |= {budget.name.lower(): budget for budget in open_budgets}  # names win over ids
    seen: dict[tuple[str, str], int] = {}
    deposits = []
    for row in rows:
        if (budget := budgets.get(row.budget.lower())) is None:
            raise BadPayroll(f"line {row.number}: the tenant has no open budget {row.budget!r}")
        if (before := seen.setdefault((str(budget.pk), row.key), row.number)) != row.number:
            raise BadPayroll(f"line {row.number}: line {before} has the same key {row.key!r}")
        try:
            amount = money.parse(
                row.amount, budget.currency, locale=locale, exponent=budget.exponent
            )
        except Refused as refusal:
            raise BadPayroll(f"line {row.number}: {refusal}") from refusal
        deposits.append(Deposit(budget.pk, amount, {"key": row.key, "memo": memo}))
    return deposits
