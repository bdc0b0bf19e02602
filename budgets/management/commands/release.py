"""`manage.py release`: move the excess over a bucket's target to the money bucket."""

from typing import Any

from budgets.management.base import BUCKET
from budgets.management.movement_command import MoneyCommand
from budgets.management.request_flags import BudgetRequest
from budgets.models import Movement


class Command(MoneyCommand):
    """Posts a release of excess."""

    help = (
        "Move the excess of a bucket over its target to the money bucket, for example after the "
        "target was lowered. With --key a repeat changes nothing."
    )
    examples = """
  manage.py release --tenant tierney --budget Household Holiday --dry-run
  manage.py release --tenant tierney --budget Household Holiday --key holiday-is-cheaper
"""

    arguments = (*MoneyCommand.arguments, BUCKET)

    def move(self, request: BudgetRequest, *, bucket: str, **_: Any) -> Movement:
        """Raises the errors of `MovementManager.release_excess`."""
        return Movement.objects.release_excess(request.bucket(bucket), **request.options)
