"""`manage.py deposit`: post a deposit and show what each bucket keeps."""

from typing import Any

from rich.table import Table

from budgets.errors import BucketClosed, UnknownBucket
from budgets.management.base import AMOUNT, BudgetCommand
from budgets.management.change_tables import posted_title
from budgets.management.ledger_tables import (
    amount_text,
    cascade_table,
    entry_rows,
    line_rows_into,
    plan_rows,
)
from budgets.management.movement_command import OVERFLOW, MoneyCommand
from budgets.management.request_flags import REQUEST_FLAGS, BudgetRequest
from budgets.managers.dispositions import Overflow
from budgets.models import Bucket, Movement
from tenants.management.declarations import argument


class Command(MoneyCommand):
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

    arguments = (
        *BudgetCommand.arguments,
        AMOUNT,
        argument("--into", "only into this bucket, up to its target", "BUCKET"),
        OVERFLOW,
        *REQUEST_FLAGS,
    )

    archived = False

    def report(self, request: BudgetRequest, **options: Any) -> tuple[dict[str, Any], Table]:
        return deposit(request, **options)


def deposit(
    request: BudgetRequest, *, amount: str, into: str | None, overflow: str, dry_run: bool, **_: Any
) -> tuple[dict[str, Any], Table]:
    """Post the deposit, or preview it; its table shows also the buckets that keep nothing."""
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
    if movement and movement.repeated:
        rows = entry_rows(movement)
    title = posted_title(f"Deposit of {amount_text(budget, minor)}", movement)
    return {
        "dry_run": dry_run,
        "repeated": movement is not None and movement.repeated,
        "movement": movement and movement.pk,
        "currency": budget.currency,
        "amount_minor": minor,
        "lines": rows,
    }, cascade_table(budget, rows, title)


def _bucket(request: BudgetRequest, name: str) -> Bucket:
    """The bucket with that name or id. Raises UnknownBucket, by contract for a closed one too."""
    try:
        return request.bucket(name)
    except BucketClosed as error:
        raise UnknownBucket(str(error), name=name) from error
