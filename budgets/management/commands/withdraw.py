"""`manage.py withdraw`: take money out of a bucket and out of the budget."""

import argparse
from typing import Any

from budgets.management.movement_command import MoneyCommand
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

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "amount", metavar="AMOUNT", help="such as 1,250.50, in the tenant's notation"
        )
        parser.add_argument(
            "--from", dest="source", required=True, metavar="BUCKET", help="name or id"
        )

    def move(self, request: BudgetRequest, *, amount: str, source: str, **_: Any) -> Movement:
        """Raises the errors of `MovementManager.withdraw`."""
        bucket = request.bucket(source)
        return Movement.objects.withdraw(bucket, request.amount(amount), **request.options)
