"""The second half of the demo: operations on one budget, in a transaction that is rolled back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from rich.table import Table

from budgets.cascade import Claim
from budgets.management.ledger_tables import (
    amount_text,
    cascade_table,
    entry_rows,
    explain_rows,
    explain_table,
    line_rows,
    plan_rows,
)
from budgets.management.report_tables import what_if_report
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement, Schedule
from tenants.models import TenantSettings

BONUS = 2_500_00
EMPLOYEES = 200
"""How many budgets the payroll deposits into."""


def demo_steps(budget: Budget) -> Iterator[Any]:
    """Run one operation after another; yield the texts and tables to print."""
    yield from _preview(budget)
    yield from _reversal(budget)
    yield from _close(budget)
    yield from _schedule(budget)
    yield from _what_if(budget)
    yield from _payroll()


def _preview(budget: Budget) -> Iterator[Any]:
    yield "1. Preview a deposit, then deposit it with the hash of the preview"
    preview = Movement.objects.preview(budget, BONUS)
    yield cascade_table(
        budget, plan_rows(preview), f"Preview of {amount_text(budget, BONUS)} (nothing was written)"
    )
    movement = Movement.objects.deposit(budget, BONUS, expect=preview.hash, memo="Bonus")
    lines = [(row["bucket"], row["kept"], row["reason"]) for row in line_rows(preview.lines)]
    entries = [(row["bucket"], row["kept"], row["reason"]) for row in entry_rows(movement)]
    equal = "yes" if lines == entries else "NO"
    yield f"Deposited as #{movement.seq}. Entries equal the preview: {equal}"
    yield f"2. Explain #{movement.seq} from the rules at its time (manage.py explain ID)"
    yield explain_table(movement, explain_rows(movement))


def _reversal(budget: Budget) -> Iterator[Any]:
    bonus = budget.movements.newest()
    yield f"3. Reverse #{bonus.seq}: a new movement with mirrored entries"
    reversal = Movement.objects.reverse_movement(bonus, memo="No bonus this year")
    title = f"Reversal #{reversal.seq} of #{bonus.seq}"
    yield cascade_table(budget, entry_rows(reversal), title)


def _close(budget: Budget) -> Iterator[Any]:
    yield "4. Close Treats: its money cascades through the other envelopes"
    treats = Bucket.objects.get_by_name(budget, "Treats")
    Bucket.objects.close(treats, Disposition.CASCADE)
    closing = budget.movements.newest()
    yield cascade_table(budget, entry_rows(closing), f"Close #{closing.seq}")


def _schedule(budget: Budget) -> Iterator[Any]:
    amount = amount_text(budget, 50_00)
    yield f"5. Schedule {amount} every Friday at 9:00 in Dublin, starting four weeks ago"
    now = timezone.now()
    schedule = Schedule.objects.create_schedule(
        budget,
        "Pocket money",
        50_00,
        rrule="FREQ=WEEKLY;BYDAY=FR",
        starts=_clock(now - timedelta(weeks=4)),
        time_zone="Europe/Dublin",
    )
    table = Table("due", "outcome", "movement")
    for run in Schedule.objects.run_due(schedule, now):
        movement = f"#{run.movement.seq}" if run.movement else ""
        due = run.due_at.astimezone(ZoneInfo(schedule.time_zone))
        table.add_row(f"{due:%a %-d %B %Y %H:%M %Z}", run.outcome, movement)
    yield table
    again = Schedule.objects.run_due(schedule, now)
    yield f"A second worker runs {len(again)} due times: each is deposited once"


def _clock(moment: datetime) -> datetime:
    return moment.replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)


def _what_if(budget: Budget) -> Iterator[Any]:
    yield "6. What if Rent had kept 20 % of the last twelve deposits, without a hold?"
    rent = Bucket.objects.get_by_name(budget, "Rent")
    result = Budget.objects.what_if(budget, {rent: {"filter": Claim(share=200_000), "hold": None}})
    yield what_if_report(budget, result)[1]


def _payroll() -> Iterator[Any]:
    yield f"7. Payroll: deposit into {EMPLOYEES} budgets in one call"
    TenantSettings.objects.change(quotas={"budgets": None})  # the plan allows fewer
    budgets = [
        Budget.objects.create_budget(f"Employee {n}", "EUR") for n in range(1, EMPLOYEES + 1)
    ]
    deposits = [
        Deposit(budget.pk, 1_900_00 + number, {"key": f"wages-{number}"})
        for number, budget in enumerate(budgets)
    ]
    paid = Movement.objects.deposit_many(deposits)
    total = amount_text(budgets[0], sum(movement.amount for movement in paid))
    yield f"{len(paid)} movements, {total}; a repeat adds {_new_movements(deposits, paid)}"


def _new_movements(deposits: list[Deposit], paid: list[Movement]) -> int:
    before = {movement.pk for movement in paid}
    again = Movement.objects.deposit_many(deposits)
    return sum(movement.pk not in before for movement in again)
