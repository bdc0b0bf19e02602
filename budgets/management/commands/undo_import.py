"""`manage.py undo_import`: reverse all deposits of an import, or list the imports."""

import argparse
from typing import Any

from rich.table import Table

from budgets.errors import UnknownStatement
from budgets.management.base import BudgetCommand
from budgets.management.ledger_tables import amount_text, balances_table
from budgets.models import Budget, Statement

COLUMNS = ("sha256", "file", "account", "begun", "lines", "came in", "brought", "held", "state")
HEADINGS = ("SHA-256", "file", "account", "started", "lines", "imported", "amount", "held", "state")
WIDEST = 16


class Command(BudgetCommand):
    """Reverses the deposits of an import in one transaction."""

    help = (
        "Undo an import: reverse each of its deposits, newest first, in one transaction. The "
        "command is refused if a bucket has too little money or is closed. Deposits that were "
        "reversed before stay as they are. Then the same file can be imported again."
    )
    examples = """
  manage.py undo_import --tenant tierney --budget Household --list
  manage.py undo_import --tenant morgenrot --budget Bakery c44fd286
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "statement",
            nargs="?",
            metavar="STATEMENT",
            help="id of the import, or the first characters of the SHA-256 of its file",
        )
        parser.add_argument("--list", action="store_true", help="list the imports of the budget")
        parser.add_argument("--key", help="idempotency key: makes a repeat safe")

    def handle(
        self,
        *args: Any,
        tenant: str,
        budget: str,
        statement: str | None,
        key: str | None,
        **options: Any,
    ) -> None:
        if statement is None:
            if not options["list"]:
                raise UnknownStatement("name an import, or list them with --list")
            rows = self.on_budget(tenant, budget, _rows)
            self._print_list(rows) if not options["json"] else self.print_json(rows)
            return
        report = self.on_budget(tenant, budget, lambda named: _undo(named, statement, key))
        if options["json"]:
            self.print_json({name: report[name] for name in report if name != "table"})
            return
        count, back = report["reversed"], report["shown"]
        self.stdout.write(f"{report['name']}: {count:,} deposits reversed, {back} in total")
        self.print_rich(report["table"])

    def _print_list(self, rows: list[dict[str, Any]]) -> None:
        table = Table(*HEADINGS)
        for row in rows:
            table.add_row(*(str(row[name])[:WIDEST] for name in COLUMNS))
        self.print_rich(table)


def _rows(budget: Budget) -> list[dict[str, Any]]:
    """The imports of a budget, newest first."""
    statements = budget.statements.tallied()
    return [
        {
            "id": each.pk, "file": each.name, "account": each.account, "sha256": each.sha256,
            "begun": each.created_at.isoformat(timespec="minutes"), "lines": each.total,
            "came in": each.deposit_count, "brought": amount_text(budget, each.deposited),
            "held": each.held_count, "brought_minor": each.deposited, "state": each.state,
        }
        for each in statements
    ]  # fmt: skip


def _undo(budget: Budget, name: str, key: str | None) -> dict[str, Any]:
    """Undo the import; return the report, with its table under `table`."""
    statement = Statement.objects.get_by_name(budget, name)
    reversals = Statement.objects.undo(statement, key=key)
    back = sum(-reversal.net_amount for reversal in reversals)
    return {
        "statement": statement.pk,
        "name": statement.name,
        "sha256": statement.sha256,
        "reversed": len(reversals),
        "back_minor": back,
        "shown": amount_text(budget, back),
        "movements": [reversal.pk for reversal in reversals],
        "table": balances_table(budget),
    }
