"""`manage.py reverse`: post the mirror image of a movement."""

from typing import Any

from budgets.management.movement_command import MoneyCommand
from budgets.management.request_flags import BudgetRequest
from budgets.models import Movement
from tenants.management.declarations import argument


class Command(MoneyCommand):
    """Posts a reversal."""

    help = (
        "Reverse a movement: post a new movement with mirrored entries. A movement can be reversed "
        "once. The command is refused if a bucket would go below zero or is closed, and for a "
        "reversal. With --key a repeat changes nothing."
    )
    examples = """
  manage.py reverse --tenant tierney --budget Household 36 --dry-run
  manage.py reverse --tenant tierney --budget Household 36 --memo "Typed twice"
"""

    arguments = (*MoneyCommand.arguments, argument("movement", "number or id", "MOVEMENT"))

    def move(self, request: BudgetRequest, *, movement: str, **_: Any) -> Movement:
        """Raises UnknownMovement, and the errors of `MovementManager.reverse_movement`."""
        original = Movement.objects.meant(request.budget, movement)
        return Movement.objects.reverse_movement(original, **request.options)
