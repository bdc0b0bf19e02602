"""`manage.py payroll`: deposit into many budgets in one transaction."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from budgets.errors import BadPayroll, Refused
from budgets.management.base import LOCALE, LocalCommand
from budgets.management.ledger_tables import amount_text
from budgets.management.payroll import PayrollRow, deposits_of, read_rows
from budgets.models import Movement
from tenants.context import run_for
from tenants.local import local
from tenants.management.declarations import JSON, TENANT, argument, flag
from tenants.management.table_layout import make_table
from tenants.models import Tenant

LISTED = 20


class Command(LocalCommand):
    """Posts one deposit for each line of a payroll file."""

    help = (
        "Deposit into many budgets of a tenant: each line of the CSV file is budget, amount, key. "
        "The whole file is validated first. All deposits are in one transaction: if one is "
        "refused, none is written; with --each the others are. Keys make a repeat safe. "
        "Exit code 1: with --each, some lines were refused."
    )
    examples = """
  manage.py payroll --tenant tierney wages-2026-11.csv
  manage.py payroll --tenant tierney wages-2026-11.csv --each --json

  wages-2026-11.csv:
    budget, amount, key
    Household, 2410.00, wages-2026-11-aoife
    Household, 1980.50, wages-2026-11-matteo
"""

    arguments = (
        argument("file", "CSV in UTF-8", "FILE", type=Path),
        TENANT,
        flag("--each", "write the other deposits when one is refused"),
        LOCALE,
        argument("--memo", "a note for people (default: Payroll)", default="Payroll"),
        flag("--all", f"list more than {LISTED} lines"),
        JSON,
    )

    def handle(self, *args: Any, file: Path, tenant: str, **options: Any) -> None:
        rows = read_rows(file)
        work = partial(_paid, rows, options["memo"], options["each"])
        results = run_for(Tenant.objects.id_of(tenant), work)
        refused = sum(row["status"] == "refused" for row in results)
        shown = _shown(results, None if options["all"] else LISTED)
        self.print_report(options["json"], ({"lines": results, "refused": refused}, *shown))
        if refused:
            sys.exit(1)


def _shown(results: list[dict[str, Any]], most: int | None) -> Iterator[Table | str]:
    """The table of the first lines, and the count of each status."""
    cells = ([row[name] for name in COLUMNS] for row in results[:most])
    table = make_table("line", "budget", "amount", "status", "movement", rows=cells)
    table.columns[2].justify = "right"
    yield table
    if most and len(results) > most:
        yield f"... and {len(results) - most:,} more (--all)"
    counts = [
        f"{sum(row['status'] == status for row in results):,} {status}" for status in STATUSES
    ]
    yield f"{len(results):,} lines: {', '.join(counts)}"


COLUMNS = ("line", "budget", "shown", "status", "answer")
STATUSES = ("deposited", "repeated", "refused")


def _paid(rows: list[PayrollRow], memo: str, each: bool) -> list[dict[str, Any]]:
    """Post the deposits; return a row for each line of the file."""
    deposits = deposits_of(rows, locale=local().locale, memo=memo)
    try:
        results = Movement.objects.deposit_many(deposits, each_on_its_own=each)
    except Refused as refusal:
        line = rows[refusal.figures["number"]].number
        raise BadPayroll(
            f"line {line}: {refusal} [{refusal.code}]. No deposit was written"
        ) from refusal
    return [_row(row, result) for row, result in zip(rows, results, strict=True)]


def _row(row: PayrollRow, result: Movement | Refused) -> dict[str, Any]:
    line = {"line": row.number, "budget": row.budget, "key": row.key}
    if isinstance(result, Refused):
        refusal = f"{result} [{result.code}]"
        return {**line, "shown": row.amount, "status": "refused", "answer": refusal}
    status = "repeated" if result.repeated else "deposited"
    amount = amount_text(result.budget, result.amount)
    return {
        **line,
        "shown": amount,
        "amount_minor": result.amount,
        "status": status,
        "answer": f"#{result.seq}",
    }
