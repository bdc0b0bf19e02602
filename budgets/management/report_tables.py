"""The results of reads: each report is a table for people and a value for JSON."""

from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any, Literal

from rich.table import Table

from budgets.cascade.projection import FillOutlook, Forecast, Projection
from budgets.management.ledger_tables import REASONS, amount_text, bar, percent_text, rule_text
from budgets.managers.reads.dashboard import BucketState, Dashboard
from budgets.managers.reads.moments import Balances
from budgets.managers.reads.months import CurrencyMonths, Month
from budgets.managers.reads.what_if import WhatIf
from budgets.models import Bucket, Budget, Entry
from tenants.listing import Page
from tenants.postgres.unreadable_times import Unreadable

type Report = tuple[Table, Any]


def dashboard_report(budget: Budget, dashboard: Dashboard, zone: tzinfo) -> Report:
    """Every open bucket with its rules and its last entry."""
    title = (
        f"{dashboard.name} ({dashboard.currency}): balance {amount_text(budget, dashboard.held)}"
    )
    table = _table(title, "bucket", "rule", ">balance", ">target", "full", ">last entry", "on")
    for state in dashboard.buckets:
        entry = ("", "")
        if (last := state.last) is not None:
            entry = (amount_text(budget, last.amount), _day(last.effective_at, zone))
        holds, target = amount_text(budget, state.balance), _sum(budget, state.target)
        full = bar(state, beside=dashboard.buckets)
        table.add_row(state.name, rule_text(budget, state), holds, target, full, *entry)
    if (at := dashboard.last_redistributed_at) is not None:
        total = amount_text(budget, dashboard.redistributed)
        table.caption = f"redistributed from the money bucket: {total}, last on {_day(at, zone)}"
    return table, {
        "budget": dashboard.name,
        "currency": dashboard.currency,
        "version": dashboard.version,
        "seq": dashboard.seq,
        "deposited_minor": dashboard.deposited,
        "withdrawn_minor": dashboard.withdrawn,
        "held_minor": dashboard.held,
        "targeted_minor": dashboard.targeted,
        "missing_minor": dashboard.missing,
        "spare_minor": dashboard.spare,
        "redistributed_minor": dashboard.redistributed,
        "last_redistributed_at": dashboard.last_redistributed_at,
        "buckets": [_state(budget, state) for state in dashboard.buckets],
    }


def _state(budget: Budget, state: BucketState) -> dict[str, Any]:
    return {
        "bucket": state.name,
        "priority": state.priority,
        "rule": rule_text(budget, state),
        "state": state.state,
        "balance_minor": state.balance,
        "target_minor": state.target,
        "space_minor": state.space,
        "fill_ppm": state.fill,
        "last": state.last and _minor(asdict(state.last)),
    }


def balances_report(budget: Budget, balances: Balances, when: str) -> Report:
    """Every bucket's balance at a time or after a movement."""
    title = f"{budget.name} {when} (last movement: #{balances.seq})"
    table = _table(title, "bucket", ">balance", "state")
    for bucket in balances.buckets:
        closed = "closed since then" if bucket.closed else ""
        table.add_row(bucket.name, amount_text(budget, bucket.balance), closed)
    table.add_row("total", amount_text(budget, balances.total), "", style="bold")
    return table, {
        "currency": budget.currency,
        "seq": balances.seq,
        "total_minor": balances.total,
        "buckets": [
            {"bucket": one.name, "closed": one.closed, "balance_minor": one.balance}
            for one in balances.buckets
        ],
    }


def page_report(budget: Budget, page: Page[Entry], zone: tzinfo) -> Report:
    """Entries, newest first, and the cursors of the newer and the older page."""
    table = _table(
        f"{budget.name} ({budget.currency})",
        "number", "on", "kind", "bucket", ">amount", ">balance after", "why", "memo",
    )  # fmt: skip
    for entry in page.rows:
        movement = entry.movement
        table.add_row(
            f"{movement.seq}.{entry.position}",
            _day(movement.effective_at, zone),
            movement.kind,
            entry.bucket.name,
            amount_text(budget, entry.amount),
            amount_text(budget, entry.balance_after),
            REASONS[entry.reason],
            movement.memo or movement.source,
        )
    return table, {
        "currency": budget.currency,
        "newer": page.previous,
        "older": page.next,
        "rows": [_minor(_entry(entry)) for entry in page.rows],
    }


def cursors(report: Any) -> list[str]:
    """A line with the cursor of each neighbouring page; not in the table, which would wrap it."""
    pages = report if isinstance(report, dict) else {}
    return [f"{page}: --cursor {pages[page]}" for page in ("newer", "older") if pages.get(page)]


def _entry(entry: Entry) -> dict[str, Any]:
    """An entry with columns of its movement."""
    of_entry = (
        "id",
        "position",
        "amount",
        "balance_before",
        "balance_after",
        "reason",
        "became_full",
    )
    of_movement = ("seq", "kind", "effective_at", "recorded_at", "memo", "source")
    return {
        **{name: getattr(entry, name) for name in of_entry},
        **{name: getattr(entry.movement, name) for name in of_movement},
        "movement": entry.movement_id,
        "bucket": entry.bucket_id,
        "bucket_name": entry.bucket.name,
    }


def _day(moment: datetime | Unreadable, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def _minor(row: dict[str, Any]) -> dict[str, Any]:
    """Add `_minor` to the names of amounts."""
    amounts = ("amount", "balance_before", "balance_after")
    return {f"{name}_minor" if name in amounts else name: value for name, value in row.items()}


def months_report(budget: Budget, months: tuple[Month, ...]) -> Report:
    """The totals of each month, and below them the change and balance of each bucket."""
    headings = (">income", ">withdrawn", ">redistributed", ">change", ">closing", ">full")
    table = _table(budget.name, "month", *headings)
    for month in months:
        change = sum(line.change for line in month.buckets)
        figures = (month.income, month.withdrawn, month.redistributed, change)
        sums = (amount_text(budget, each) for each in figures)
        table.add_row(
            f"{month.first:%Y-%m}", *sums, amount_text(budget, month.closing), "", style="bold"
        )
        for line in month.buckets:
            full = "" if line.fill is None else percent_text(line.fill // 10_000 * 10_000)
            amounts = (amount_text(budget, each) for each in (line.change, line.closing))
            table.add_row(f"  {line.name}", "", "", "", *amounts, full)
    return table, [_month(month) for month in months]


def currencies_report(currencies: tuple[CurrencyMonths, ...]) -> Report:
    """A row for each month of each currency; amounts of two currencies are never added."""
    headings = (">income", ">withdrawn", ">redistributed", ">closing")
    table = _table("All budgets", "currency", "month", *headings)
    for each in currencies:
        unit = Budget(currency=each.currency, exponent=each.exponent)
        for month in each.months:
            figures = (month.income, month.withdrawn, month.redistributed, month.closing)
            amounts = (amount_text(unit, figure) for figure in figures)
            table.add_row(each.currency, f"{month.first:%Y-%m}", *amounts)
    return table, [
        {
            "currency": each.currency,
            "exponent": each.exponent,
            "budgets": each.budgets,
            "months": [_month(month) for month in each.months],
        }
        for each in currencies
    ]


def _month(month: Month) -> dict[str, Any]:
    return {
        "month": f"{month.first:%Y-%m}",
        "income_minor": month.income,
        "withdrawn_minor": month.withdrawn,
        "closing_minor": month.closing,
        "redistributed_minor": month.redistributed,
        "last_redistributed_at": month.last_redistributed_at,
        "buckets": [
            {
                "bucket": line.name,
                "bucket_id": line.bucket,
                "change_minor": line.change,
                "closing_minor": line.closing,
                "fill_ppm": line.fill,
            }
            for line in month.buckets
        ],
    }


def what_if_report(budget: Budget, result: WhatIf) -> Report:
    """What each bucket kept, and would have kept under today's and under the other rules."""
    title = f"The last {len(result.deposits)} deposits under other rules"
    table = _table(title, "bucket", ">kept", ">today's rules", ">other rules", ">difference")
    table.caption = (
        "kept: from the ledger. today's rules, other rules: the same deposits, computed from the "
        "balances before the first of them, without the other movements."
    )
    for one in result.outcomes:
        figures = (one.kept, one.today, one.would_keep, one.difference)
        sums = (amount_text(budget, figure) for figure in figures)
        table.add_row(one.bucket.name, *sums, style="" if one.difference else "dim")
    return table, {
        "currency": budget.currency,
        "buckets": [
            {
                "bucket": one.bucket.name,
                "kept_minor": one.kept,
                "today_minor": one.today,
                "would_keep_minor": one.would_keep,
                "difference_minor": one.difference,
            }
            for one in result.outcomes
        ],
        "deposits": [
            {
                "movement": rerun.movement,
                "seq": rerun.seq,
                "amount_minor": rerun.amount,
                "would_keep_minor": {step.key.name: step.kept for step in rerun.plan.lines},
                "remainder_minor": rerun.plan.remainder,
            }
            for rerun in result.deposits
        ],
    }


OUTLOOKS = {
    FillOutlook.FULL: "full",
    FillOutlook.FILLS: "fills on",
    FillOutlook.SHORT: "is not full at the end",
    FillOutlook.UNLIMITED: "has no target",
}


def projection_report(budget: Budget, projection: Projection[Bucket]) -> Report:
    """When each envelope reaches its target."""
    total = amount_text(budget, projection.deposited)
    title = f"{projection.deposits} deposits until {projection.last_day}: {total}"
    table = _table(title, "bucket", "outlook", "day", ">final balance", ">still missing")
    for one in projection.forecasts:
        amounts = (amount_text(budget, one.balance), _sum(budget, one.space))
        table.add_row(one.key.name, OUTLOOKS[one.outlook], str(one.day or ""), *amounts)
    table.add_row("Money", "receives the rest", "", amount_text(budget, projection.remainder), "")
    if projection.cut:
        table.caption = f"only the first {projection.deposits} deposits were computed"
    return table, {
        "currency": budget.currency,
        "deposits": projection.deposits,
        "deposited_minor": projection.deposited,
        "remainder_minor": projection.remainder,
        "last_day": projection.last_day,
        "cut": projection.cut,
        "buckets": [_forecast(one) for one in projection.forecasts],
    }


def _forecast(one: Forecast[Bucket]) -> dict[str, Any]:
    return {
        "bucket": one.key.name,
        "outlook": one.outlook,
        "day": one.day,
        "nth": one.nth,
        "balance_minor": one.balance,
        "space_minor": one.space,
    }


def _sum(budget: Budget, minor: int | None) -> str:
    return "" if minor is None else amount_text(budget, minor)


def _table(title: str, *headings: str) -> Table:
    """A table; a heading with > in front is right-aligned."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    for heading in headings:
        amount = heading.startswith(">")
        justify: Literal["right", "left"] = "right" if amount else "left"
        table.add_column(heading.removeprefix(">"), justify=justify, no_wrap=amount)
    return table
