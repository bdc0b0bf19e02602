"""`manage.py payroll`: one deposit into each of many budgets, in one transaction."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from budgets.errors import BadPayroll, Refused
from budgets.management.base import LocalCommand, add_locale
from budgets.management.payroll import Row, deposits_of, rows_of
from budgets.management.tables import shown
from budgets.models import Movement
from tenants.context import run_for
from tenants.local import local
from tenants.models import Tenant

LISTED = 20


class Command(LocalCommand):
    """Reads `budget, amount, key` lines and deposits them all, or says which it could not."""

    help = (
        "Deposit into many budgets of a tenant at once: lines of budget, amount, key. The file is "
        "read as a whole first, so a bad line writes nothing; keys make a repeat safe. All or "
        "nothing, unless --each. Exit code 1: with --each, some lines were refused."
    )
    examples = """
  manage.py payroll --tenant rivera wages-2026-11.csv
  manage.py payroll --tenant rivera wages-2026-11.csv --each --json

  wages-2026-11.csv:
    budget, amount, key
    Ana, 2410.00, wages-2026-11-ana
    Luis, 1980.50, wages-2026-11-luis
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--each", action="store_true", help="each on its own")
        add_locale(parser)
        parser.add_argument("--memo", default="Payroll", help="a line for people")
        parser.add_argument("--all", action="store_true", help=f"list more than {LISTED} lines")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, file: Path, tenant: str, **options: Any) -> None:
        rows = rows_of(file)
        work = partial(_paid, rows, options["memo"], options["each"])
        answers = run_for(Tenant.objects.id_of(tenant), work)
        refused = sum(row["status"] == "refused" for row in answers)
        if options["json"]:
            self.print_json({"lines": answers, "refused": refused})
        else:
            self._print(answers, None if options["all"] else LISTED)
        if refused:
            sys.exit(1)

    def _print(self, answers: list[dict[str, Any]], most: int | None) -> None:
        table = Table("line", "budget", "amount", "", "movement")
        table.columns[2].justify = "right"
        for row in answers[:most]:
            table.add_row(
                str(row["line"]), row["budget"], row["shown"], row["status"], row["answer"]
            )
        self.print_rich(table)
        if most and len(answers) > most:
            self.stdout.write(f"... and {len(answers) - most:,} more (--all)")
        counts = [
            f"{sum(row['status'] == status for row in answers):,} {status}" for status in STATUSES
        ]
        self.stdout.write(f"{len(answers):,} lines: {', '.join(counts)}")


STATUSES = ("deposited", "repeated", "refused")


def _paid(rows: list[Row], memo: str, each: bool) -> list[dict[str, Any]]:
    """Make the deposits; a row for each line of the file."""
    deposits = deposits_of(rows, locale=local().locale, memo=memo)
    try:
        answers = Movement.objects.deposit_many(deposits, each_on_its_own=each)
    except Refused as refusal:
        line = rows[refusal.figures["number"]].number
        raise BadPayroll(
            f"line {line}: {refusal} [{refusal.code}]: nothing was written"
        ) from refusal
    return [_answered(row, answer) for row, answer in zip(rows, answers, strict=True)]


def _answered(row: Row, answer: Movement | Refused) -> dict[str, Any]:
    said = {"line": row.number, "budget": row.budget, "key": row.key}
    if isinstance(answer, Refused):
        refusal = f"{answer} [{answer.code}]"
        return {**said, "shown": row.amount, "status": "refused", "answer": refusal}
    status = "repeated" if answer.repeated else "deposited"
    amount = shown(answer.budget, answer.amount)
    return {
        **said,
        "shown": amount,
        "amount_minor": answer.amount,
        "status": status,
        "answer": f"#{answer.seq}",
    }
