"""Plans, entries and balances as rows for JSON and as tables for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from budgets import money
from budgets.cascade import Claim
from budgets.managers.dispositions import Preview
from budgets.managers.entries import ProposedEntry
from budgets.managers.kinds import CASCADES, KEPT, BucketKind
from budgets.managers.reads.dashboard import BucketState
from budgets.models import Bucket, Budget, Movement
from tenants.local import local
from tenants.management.table_layout import make_table

REASONS = {
    "filter": "filter",
    "hold_floor": "hold (more than the filter)",
    "capacity_limit": "up to the target",
    "remainder": "unallocated",
    "direct": "direct",
    "overflow": "excess over a target",
    "source": "source",
    "withdrawn": "withdrawn",
    "reversal": "reversal",
    "locked": "locked",
    "full": "full",
    "exhausted": "nothing arrived",
    "nothing_wanted": "filter and hold are 0",
}


def plan_rows(preview: Preview) -> list[dict[str, Any]]:
    """A row for each step of the cascade, also those that keep nothing; then the remainder."""
    rows = [
        _row(step.key, step.available, step.kept, step.key.balance, step.reason)
        for step in preview.plan.steps
    ]
    rest, bucket = preview.plan.remainder, preview.money
    return [*rows, _row(bucket, rest, rest, bucket.balance, "remainder")]


def line_rows(lines: Iterable[ProposedEntry]) -> list[dict[str, Any]]:
    """A row for each line of a movement that is not posted."""
    return [
        _row(line.bucket, line.amount, line.amount, line.bucket.balance, line.reason)
        for line in lines
    ]


def line_rows_into(
    bucket: Bucket, amount: int, lines: Iterable[ProposedEntry]
) -> list[dict[str, Any]]:
    """`line_rows` of a deposit into one bucket, after a row for the bucket itself if it is full."""
    rows = line_rows(lines)
    if bucket.space == 0 and all(row["bucket"] != bucket.name for row in rows):
        rows.insert(0, _row(bucket, amount, 0, bucket.balance, "full"))
    return rows


def entry_rows(movement: Movement) -> list[dict[str, Any]]:
    """A row for each entry of a movement; `arrives` is for deposits and cascades only."""
    left = movement.amount if movement.kind in {*CASCADES, "deposit_into"} else None
    rows = []
    for entry in movement.entries.with_buckets():
        arrives = left if entry.amount > 0 else None
        rows.append(_row(entry.bucket, arrives, entry.amount, entry.balance_before, entry.reason))
        if arrives is not None and left is not None:
            left -= entry.amount
    return rows


def replay_rows(movement: Movement) -> list[dict[str, Any]]:
    """A row for each step of a past cascade, also those that kept nothing; then the remainder."""
    slots = {slot.key: slot for slot in Movement.objects.slots_before(movement)}
    buckets = movement.budget.buckets.by_id()
    rows = [
        _row(buckets[step.key], step.available, step.kept, slots[step.key].balance, step.reason)
        for step in Movement.objects.replay(movement).steps
    ]
    return rows + [row for row in entry_rows(movement) if row["reason"] == "remainder"]


FIGURES = ("available", "filter", "hold", "space", "kept")
"""The amounts of a step of the cascade."""


def explain_rows(movement: Movement) -> list[dict[str, Any]]:
    """A row for each step of a cascade, or for each entry of another movement; minor units.

    The steps of a cascade are recomputed. The entries that no step decided follow them.
    """
    steps = []
    if movement.kind in CASCADES:
        buckets = movement.budget.buckets.by_id()
        steps = [
            {
                "bucket": buckets[step.key].name,
                **{name: getattr(step, name) for name in FIGURES},
                "reason": str(step.reason),
            }
            for step in Movement.objects.replay(movement).steps
        ]
    others = [
        {
            "bucket": row["bucket"],
            **dict.fromkeys(FIGURES),
            "kept": row["kept"],
            "reason": row["reason"],
        }
        for row in entry_rows(movement)
        if not steps or row["reason"] not in KEPT
    ]
    return steps + others


def explain_table(movement: Movement, rows: Iterable[dict[str, Any]]) -> Table:
    """A table of `explain_rows`."""
    budget = movement.budget
    amount = amount_text(budget, movement.amount)
    title = f"{movement.kind} #{movement.seq} of {amount} {movement.memo}"
    return cascade_table(
        budget, rows, title, {name: name for name in FIGURES} | {"available": "arrived"}
    )


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


def cascade_table(
    budget: Budget,
    rows: Iterable[dict[str, Any]],
    title: str,
    columns: Mapping[str, str] = {"arrives": "arrives", "kept": "keeps", "after": "balance after"},
) -> Table:
    """A table of rows such as `plan_rows` or `entry_rows` make.

    `columns` are the amounts to show, each with its heading.
    """
    table = make_table("bucket", *(f">{each}" for each in columns.values()), "why", title=title)
    for row in rows:
        sums = amounts(budget, *(row[name] for name in columns))
        style = "" if row["kept"] else "dim"
        table.add_row(row["bucket"], *sums, REASONS[row["reason"]], style=style)
    return table


def balances_table(budget: Budget) -> Table:
    """Every open bucket: rule, balance, target and fill."""
    buckets = list(budget.buckets.open().in_order())
    rows = (
        (
            bucket.name,
            rule_text(budget, bucket),
            *amounts(budget, bucket.balance, bucket.target),
            bar(bucket, beside=buckets),
        )
        for bucket in buckets
    )
    title = f"{budget.name} ({budget.currency})"
    return make_table("bucket", "rule", ">balance", ">target", "full", rows=rows, title=title)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of at most 20 blocks and a whole percentage.

    In a column too narrow for four blocks the bar is left out. `notes` is the width reserved for
    notes, so that all bars of a column have one length.
    """

    share: int
    note: str = ""
    notes: int = 0

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """The width of the percentage alone, and of the longest bar."""
        return Measurement(5 + self.notes, 26 + self.notes)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The bar, as long as the column allows."""
        blocks = min(20, options.max_width - 6 - self.notes)
        text = Text()
        if blocks >= 4:
            filled = self.share * blocks // 100
            text.append("█" * filled, style="green").append("░" * (blocks - filled), style="dim")
            text.append(" ")
        yield text.append(f"{self.share:3} %").append(self.note, style="yellow")


def bar(bucket: Bucket | BucketState, *, beside: Iterable[Bucket | BucketState]) -> Bar | Text:
    """A bucket's bar in a column with those of `beside`; empty without a target."""
    locked = " locked"
    if bucket.target is None:
        return Text(locked.strip() if bucket.locked else "")
    share = min(100, bucket.balance * 100 // bucket.target) if bucket.target else 100
    any_locked = any(each.locked and each.target is not None for each in beside)
    return Bar(share, locked if bucket.locked else "", len(locked) if any_locked else 0)


def rule_text(budget: Budget, bucket: Bucket | BucketState) -> str:
    """A bucket's filter and hold."""
    if bucket.kind == BucketKind.MONEY or bucket.filter is None:
        return "the rest"
    words = [_claim(budget, bucket.filter)]
    if bucket.hold is not None:
        words.append(f"at least {_claim(budget, bucket.hold)}")
    return ", ".join(words)


def _claim(budget: Budget, claim: Claim) -> str:
    return percent_text(claim.share) if claim.share else amount_text(budget, claim.flat)


def amounts(budget: Budget, *figures: int | None) -> list[str]:
    """The text of each amount; None is empty."""
    return ["" if figure is None else amount_text(budget, figure) for figure in figures]


def amount_text(budget: Budget, minor: int) -> str:
    """Minor units in the budget's currency and the tenant's locale."""
    locale = local().locale
    return money.show(minor, budget.currency, locale=locale, exponent=budget.exponent)


def percent_text(ppm: int) -> str:
    """Parts per million as a percentage in the tenant's locale."""
    return money.show_percent(ppm, locale=local().locale)
