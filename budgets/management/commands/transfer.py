"""`manage.py transfer`: move money from one bucket to another."""

import argparse
from typing import Any

from budgets.management.asking import Request
from budgets.management.moving import MoneyCommand, add_overflow
from budgets.managers.dispositions import Overflow
from budgets.models import Movement


class Command(MoneyCommand):
    """Moves money between buckets of a budget."""

    help = (
        "Move money from a bucket to another of the budget, locked or not, up to its target. "
        "With --key a repeat changes nothing."
    )
    examples = """
  manage.py transfer --tenant rivera --budget Household 100 --from Treats --into Holiday --dry-run
  manage.py transfer --tenant rivera --budget Household 100 --from Treats --into Holiday --key t1
  manage.py transfer --tenant rivera --budget Household 100 --from Treats --into Holiday \\
      --overflow reject
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("amount", metavar="AMOUNT", help="as the tenant writes it: 1,250.50")
        parser.add_argument(
            "--from", dest="source", required=True, metavar="BUCKET", help="its name, or its id"
        )
        parser.add_argument("--into", required=True, metavar="BUCKET", help="its name, or its id")
        add_overflow(parser)

    def move(
        self, request: Request, *, amount: str, source: str, into: str, overflow: str, **_: Any
    ) -> Movement:
        """Raises what `MovementManager.transfer` does."""
        return Movement.objects.transfer(
            request.bucket(source),
            request.bucket(into),
            request.sum(amount),
            overflow=Overflow(overflow),
            **request.options,
        )
