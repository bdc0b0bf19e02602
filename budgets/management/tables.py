"""Plans, entries and balances as people look at them, and as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from budgets import money
from budgets.cascade import Claim, Step
from budgets.managers.dispositions import Preview
from budgets.managers.entries import Line
from budgets.managers.posting import CASCADES, KEPT
from budgets.managers.reads.dashboard import BucketState
from budgets.models import Bucket, Budget, Movement
from tenants.local import local

REASONS = {
    "filter": "its filter",
    "hold_floor": "its hold, more than its filter",
    "capacity_limit": "as much as its target allows",
    "remainder": "unallocated",
    "direct": "meant for it",
    "overflow": "more than its target allows",
    "source": "gave it",
    "withdrawn": "left the budget",
    "reversal": "undoes what was done",
    "locked": "locked",
    "full": "full already",
    "exhausted": "nothing arrived",
    "nothing_wanted": "wants nothing of this",
}


def planned(preview: Preview) -> list[dict[str, Any]]:
    """A row for each bucket in order, those that get nothing included; then the rest."""
    rows = [
        _row(step.key, step.available, step.kept, step.key.balance, step.reason)
        for step in preview.plan.steps
    ]
    rest, bucket = preview.plan.remainder, preview.money
    return [*rows, _row(bucket, rest, rest, bucket.balance, "remainder")]


def listed(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """A row for each line of a movement to come."""
    return [
        _row(line.bucket, line.amount, line.amount, line.bucket.balance, line.reason)
        for line in lines
    ]


def listed_into(bucket: Bucket, amount: int, lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The same of a deposit into one bucket; when that is full, a row says so first."""
    rows = listed(lines)
    if bucket.space == 0 and all(row["bucket"] != bucket.name for row in rows):
        rows.insert(0, _row(bucket, amount, 0, bucket.balance, "full"))
    return rows


def posted(movement: Movement) -> list[dict[str, Any]]:
    """A row for each entry of a movement; only money that flows through a cascade arrives."""
    left = movement.amount if movement.kind in {*CASCADES, "deposit_into"} else None
    rows = []
    for entry in movement.entries.with_buckets():
        arrives = left if entry.amount > 0 else None
        rows.append(_row(entry.bucket, arrives, entry.amount, entry.balance_before, entry.reason))
        if arrives is not None and left is not None:
            left -= entry.amount
    return rows


def replayed(movement: Movement) -> list[dict[str, Any]]:
    """A row for each bucket of a past cascade, those that got nothing included."""
    slots = {slot.key: slot for slot in Movement.objects.slots_before(movement)}
    buckets = movement.budget.buckets.by_id()
    rows = [
        _row(buckets[step.key], step.available, step.kept, slots[step.key].balance, step.reason)
        for step in Movement.objects.replay(movement).steps
    ]
    return rows + [row for row in posted(movement) if row["reason"] == "remainder"]


def explained(movement: Movement) -> list[dict[str, Any]]:
    """A row for each step of a cascade, or for each line of another movement; minor units.

    What a cascade gave its buckets is recomputed; what went to or came from other buckets
    follows, as it was entered.
    """
    steps = []
    if movement.kind in CASCADES:
        buckets = movement.budget.buckets.by_id()
        steps = [
            {"bucket": buckets[step.key].name, **_figures(step)}
            for step in Movement.objects.replay(movement).steps
        ]
    entered = [
        {
            "bucket": row["bucket"],
            **dict.fromkeys(("available", "filter", "hold", "space")),
            "kept": row["kept"],
            "reason": row["reason"],
        }
        for row in posted(movement)
        if not steps or row["reason"] not in KEPT
    ]
    return steps + entered


def _figures(step: Step[Any]) -> dict[str, Any]:
    return {
        "available": step.available,
        "filter": step.filter,
        "hold": step.hold,
        "space": step.space,
        "kept": step.kept,
        "reason": str(step.reason),
    }


def explained_table(movement: Movement, rows: Iterable[dict[str, Any]]) -> Table:
    """Every figure of every step."""
    budget = movement.budget
    title = f"{movement.kind} #{movement.seq} of {shown(budget, movement.amount)} {movement.memo}"
    table = Table(title=title, title_justify="left")
    table.add_column("bucket")
    for heading in ("arrived", "filter", "hold", "space", "kept"):
        table.add_column(heading, justify="right")
    table.add_column("why")
    for row in rows:
        names = ("available", "filter", "hold", "space", "kept")
        sums = ("" if row[name] is None else shown(budget, row[name]) for name in names)
        style = "" if row["kept"] else "dim"
        table.add_row(row["bucket"], *sums, REASONS[row["reason"]], style=style)
    return table


def _row(
    bucket: Bucket, arrives: int | None, kept: int, before: int, reason: str
) -> dict[str, Any]:
    after = before + kept
    return {
        "bucket": bucket.name,
        "arrives": arrives,
        "kept": kept,
        "before": before,
        "after": after,
        "reason": str(reason),
    }


def cascade_table(budget: Budget, rows: Iterable[dict[str, Any]], title: str) -> Table:
    """Which bucket got what, and why."""
    table = Table(title=title, title_justify="left")
    table.add_column("bucket")
    for heading in ("arrives", "keeps", "then holds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("why")
    for row in rows:
        figures = (row[name] for name in ("arrives", "kept", "after"))
        sums = ("" if figure is None else shown(budget, figure) for figure in figures)
        style = "" if row["kept"] else "dim"
        table.add_row(row["bucket"], *sums, REASONS[row["reason"]], style=style)
    return table


def balances_table(budget: Budget) -> Table:
    """Every open bucket: what it holds, its target, and how full it is."""
    table = Table(title=f"{budget.name} ({budget.currency})", title_justify="left")
    table.add_column("bucket")
    table.add_column("rule")
    table.add_column("holds", justify="right", no_wrap=True)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("full")
    buckets = list(budget.buckets.open().in_order())
    for bucket in buckets:
        target = "" if bucket.target is None else shown(budget, bucket.target)
        table.add_row(
            bucket.name,
            rule(budget, bucket),
            shown(budget, bucket.balance),
            target,
            bar(bucket, beside=buckets),
        )
    return table


@dataclass(frozen=True, slots=True)
class Bar:
    """How full a bucket is: as many of 20 blocks as there is room for, and a whole percentage.

    Without room for four blocks there is the percentage alone. `notes` is the room for a note
    beside the bars of a column, so that they are all of one length.
    """

    share: int
    note: str = ""
    notes: int = 0

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """From the percentage to the whole bar."""
        return Measurement(5 + self.notes, 26 + self.notes)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The bar, as long as there is room for."""
        blocks = min(20, options.max_width - 6 - self.notes)
        text = Text()
        if blocks >= 4:
            filled = self.share * blocks // 100
            text.append("█" * filled, style="green").append("░" * (blocks - filled), style="dim")
            text.append(" ")
        yield text.append(f"{self.share:3} %").append(self.note, style="yellow")


def bar(bucket: Bucket | BucketState, *, beside: Iterable[Bucket | BucketState]) -> Bar | Text:
    """How full a bucket is, rounded down, in a column with others; empty without a target."""
    locked = " locked"
    if bucket.target is None:
        return Text(locked.strip() if bucket.locked else "")
    share = min(100, bucket.balance * 100 // bucket.target) if bucket.target else 100
    any_locked = any(each.locked and each.target is not None for each in beside)
    return Bar(share, locked if bucket.locked else "", len(locked) if any_locked else 0)


def rule(budget: Budget, bucket: Bucket | BucketState) -> str:
    """A bucket's rules in a few words."""
    if bucket.kind == Bucket.Kind.MONEY or bucket.filter is None:
        return "the rest"
    words = [_claim(budget, bucket.filter)]
    if bucket.hold is not None:
        words.append(f"at least {_claim(budget, bucket.hold)}")
    return ", ".join(words)


def _claim(budget: Budget, claim: Claim) -> str:
    return shown_percent(claim.share) if claim.share else shown(budget, claim.flat)


def shown(budget: Budget, minor: int) -> str:
    """Minor units in the budget's currency, as the tenant in force writes them."""
    locale = local().locale
    return money.show(minor, budget.currency, locale=locale, exponent=budget.exponent)


def shown_percent(ppm: int) -> str:
    """Parts per million, as the tenant in force writes a percentage."""
    return money.show_percent(ppm, locale=local().locale)
