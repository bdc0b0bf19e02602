"""The second half of the demo: the operations, on the demo's own budget, then rolled back.

Nothing of it stays, so it tells the same story every time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rich.table import Table

from budgets.cascade import Claim
from budgets.management.reports import what_if_answer
from budgets.management.tables import (
    cascade_table,
    explained,
    explained_table,
    listed,
    planned,
    posted,
    shown,
)
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement, Schedule
from tenants.models import TenantSettings

PAID = 200
"""Budgets of the payroll."""


def shown_off(budget: Budget) -> Iterator[Any]:
    """Do one operation after another, yielding what to print: texts and tables."""
    yield from _preview(budget)
    yield from _reversal(budget)
    yield from _close(budget)
    yield from _schedule(budget)
    yield from _what_if(budget)
    yield from _payroll()


def _preview(budget: Budget) -> Iterator[Any]:
    yield "A preview, and the deposit that expects it"
    preview = Movement.objects.preview(budget, 2_500_00)
    yield cascade_table(budget, planned(preview), "Previewed: 2,500.00, nothing written")
    movement = Movement.objects.deposit(budget, 2_500_00, expect=preview.hash, memo="Bonus")
    lines = [(row["bucket"], row["kept"], row["reason"]) for row in listed(preview.lines)]
    entered = [(row["bucket"], row["kept"], row["reason"]) for row in posted(movement)]
    yield f"Deposited as #{movement.seq}: the same, line by line: {lines == entered}"
    yield "Why, recomputed from the rules of its time: manage.py explain ID"
    yield explained_table(movement, explained(movement))


def _reversal(budget: Budget) -> Iterator[Any]:
    yield "That bonus was a mistake: a reversal, with mirrored lines"
    bonus = budget.movements.newest()
    undone = Movement.objects.reverse_movement(bonus, memo="No bonus this year")
    title = f"Reversal #{undone.seq} of #{bonus.seq}"
    yield cascade_table(budget, posted(undone), title)


def _close(budget: Budget) -> Iterator[Any]:
    yield "Treats is closed; its money cascades through the others"
    treats = Bucket.objects.get_by_name(budget, "Treats")
    Bucket.objects.close(treats, Disposition.CASCADE)
    closing = budget.movements.newest()
    yield cascade_table(budget, posted(closing), f"Close #{closing.seq}")


def _schedule(budget: Budget) -> Iterator[Any]:
    yield "A schedule: 50.00 every Friday at 9 in Dublin, from four weeks ago"
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
        table.add_row(f"{run.due_at:%a %-d %B %Y %H:%M} UTC", run.outcome, movement)
    yield table
    again = Schedule.objects.run_due(schedule, now)
    yield f"A second worker finds {len(again)} left to do"


def _clock(moment: datetime) -> datetime:
    return moment.replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)


def _what_if(budget: Budget) -> Iterator[Any]:
    yield "What if Rent had asked for 20 % in the last twelve deposits, with no hold?"
    rent = Bucket.objects.get_by_name(budget, "Rent")
    told = Budget.objects.what_if(budget, {rent: {"filter": Claim(share=200_000), "hold": None}})
    yield what_if_answer(budget, told)[0]


def _payroll() -> Iterator[Any]:
    yield f"A payroll: {PAID} budgets in one call"
    TenantSettings.objects.change(quotas={"budgets": None})  # its plan allows fewer
    budgets = [Budget.objects.create_budget(f"Employee {n}", "EUR") for n in range(1, PAID + 1)]
    deposits = [
        Deposit(budget.pk, 1_900_00 + number, {"key": f"wages-{number}"})
        for number, budget in enumerate(budgets)
    ]
    paid = Movement.objects.deposit_many(deposits)
    total = shown(budgets[0], sum(movement.amount for movement in paid))
    yield f"{len(paid)} movements, {total}; a repeat brings {_brought(deposits, paid)} more"


def _brought(deposits: list[Deposit], paid: list[Movement]) -> int:
    known = {movement.pk for movement in paid}
    again = Movement.objects.deposit_many(deposits)
    return sum(movement.pk not in known for movement in again)
