"""`manage.py demo`: a year of two bank statements through the cascade, and an audit."""

from operator import attrgetter
from typing import Any

from django.core.management import call_command
from django.db import transaction
from rich.text import Text

from budgets import samples
from budgets.management.showcase import shown_off
from budgets.management.tables import balances_table, cascade_table, replayed, shown
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
  make serve                                              look around in the admin
  .venv/bin/python manage.py deposit --tenant tierney --budget Household 1000 --dry-run
"""


class Command(BaseCommand):
    """Shows what the project does, on the data of `seed dev`; safe to repeat."""

    help = "Import the sample statements, show three deposits and the balances, and audit."
    examples = """
  manage.py seed dev && manage.py demo
"""

    def handle(self, *args: Any, **options: Any) -> None:
        for slug, name, path in STATEMENTS:
            self._say(f"\n{path.name} into the budget {name} of {slug}")
            call_command("import_statement", str(path), tenant=slug, budget=name, brief=True)
        slug, name, _ = STATEMENTS[0]
        with acting_for(Tenant.objects.id_of(slug)):
            self._show_deposits(Budget.objects.get_by_name(name))
        for slug, name, _ in STATEMENTS:
            with acting_for(Tenant.objects.id_of(slug)):
                self.print_rich("", balances_table(Budget.objects.get_by_name(name)))
        self._show_off(*STATEMENTS[0][:2])
        self._say("\nDo the ledgers hold what they promise?")
        call_command("audit")
        self.stdout.write(NEXT)

    def _show_off(self, slug: str, name: str) -> None:
        """The operations, one after another, in a transaction that is rolled back."""
        self._say("\nAnd the rest of it (rolled back afterwards, so that the demo can be repeated)")
        with acting_for(Tenant.objects.id_of(slug)):
            for each in shown_off(Budget.objects.get_by_name(name)):
                self.print_rich(*(["", each] if isinstance(each, str) else [each]), sep="\n")
            transaction.set_rollback(True)

    def _say(self, text: str) -> None:
        self.print_rich(Text(text, style="bold"))

    def _show_deposits(self, budget: Budget) -> None:
        """Three imported deposits of a kind each: the first, the last salary and the smallest."""
        self._say("\nThree deposits: which bucket got what, and why")
        imported = list(budget.movements.imported())
        [*_, salary] = (movement for movement in imported if "salary" in movement.memo.lower())
        smallest = min(imported, key=attrgetter("amount"))
        for movement in (imported[0], salary, smallest):
            amount = shown(budget, movement.amount)
            title = f"{movement.effective_at:%-d %B %Y}: {amount}, {movement.memo}"
            self.print_rich(cascade_table(budget, replayed(movement), title))
