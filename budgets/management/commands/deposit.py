"""`manage.py deposit`: post a deposit and show what each bucket keeps."""

import argparse
from typing import Any

from budgets.errors import BucketClosed, UnknownBucket
from budgets.management.base import BudgetCommand
from budgets.management.change_tables import DRY
from budgets.management.ledger_tables import (
    amount_text,
    cascade_table,
    entry_rows,
    line_rows_into,
    plan_rows,
)
from budgets.management.movement_command import add_overflow, undo_hint
from budgets.management.request_flags import BudgetRequest, add_request_flags
from budgets.managers.dispositions import Overflow
from budgets.models import Bucket, Budget, Movement


class Command(BudgetCommand):
    """Posts a deposit through the cascade, or into one bucket."""

    help = (
        "Deposit money into a budget: through the cascade, or with --into into one bucket. "
        "With --key a repeat changes nothing."
    )
    examples = """
  manage.py deposit --tenant tierney --budget Household 2500.00 --dry-run
  manage.py deposit --tenant tierney --budget Household 2500.00 --key salary-2026-12 --memo Salary
  manage.py deposit --tenant tierney --budget Household 80 --into Treats --overflow money
  manage.py deposit --tenant tierney --budget Household '2.500,00' --locale de
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "amount", metavar="AMOUNT", help="such as 1,250.50, in the tenant's notation"
        )
        parser.add_argument(
            "--into", metavar="BUCKET", help="only into this bucket, up to its target"
        )
        add_overflow(parser)
        add_request_flags(parser)

    def handle(self, *args: Any, tenant: str, budget: str, by: str | None, **options: Any) -> None:
        def work(found: Budget) -> dict[str, Any]:
            return deposit(BudgetRequest.from_flags(found, **options), **options)

        report = self.on_budget(tenant, budget, work, by=by)
        if options["json"]:
            self.print_json({key: value for key, value in report.items() if key != "table"})
            return
        self.print_rich(report["table"])
        self.stdout.write(undo_hint(report["movement"], tenant, budget), ending="")


def deposit(
    request: BudgetRequest, *, amount: str, into: str | None, overflow: str, dry_run: bool, **_: Any
) -> dict[str, Any]:
    """Post the deposit, or preview it; the report is JSON, with its table under `table`."""
    budget, minor = request.budget, request.amount(amount)
    budget.acquire()
    movement = None
    if into is None:
        rows = plan_rows(Movement.objects.preview(budget, minor))
    else:
        bucket = _bucket(request, into)
        lines = Movement.objects.preview_into(bucket, minor, overflow=Overflow(overflow))
        rows = line_rows_into(bucket, minor, lines)
    if not dry_run:
        if into is None:
            movement = Movement.objects.deposit(budget, minor, **request.options)
        else:
            movement = Movement.objects.deposit_into(
                bucket, minor, overflow=Overflow(overflow), **request.options
            )
    repeated = movement is not None and movement.repeated
    if movement and repeated:
        rows = entry_rows(movement)
    return {
        "dry_run": dry_run,
        "repeated": repeated,
        "movement": movement and movement.pk,
        "currency": budget.currency,
        "amount_minor": minor,
        "lines": rows,
        "table": cascade_table(budget, rows, _title(budget, minor, movement, repeated)),
    }


def _bucket(request: BudgetRequest, name: str) -> Bucket:
    """The bucket with that name or id. Raises UnknownBucket, by contract for a closed one too."""
    try:
        return request.bucket(name)
    except BucketClosed as error:
        raise UnknownBucket(str(error), name=name) from error


def _title(budget: Budget, minor: int, movement: Movement | None, repeated: bool) -> str:
    title = f"Deposit of {amount_text(budget, minor)}"
    if movement is None:
        return title + DRY
    if repeated:
        return f"{title}, already posted with this key as movement {movement.seq}: nothing moved"
    return f"{title}, movement {movement.seq}"
