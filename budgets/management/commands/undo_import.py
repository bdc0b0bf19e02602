"""`manage.py undo_import`: take a whole import back, or see what there is to take back."""

import argparse
from typing import Any

from rich.table import Table

from budgets.errors import UnknownStatement
from budgets.management.base import BudgetCommand
from budgets.management.tables import balances_table, shown
from budgets.models import Budget, Statement

COLUMNS = ("sha256", "file", "account", "begun", "lines", "came in", "brought", "held", "state")
WIDEST = 16


class Command(BudgetCommand):
    """Reverses the deposits of an import, newest first: all of them or none."""

    help = (
        "Undo an import: each of its deposits is reversed, newest first, or none is when the money "
        "of one has gone or its bucket is closed. What was reversed before is left alone. The "
        "same file can then be imported again."
    )
    examples = """
  manage.py undo_import --tenant rivera --budget Household --list
  manage.py undo_import --tenant rivera --budget Household 3f9ac02e
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "statement", nargs="?", metavar="STATEMENT", help="its id, or how its SHA-256 begins"
        )
        parser.add_argument("--list", action="store_true", help="list the imports of the budget")
        parser.add_argument("--key", help="makes a repeat safe")

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
                raise UnknownStatement("say which import, or --list")
            rows = self.on_budget(tenant, budget, _rows)
            self._print_list(rows) if not options["json"] else self.print_json(rows)
            return
        report = self.on_budget(tenant, budget, lambda found: _undone(found, statement, key))
        if options["json"]:
            self.print_json({name: report[name] for name in report if name != "table"})
            return
        count, back = report["reversed"], report["shown"]
        self.stdout.write(f"{report['name']}: {count:,} deposits reversed, {back} taken back")
        self.print_rich(report["table"])

    def _print_list(self, rows: list[dict[str, Any]]) -> None:
        table = Table(*COLUMNS)
        for row in rows:
            table.add_row(*(str(row[name])[:WIDEST] for name in COLUMNS))
        self.print_rich(table)


def _rows(budget: Budget) -> list[dict[str, Any]]:
    """The imports of a budget, latest first."""
    statements = budget.statements.tallied()
    return [
        {
            "id": each.pk, "file": each.name, "account": each.account, "sha256": each.sha256,
            "begun": each.created_at.isoformat(timespec="minutes"), "lines": each.total,
            "came in": each.came, "brought": shown(budget, each.brought), "held": each.held,
            "brought_minor": each.brought, "state": each.state,
        }
        for each in statements
    ]  # fmt: skip


def _undone(budget: Budget, name: str, key: str | None) -> dict[str, Any]:
    """Undo the import of that name."""
    statement = Statement.objects.get_by_name(budget, name)
    reversals = Statement.objects.undo(statement, key=key)
    back = sum(-reversal.external for reversal in reversals)
    return {
        "statement": statement.pk,
        "name": statement.name,
        "sha256": statement.sha256,
        "reversed": len(reversals),
        "back_minor": back,
        "shown": shown(budget, back),
        "movements": [reversal.pk for reversal in reversals],
        "table": balances_table(budget),
    }
