"""`manage.py transfer`: move money from one bucket to another."""

from typing import Any

from budgets.management.base import AMOUNT
from budgets.management.movement_command import OVERFLOW, SOURCE, MoneyCommand
from budgets.management.request_flags import BudgetRequest
from budgets.managers.dispositions import Overflow
from budgets.models import Movement
from tenants.management.declarations import argument


class Command(MoneyCommand):
    """Posts a transfer."""

    help = (
        "Transfer money between two buckets of a budget; either may be locked. The target bucket "
        "is filled up to its target; --overflow decides about the excess. With --key a repeat "
        "changes nothing."
    )
    examples = """
  manage.py transfer --tenant tierney --budget Household 100 --from Rent --into Groceries --dry-run
  manage.py transfer --tenant tierney --budget Household 100 --from Rent --into Groceries --key t1
  manage.py transfer --tenant tierney --budget Household 100 --from Rent --into Groceries \\
      --overflow reject
"""

    arguments = (
        *MoneyCommand.arguments,
        AMOUNT,
        SOURCE,
        argument("--into", "name or id", "BUCKET", required=True),
        OVERFLOW,
    )

    def move(
        self,
        request: BudgetRequest,
        *,
        amount: str,
        source: str,
        into: str,
        overflow: str,
        **_: Any,
    ) -> Movement:
        """Raises the errors of `MovementManager.transfer`."""
        return Movement.objects.transfer(
            request.bucket(source),
            request.bucket(into),
            request.amount(amount),
            overflow=Overflow(overflow),
            **request.options,
        )
