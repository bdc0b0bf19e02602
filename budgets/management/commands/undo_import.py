"""`manage.py undo_import`: reverse all deposits of an import, or list the imports."""

from typing import Any

from budgets.errors import UnknownStatement
from budgets.management.base import BudgetCommand
from budgets.management.ledger_tables import amount_text, balances_table
from budgets.management.request_flags import KEY
from budgets.models import Budget, Statement
from tenants.management.base import Report
from tenants.management.declarations import argument, flag
from tenants.management.table_layout import make_table

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

    arguments = (
        *BudgetCommand.arguments,
        argument(
            "statement",
            "id of the import, or the first characters of the SHA-256 of its file",
            "STATEMENT",
            nargs="?",
        ),
        flag("--list", "list the imports of the budget"),
        KEY,
    )

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
            cells = ([str(row[name])[:WIDEST] for name in COLUMNS] for row in rows)
            self.print_report(options["json"], (rows, make_table(*HEADINGS, rows=cells)))
            return
        report = self.on_budget(tenant, budget, lambda named: _undo(named, statement, key))
        self.print_report(options["json"], report)


def _rows(budget: Budget) -> list[dict[str, Any]]:
    """The imports of a budget, newest first."""
    statements = budget.statements.tallied()
    return [
        {
            "id": each.pk, "file": each.name, "account": each.account, "sha256": each.sha256,
            "begun": each.created_at.isoformat(timespec="minutes"), "lines": each.total,
            "came in": each.deposit_count, "brought": amount_text(budget, each.deposited),
            "held": each.held_count, "brought_minor": each.deposited, "state": each.state,
            "misfit": each.misfit, "trusted": each.trusted,
        }
        for each in statements
    ]  # fmt: skip


def _undo(budget: Budget, name: str, key: str | None) -> Report:
    """Undo the import."""
    statement = Statement.objects.get_by_name(budget, name)
    reversals = Statement.objects.undo(statement, key=key)
    back = sum(-reversal.net_amount for reversal in reversals)
    shown = amount_text(budget, back)
    value = {
        "statement": statement.pk,
        "name": statement.name,
        "sha256": statement.sha256,
        "reversed": len(reversals),
        "back_minor": back,
        "shown": shown,
        "movements": [reversal.pk for reversal in reversals],
    }
    summary = f"{statement.name}: {len(reversals):,} deposits reversed, {shown} in total"
    return value, summary, balances_table(budget)
