"""The results of reads: each report is a table for people and a value for JSON."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from rich.table import Table

from budgets.cascade.projection import FillOutlook, Projection
from budgets.management.ledger_tables import (
    REASONS,
    amount_text,
    amounts,
    bar,
    percent_text,
    rule_text,
)
from budgets.managers.reads.dashboard import BucketState, Dashboard
from budgets.managers.reads.moments import Balances
from budgets.managers.reads.months import CurrencyMonths, Month
from budgets.managers.reads.what_if import WhatIf
from budgets.models import Bucket, Budget, Entry
from tenants.listing import Page
from tenants.management.base import Report
from tenants.management.table_layout import make_table
from tenants.postgres.unreadable_times import Unreadable


def dashboard_report(budget: Budget, dashboard: Dashboard, zone: tzinfo) -> Report:
    """Every open bucket with its rules and its last entry."""
    rows = (
        (
            state.name,
            rule_text(budget, state),
            *amounts(budget, state.balance, state.target),
            bar(state, beside=dashboard.buckets),
            *_last(budget, state, zone),
        )
        for state in dashboard.buckets
    )
    balance = amount_text(budget, dashboard.held)
    table = _table(
        f"{dashboard.name} ({dashboard.currency}): balance {balance}",
        ("bucket", "rule", ">balance", ">target", "full", ">last entry", "on"),
        rows,
    )
    if (at := dashboard.last_redistributed_at) is not None:
        total = amount_text(budget, dashboard.redistributed)
        table.caption = f"redistributed from the money bucket: {total}, last on {_day(at, zone)}"
    value = {
        "budget": dashboard.name,
        **_values(
            dashboard,
            *("currency", "version", "seq", "deposited_minor", "withdrawn_minor", "held_minor"),
            *("targeted_minor", "missing_minor", "spare_minor", "redistributed_minor"),
            "last_redistributed_at",
        ),
        "buckets": [_state(budget, state) for state in dashboard.buckets],
    }
    return value, table


def _state(budget: Budget, state: BucketState) -> dict[str, Any]:
    names = ("state", "balance_minor", "target_minor", "space_minor", "fill_ppm")
    of_last = ("movement", "seq", "kind", "amount_minor", "effective_at", "recorded_at", "memo")
    return {
        "bucket": state.name,
        "priority": state.priority,
        "rule": rule_text(budget, state),
        **_values(state, *names),
        "last": state.last and _values(state.last, *of_last),
    }


def _last(budget: Budget, state: BucketState, zone: tzinfo) -> tuple[str, str]:
    """The amount and the day of the last entry."""
    if state.last is None:
        return "", ""
    return amount_text(budget, state.last.amount), _day(state.last.effective_at, zone)


def balances_report(budget: Budget, balances: Balances, when: str) -> Report:
    """Every bucket's balance at a time or after a movement."""
    rows = (
        (one.name, amount_text(budget, one.balance), "closed since then" if one.closed else "")
        for one in balances.buckets
    )
    title = f"{budget.name} {when} (last movement: #{balances.seq})"
    table = _table(title, ("bucket", ">balance", "state"), rows)
    table.add_row("total", amount_text(budget, balances.total), "", style="bold")
    value = {
        "currency": budget.currency,
        "seq": balances.seq,
        "total_minor": balances.total,
        "buckets": [
            {"bucket": one.name, **_values(one, "closed", "balance_minor")}
            for one in balances.buckets
        ],
    }
    return value, table


def page_report(budget: Budget, page: Page[Entry], zone: tzinfo) -> Report:
    """Entries, newest first, and the cursors of the newer and the older page."""
    headings = ("number", "on", "kind", "bucket", ">amount", ">balance after", "why", "memo")
    rows = (
        (
            f"{entry.movement.seq}.{entry.position}",
            _day(entry.movement.effective_at, zone),
            entry.movement.kind,
            entry.bucket.name,
            *amounts(budget, entry.amount, entry.balance_after),
            REASONS[entry.reason],
            entry.movement.memo or entry.movement.source,
        )
        for entry in page.rows
    )
    table = _table(f"{budget.name} ({budget.currency})", headings, rows)
    pages = {"newer": page.previous, "older": page.next}
    # Not in the table, which would wrap them.
    cursors = (f"{name}: --cursor {cursor}" for name, cursor in pages.items() if cursor)
    value = {"currency": budget.currency, **pages, "rows": [_entry(entry) for entry in page.rows]}
    return value, table, *cursors


def _entry(entry: Entry) -> dict[str, Any]:
    """An entry with columns of its movement."""
    names = ("id", "position", "amount_minor", "balance_before_minor", "balance_after_minor")
    of_movement = ("seq", "kind", "effective_at", "recorded_at", "memo", "source")
    return {
        **_values(entry, *names, "reason", "became_full"),
        **_values(entry.movement, *of_movement),
        "movement": entry.movement_id,
        "bucket": entry.bucket_id,
        "bucket_name": entry.bucket.name,
    }


def _day(moment: datetime | Unreadable, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def _values(of: object, *names: str) -> dict[str, Any]:
    """The attributes for JSON: `x_minor` and `x_ppm` are the attribute `x`, with its unit."""
    return {name: getattr(of, name.removesuffix("_minor").removesuffix("_ppm")) for name in names}


def months_report(budget: Budget, months: tuple[Month, ...]) -> Report:
    """The totals of each month, and below them the change and balance of each bucket."""
    headings = (">income", ">withdrawn", ">redistributed", ">change", ">closing", ">full")
    table = _table(budget.name, ("month", *headings))
    for month in months:
        change = sum(line.change for line in month.buckets)
        figures = (month.income, month.withdrawn, month.redistributed, change, month.closing)
        table.add_row(f"{month.first:%Y-%m}", *amounts(budget, *figures), "", style="bold")
        for line in month.buckets:
            full = "" if line.fill is None else percent_text(line.fill // 10_000 * 10_000)
            sums = amounts(budget, line.change, line.closing)
            table.add_row(f"  {line.name}", "", "", "", *sums, full)
    return [_month(month) for month in months], table


def currencies_report(currencies: tuple[CurrencyMonths, ...]) -> Report:
    """A row for each month of each currency; amounts of two currencies are never added."""
    headings = ("currency", "month", ">income", ">withdrawn", ">redistributed", ">closing")
    table = _table("All budgets", headings)
    for each in currencies:
        unit = Budget(currency=each.currency, exponent=each.exponent)
        for month in each.months:
            figures = (month.income, month.withdrawn, month.redistributed, month.closing)
            table.add_row(each.currency, f"{month.first:%Y-%m}", *amounts(unit, *figures))
    value = [
        {
            **_values(each, "currency", "exponent", "budgets"),
            "months": [_month(month) for month in each.months],
        }
        for each in currencies
    ]
    return value, table


def _month(month: Month) -> dict[str, Any]:
    names = ("income_minor", "withdrawn_minor", "closing_minor", "redistributed_minor")
    return {
        "month": f"{month.first:%Y-%m}",
        **_values(month, *names, "last_redistributed_at"),
        "buckets": [
            {
                "bucket": line.name,
                "bucket_id": line.bucket,
                **_values(line, "change_minor", "closing_minor", "fill_ppm"),
            }
            for line in month.buckets
        ],
    }


def what_if_report(budget: Budget, result: WhatIf) -> Report:
    """What each bucket kept, and would have kept under today's and under the other rules."""
    title = f"The last {len(result.deposits)} deposits under other rules"
    table = _table(title, ("bucket", ">kept", ">today's rules", ">other rules", ">difference"))
    table.caption = (
        "kept: from the ledger. today's rules, other rules: the same deposits, computed from the "
        "balances before the first of them, without the other movements."
    )
    for one in result.outcomes:
        sums = amounts(budget, one.kept, one.today, one.would_keep, one.difference)
        table.add_row(one.bucket.name, *sums, style="" if one.difference else "dim")
    names = ("kept_minor", "today_minor", "would_keep_minor", "difference_minor")
    value = {
        "currency": budget.currency,
        "buckets": [{"bucket": one.bucket.name, **_values(one, *names)} for one in result.outcomes],
        "deposits": [
            {
                **_values(rerun, "movement", "seq", "amount_minor"),
                "would_keep_minor": {step.key.name: step.kept for step in rerun.plan.lines},
                "remainder_minor": rerun.plan.remainder,
            }
            for rerun in result.deposits
        ],
    }
    return value, table


OUTLOOKS = {
    FillOutlook.FULL: "full",
    FillOutlook.FILLS: "fills on",
    FillOutlook.SHORT: "is not full at the end",
    FillOutlook.UNLIMITED: "has no target",
}


def projection_report(budget: Budget, projection: Projection[Bucket]) -> Report:
    """When each envelope reaches its target."""
    total = amount_text(budget, projection.deposited)
    table = _table(
        f"{projection.deposits} deposits until {projection.last_day}: {total}",
        ("bucket", "outlook", "day", ">final balance", ">still missing"),
        (
            (one.key.name, OUTLOOKS[one.outlook], one.day, *amounts(budget, one.balance, one.space))
            for one in projection.forecasts
        ),
    )
    table.add_row("Money", "receives the rest", "", amount_text(budget, projection.remainder), "")
    if projection.cut:
        table.caption = f"only the first {projection.deposits} deposits were computed"
    names = ("deposits", "deposited_minor", "remainder_minor", "last_day", "cut")
    of_bucket = ("outlook", "day", "nth", "balance_minor", "space_minor")
    value = {
        "currency": budget.currency,
        **_values(projection, *names),
        "buckets": [
            {"bucket": one.key.name, **_values(one, *of_bucket)} for one in projection.forecasts
        ],
    }
    return value, table


def _table(title: str, headings: tuple[str, ...], rows: Iterable[Iterable[object]] = ()) -> Table:
    return make_table(*headings, rows=rows, title=title, caption_justify="left")
