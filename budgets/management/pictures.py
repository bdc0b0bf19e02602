"""What a command on a budget did, or would do: each bucket it touched, before and after."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from budgets.management.tables import REASONS, Bar, rule, shown
from budgets.models import Bucket, Budget, Movement

DRY = " (dry run: nothing was written)"

MADE = {
    "deposit": "Deposit",
    "deposit_into": "Deposit",
    "withdraw": "Withdrawal",
    "transfer": "Transfer",
    "redistribute": "Redistribution",
    "redistribute_to": "Redistribution",
    "release_excess": "Release",
    "close": "Closing",
    "close_cascade": "Closing",
    "reversal": "Reversal",
}
"""What people call a movement of each kind."""


def moved_table(movement: Movement, *, dry_run: bool) -> Table:
    """Each bucket a movement touched: before and after, how full it is then, and why."""
    budget = movement.budget
    table = Table(title=_moved(movement, dry_run), title_justify="left")
    table.add_column("bucket")
    for heading in ("before", "change", "after"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("full")
    table.add_column("why")
    for entry in movement.entries.with_buckets():
        change = f"{'+' if entry.amount > 0 else ''}{shown(budget, entry.amount)}"
        before, after = (
            shown(budget, held) for held in (entry.balance_before, entry.balance_after)
        )
        full = fill(entry.balance_after, entry.bucket.target)
        table.add_row(entry.bucket.name, before, change, after, full, REASONS[entry.reason])
    return table


def _moved(movement: Movement, dry_run: bool) -> str:
    made = f"{MADE[movement.kind]} of {shown(movement.budget, movement.amount)}"
    if movement.kind in (Movement.Kind.REDISTRIBUTE, Movement.Kind.REDISTRIBUTE_TO):
        arrived = sum(max(entry.amount, 0) for entry in movement.entries.in_order())
        made += "" if arrived == movement.amount else f" ({shown(movement.budget, arrived)} moved)"
    if movement.repeated:
        return f"{made}, made before with this key as movement {movement.seq}: nothing moved"
    return f"{made}{DRY}" if dry_run else f"{made}, movement {movement.seq}"


def fill(balance: int, target: int | None) -> Bar | Text:
    """How full a bucket is with that much in it, rounded down; empty without a target."""
    if target is None:
        return Text("")
    return Bar(min(100, balance * 100 // target) if target else 100)


def bucket_row(budget: Budget, bucket: Bucket) -> dict[str, Any]:
    """A bucket for programs; sums are in minor units."""
    return {
        "bucket": bucket.name,
        "priority": bucket.priority,
        "rule": rule(budget, bucket),
        "balance_minor": bucket.balance,
        "target_minor": bucket.target,
        "state": bucket.state,
        "id": bucket.pk,
    }


type Change = tuple[dict[str, Any] | None, dict[str, Any]]
"""A row before, unless it is new, and after."""


def changed_buckets(budget: Budget, changes: Iterable[Change], title: str) -> Table:
    """Each bucket's name, rules and sums, as "before → after" where they changed."""
    table = Table(title=title, title_justify="left")
    for heading in ("bucket", "place", "rule", "target", "holds", "state"):
        table.add_column(heading)
    for was, now in changes:
        before, after = (None if row is None else _cells(budget, row) for row in (was, now))
        table.add_row(*arrows(before, after or []))
    return table


def _cells(budget: Budget, row: dict[str, Any]) -> list[str]:
    target = row["target_minor"]
    return [
        row["bucket"],
        "-" if row["priority"] is None else str(row["priority"]),
        row["rule"],
        "none" if target is None else shown(budget, target),
        shown(budget, row["balance_minor"]),
        row["state"],
    ]


def arrows(before: list[str] | None, after: list[str]) -> list[str]:
    """Each cell as it is; as "before → after" where it changed.

    >>> arrows(["Rent", "5 %"], ["Rent", "6 %"]), arrows(None, ["Rent"])
    (['Rent', '5 % → 6 %'], ['Rent'])
    """
    return [
        now if was == now else f"{was} → {now}"
        for was, now in zip(before or after, after, strict=True)
    ]
