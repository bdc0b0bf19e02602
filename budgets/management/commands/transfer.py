"""`manage.py transfer`: move money from one bucket to another."""

import argparse
from typing import Any

from budgets.management.movement_command import MoneyCommand, add_overflow
from budgets.management.request_flags import BudgetRequest
from budgets.managers.dispositions import Overflow
from budgets.models import Movement


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

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "amount", metavar="AMOUNT", help="such as 1,250.50, in the tenant's notation"
        )
        parser.add_argument(
            "--from", dest="source", required=True, metavar="BUCKET", help="name or id"
        )
        parser.add_argument("--into", required=True, metavar="BUCKET", help="name or id")
        add_overflow(parser)

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
