"""`manage.py demo`: import two bank statements, run the operations, and audit."""

from operator import attrgetter
from typing import Any

from django.core.management import call_command
from django.db import transaction
from rich.text import Text

from budgets import samples
from budgets.management.demo_steps import demo_steps
from budgets.management.ledger_tables import amount_text, balances_table, cascade_table, replay_rows
from budgets.models import Budget
from tenants.context import acting_for
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant

STATEMENTS = (
    ("tierney", "Household", samples.HOUSEHOLD),
    ("morgenrot", "Bakery", samples.BAKERY),
)
NEXT = """
Try next:
  make serve                                              the admin, in a browser
  .venv/bin/python manage.py deposit --tenant tierney --budget Household 1000 --dry-run
"""


class Command(BaseCommand):
    """Shows the features on the data of `seed dev`; safe to repeat."""

    help = (
        "Import the sample bank statements into the budgets of `seed dev`, show three deposits and "
        "the balances, run the other operations in a transaction that is rolled back, and audit "
        "the ledgers."
    )
    examples = """
  manage.py seed dev && manage.py demo
"""

    def handle(self, *args: Any, **options: Any) -> None:
        for slug, name, path in STATEMENTS:
            self._heading(f"\nImport {path.name} into the budget {name} of the tenant {slug}")
            call_command("import_statement", str(path), tenant=slug, budget=name, brief=True)
        slug, name, _ = STATEMENTS[0]
        with acting_for(Tenant.objects.id_of(slug)):
            self._show_deposits(Budget.objects.get_by_name(name))
        for slug, name, _ in STATEMENTS:
            with acting_for(Tenant.objects.id_of(slug)):
                self.print_rich("", balances_table(Budget.objects.get_by_name(name)))
        self._show_steps(*STATEMENTS[0][:2])
        self._heading("\nAudit: check every invariant of every ledger")
        call_command("audit")
        self.stdout.write(NEXT)

    def _show_steps(self, slug: str, name: str) -> None:
        """Run the operations of `demo_steps` and roll them back."""
        self._heading(
            "\nThe other operations (rolled back at the end, so the demo can be repeated)"
        )
        with acting_for(Tenant.objects.id_of(slug)):
            for each in demo_steps(Budget.objects.get_by_name(name)):
                self.print_rich(*(["", each] if isinstance(each, str) else [each]), sep="\n")
            transaction.set_rollback(True)

    def _heading(self, text: str) -> None:
        self.print_rich(Text(text, style="bold"))

    def _show_deposits(self, budget: Budget) -> None:
        """Show the first imported deposit, the last salary and the smallest deposit."""
        self._heading("\nThree of the deposits: what each bucket keeps, and why")
        imported = list(budget.movements.imported())
        [*_, salary] = (movement for movement in imported if "salary" in movement.memo.lower())
        smallest = min(imported, key=attrgetter("amount"))
        for movement in (imported[0], salary, smallest):
            amount = amount_text(budget, movement.amount)
            title = f"{movement.effective_at:%-d %B %Y}: {amount}, {movement.memo}"
            self.print_rich(cascade_table(budget, replay_rows(movement), title))
