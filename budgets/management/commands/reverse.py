"""`manage.py reverse`: undo a movement by its mirror image."""

import argparse
from typing import Any

from budgets.management.asking import Request
from budgets.management.moving import MoneyCommand
from budgets.models import Movement


class Command(MoneyCommand):
    """Undoes a movement."""

    help = (
        "Undo a movement by its mirror image, once. It is refused when a bucket that got money "
        "has spent it or is closed, and for a reversal. With --key a repeat changes nothing."
    )
    examples = """
  manage.py reverse --tenant rivera --budget Household 17 --dry-run
  manage.py reverse --tenant rivera --budget Household 17 --memo "Typed twice"
  manage.py reverse --tenant rivera --budget Household 01a1fcb3-6476-70c3-a79a-7d35aba7c0de
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("movement", metavar="MOVEMENT", help="its number, or its id")

    def move(self, request: Request, *, movement: str, **_: Any) -> Movement:
        """Raises UnknownMovement, and what `MovementManager.reverse_movement` does."""
        wrong = Movement.objects.meant(request.budget, movement)
        return Movement.objects.reverse_movement(wrong, **request.options)
