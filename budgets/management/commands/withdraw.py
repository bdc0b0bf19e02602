"""`manage.py withdraw`: take money out of a bucket, and out of the budget."""

import argparse
from typing import Any

from budgets.management.asking import Request
from budgets.management.moving import MoneyCommand
from budgets.models import Movement


class Command(MoneyCommand):
    """Takes money out."""

    help = (
        "Take money out of a bucket, locked or not, and out of the budget. "
        "With --key a repeat changes nothing."
    )
    examples = """
  manage.py withdraw --tenant rivera --budget Household 725 --from Rent --dry-run
  manage.py withdraw --tenant rivera --budget Household 725 --from Rent --key rent-2026-11
  manage.py withdraw --tenant rivera --budget Household 12.50 --from Money --at 2026-11-28
  manage.py withdraw --tenant rivera --budget Household 20 --from Treats --by ana@example.com
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("amount", metavar="AMOUNT", help="as the tenant writes it: 1,250.50")
        parser.add_argument(
            "--from", dest="source", required=True, metavar="BUCKET", help="its name, or its id"
        )

    def move(self, request: Request, *, amount: str, source: str, **_: Any) -> Movement:
        """Raises what `MovementManager.withdraw` does."""
        bucket = request.bucket(source)
        return Movement.objects.withdraw(bucket, request.sum(amount), **request.options)
