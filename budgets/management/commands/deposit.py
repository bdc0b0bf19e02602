"""`manage.py deposit`: take money in, and see which bucket got what."""

import argparse
from typing import Any

from budgets.errors import BucketClosed, UnknownBucket
from budgets.management.asking import Request, add_request
from budgets.management.base import BudgetCommand
from budgets.management.moving import add_overflow, way_back
from budgets.management.tables import cascade_table, listed_into, planned, posted, shown
from budgets.managers.dispositions import Overflow
from budgets.models import Bucket, Budget, Movement


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
        parser.add_argument("--into", metavar="BUCKET", help="into this bucket, up to its target")
        add_overflow(parser)
        add_request(parser)

    def handle(self, *args: Any, tenant: str, budget: str, by: str | None, **options: Any) -> None:
        def work(found: Budget) -> dict[str, Any]:
            return deposit(Request.of(found, **options), **options)

        report = self.on_budget(tenant, budget, work, by=by)
        if options["json"]:
            self.print_json({key: value for key, value in report.items() if key != "table"})
            return
        self.print_rich(report["table"])
        self.stdout.write(way_back(report["movement"], tenant, budget), ending="")


def deposit(
    request: Request, *, amount: str, into: str | None, overflow: str, dry_run: bool, **_: Any
) -> dict[str, Any]:
    """Deposit, or only say what would happen; the report has the rows and their table."""
    budget, minor = request.budget, request.sum(amount)
    budget.acquire()
    movement = None
    if into is None:
        rows = planned(Movement.objects.preview(budget, minor))
    else:
        bucket = _bucket(request, into)
        lines = Movement.objects.preview_into(bucket, minor, overflow=Overflow(overflow))
        rows = listed_into(bucket, minor, lines)
    if not dry_run:
        if into is None:
            movement = Movement.objects.deposit(budget, minor, **request.options)
        else:
            movement = Movement.objects.deposit_into(
                bucket, minor, overflow=Overflow(overflow), **request.options
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


def _bucket(request: Request, name: str) -> Bucket:
    """The bucket that is meant. Raises UnknownBucket for a closed one too: a code that stays."""
    try:
        return request.bucket(name)
    except BucketClosed as error:
        raise UnknownBucket(str(error), name=name) from error


def _title(budget: Budget, minor: int, movement: Movement | None, repeated: bool) -> str:
    sum_ = shown(budget, minor)
    if movement is None:
        return f"{sum_} would come to this (dry run: nothing was written)"
    if repeated:
        return f"{sum_} came in before, with this key, as movement {movement.seq}: nothing moved"
    return f"{sum_} came in as movement {movement.seq}"
