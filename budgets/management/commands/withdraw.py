"""`manage.py withdraw`: take money out of a bucket and out of the budget."""

from typing import Any

from budgets.management.base import AMOUNT
from budgets.management.movement_command import SOURCE, MoneyCommand
from budgets.management.request_flags import BudgetRequest
from budgets.models import Movement


class Command(MoneyCommand):
    """Posts a withdrawal."""

    help = (
        "Withdraw money from a bucket, also from a locked one. The money leaves the budget. "
        "With --key a repeat changes nothing."
    )
    examples = """
  manage.py withdraw --tenant tierney --budget Household 725 --from Rent --dry-run
  manage.py withdraw --tenant tierney --budget Household 725 --from Rent --key rent-2026-11
  manage.py withdraw --tenant tierney --budget Household 12.50 --from Money --at 2026-11-28
  manage.py withdraw --tenant tierney --budget Household 20 --from Treats --by aoife@example.com
"""

    arguments = (*MoneyCommand.arguments, AMOUNT, SOURCE)

    def move(self, request: BudgetRequest, *, amount: str, source: str, **_: Any) -> Movement:
        """Raises the errors of `MovementManager.withdraw`."""
        bucket = request.bucket(source)
        return Movement.objects.withdraw(bucket, request.amount(amount), **request.options)
