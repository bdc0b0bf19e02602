"""Tables of the buckets that a command changed, before and after."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from budgets.management.ledger_tables import REASONS, Bar, amount_text, rule_text
from budgets.managers.kinds import MovementKind
from budgets.models import Bucket, Budget, Movement
from tenants.management.table_layout import make_table

DRY = " (dry run: nothing was written)"

KIND_NAMES = {
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
"""The name of each kind of movement, for people."""


def moved_table(movement: Movement, *, dry_run: bool) -> Table:
    """Each bucket of a movement: balance before and after, fill and reason."""
    budget = movement.budget
    rows = (
        (
            entry.bucket.name,
            amount_text(budget, entry.balance_before),
            f"{'+' if entry.amount > 0 else ''}{amount_text(budget, entry.amount)}",
            amount_text(budget, entry.balance_after),
            fill_bar(entry.balance_after, entry.bucket.target),
            REASONS[entry.reason],
        )
        for entry in movement.entries.with_buckets()
    )
    title = _movement_title(movement)
    title = posted_title(title, None if dry_run and not movement.repeated else movement)
    headings = ("bucket", ">before", ">change", ">after", "full", "why")
    return make_table(*headings, rows=rows, title=title)


def _movement_title(movement: Movement) -> str:
    title = f"{KIND_NAMES[movement.kind]} of {amount_text(movement.budget, movement.amount)}"
    if movement.kind in (MovementKind.REDISTRIBUTE, MovementKind.REDISTRIBUTE_TO):
        arrived = sum(max(entry.amount, 0) for entry in movement.entries.in_order())
        if arrived != movement.amount:
            title += f" ({amount_text(movement.budget, arrived)} moved)"
    return title


def posted_title(title: str, movement: Movement | None) -> str:
    """The title with the number of the movement; None is a dry run."""
    if movement is None:
        return f"{title}{DRY}"
    if movement.repeated:
        return f"{title}, already posted with this key as movement {movement.seq}: nothing moved"
    return f"{title}, movement {movement.seq}"


def fill_bar(balance: int, target: int | None) -> Bar | Text:
    """A bar of `balance` in percent of `target`, rounded down; empty without a target."""
    if target is None:
        return Text("")
    return Bar(min(100, balance * 100 // target) if target else 100)


def bucket_row(budget: Budget, bucket: Bucket) -> dict[str, Any]:
    """A bucket for programs; amounts are in minor units."""
    return {
        "bucket": bucket.name,
        "priority": bucket.priority,
        "rule": rule_text(budget, bucket),
        "balance_minor": bucket.balance,
        "target_minor": bucket.target,
        "state": bucket.state,
        "id": bucket.pk,
    }


type BucketChange = tuple[dict[str, Any] | None, dict[str, Any]]
"""A bucket's row before and after; before is None for a new bucket."""


def changed_buckets_table(budget: Budget, changes: Iterable[BucketChange], title: str) -> Table:
    """Each bucket's name, rules and amounts; changed cells read "before → after"."""
    rows = (
        changed_cells(None if was is None else _cells(budget, was), _cells(budget, now))
        for was, now in changes
    )
    headings = ("bucket", "priority", "rule", "target", "balance", "state")
    return make_table(*headings, rows=rows, title=title)


def _cells(budget: Budget, row: dict[str, Any]) -> list[str]:
    target = row["target_minor"]
    return [
        row["bucket"],
        "-" if row["priority"] is None else str(row["priority"]),
        row["rule"],
        "none" if target is None else amount_text(budget, target),
        amount_text(budget, row["balance_minor"]),
        row["state"],
    ]


def changed_cells(before: list[str] | None, after: list[str]) -> list[str]:
    """Each cell, or "before → after" where it changed.

    >>> changed_cells(["Rent", "5 %"], ["Rent", "6 %"]), changed_cells(None, ["Rent"])
    (['Rent', '5 % → 6 %'], ['Rent'])
    """
    return [
        now if was == now else f"{was} → {now}"
        for was, now in zip(before or after, after, strict=True)
    ]
