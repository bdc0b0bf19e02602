"""`manage.py redistribute`: money of the money bucket goes to the envelopes."""

import argparse
from typing import Any

from budgets.management.asking import Request
from budgets.management.moving import MoneyCommand
from budgets.models import Movement


class Command(MoneyCommand):
    """Gives the envelopes what is unallocated."""

    help = (
        "Let money of the money bucket cascade through the envelopes, or with --into give it to "
        "one of them; what they do not keep stays. With --key a repeat changes nothing."
    )
    examples = """
  manage.py redistribute --tenant rivera --budget Household 500 --dry-run
  manage.py redistribute --tenant rivera --budget Household 500 --key spare-2026-11
  manage.py redistribute --tenant rivera --budget Household 80 --into Holiday
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("amount", metavar="AMOUNT", help="as the tenant writes it: 1,250.50")
        parser.add_argument("--into", metavar="BUCKET", help="into this one, up to its target")

    def move(self, request: Request, *, amount: str, into: str | None, **_: Any) -> Movement:
        """Raises what `MovementManager.redistribute` and `redistribute_to` do."""
        minor, said = request.sum(amount), request.options
        if into is None:
            return Movement.objects.redistribute(request.budget, minor, **said)
        return Movement.objects.redistribute_to(request.bucket(into), minor, **said)
