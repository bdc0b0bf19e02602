"""`manage.py deposit`: take money in, and see which bucket got what."""

import argparse
from typing import Any

from budgets.management.base import BudgetCommand, typed
from budgets.managers.plans import Overflow
from budgets.managers.requests import Particulars
from budgets.models import Bucket, Budget, Movement
from budgets.tables import cascade_table, listed_into, planned, posted, shown


class Command(BudgetCommand):
    """Cascades a deposit, or puts it into one bucket."""

    help = (
        "Take money into a budget: through the cascade, or with --into for one bucket. "
        "With --key a repeat changes nothing."
    )
    examples = """
  manage.py deposit --tenant rivera --budget Household 2500.00 --dry-run
  manage.py deposit --tenant rivera --budget Household 2500.00 --key salary-2026-11 --memo Salary
  manage.py deposit --tenant rivera --budget Household 80 --into Holiday --overflow reject
  manage.py deposit --tenant rivera --budget Household '2.500,00' --locale de
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("amount", metavar="AMOUNT", help="as the tenant writes it: 1,250.50")
        parser.add_argument("--key", help="makes a repeat of the same deposit safe")
        parser.add_argument("--memo", default="", help="a line for people")
        parser.add_argument("--into", metavar="BUCKET", help="into this bucket, up to its target")
        parser.add_argument(
            "--overflow",
            choices=[choice.value for choice in Overflow],
            default=Overflow.MONEY.value,
            help="what --into does with the excess (default: the money bucket gets it)",
        )
        parser.add_argument("--dry-run", action="store_true", help="show it, and write nothing")

    def handle(self, *args: Any, tenant: str, budget: str, **options: Any) -> None:
        report = self.on_budget(tenant, budget, lambda found: deposit(found, **options))
        if options["json"]:
            self.print_json({key: value for key, value in report.items() if key != "table"})
        else:
            self.print_rich(report["table"])


def deposit(
    budget: Budget, *, amount: str, into: str | None, overflow: str,
    dry_run: bool, key: str | None, memo: str, **_: Any,
) -> dict[str, Any]:  # fmt: skip
    """Deposit, or only say what would happen; the report has the rows and their table."""
    minor = typed(budget, amount)
    budget.acquire()
    movement = None
    if into is None:
        rows = planned(Movement.objects.preview(budget, minor))
    else:
        bucket = Bucket.objects.called(budget, into)
        lines = Movement.objects.preview_into(bucket, minor, overflow=Overflow(overflow))
        rows = listed_into(bucket, minor, lines)
    if not dry_run:
        particulars = Particulars(key=key, memo=memo)
        if into is None:
            movement = Movement.objects.deposit(budget, minor, **particulars)
        else:
            movement = Movement.objects.deposit_into(
                bucket, minor, overflow=Overflow(overflow), **particulars
            )
    repeated = movement is not None and movement.repeated
    if movement and repeated:
        rows = posted(movement)
    return {
        "dry_run": dry_run,
        "repeated": repeated,
        "movement": movement and movement.pk,
        "currency": budget.currency,
        "amount_minor": minor,
        "lines": rows,
        "table": cascade_table(budget, rows, _title(budget, minor, movement, repeated)),
    }


def _title(budget: Budget, minor: int, movement: Movement | None, repeated: bool) -> str:
    sum_ = shown(budget, minor)
    if movement is None:
        return f"{sum_} would come to this (dry run: nothing was written)"
    if repeated:
        return f"{sum_} came in before, with this key, as movement {movement.seq}: nothing moved"
    return f"{sum_} came in as movement {movement.seq}"
