"""`manage.py redistribute`: move unallocated money to the envelopes."""

from typing import Any

from budgets.management.base import AMOUNT
from budgets.management.movement_command import MoneyCommand
from budgets.management.request_flags import BudgetRequest
from budgets.models import Movement
from tenants.management.declarations import argument


class Command(MoneyCommand):
    """Posts a redistribution."""

    help = (
        "Cascade money of the money bucket through the envelopes, or move it to the one envelope "
        "of --into. The rest stays in the money bucket. With --key a repeat changes nothing."
    )
    examples = """
  manage.py redistribute --tenant tierney --budget Household 500 --dry-run
  manage.py redistribute --tenant tierney --budget Household 500 --key spare-2026-11
  manage.py redistribute --tenant tierney --budget Household 80 --into Groceries
"""

    arguments = (
        *MoneyCommand.arguments,
        AMOUNT,
        argument("--into", "only to this envelope, up to its target", "BUCKET"),
    )

    def move(self, request: BudgetRequest, *, amount: str, into: str | None, **_: Any) -> Movement:
        """Raises the errors of `MovementManager.redistribute` and `redistribute_to`."""
        minor, options = request.amount(amount), request.options
        if into is None:
            return Movement.objects.redistribute(request.budget, minor, **options)
        return Movement.objects.redistribute_to(request.bucket(into), minor, **options)
