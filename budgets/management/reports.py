"""What was read of a ledger, as people look at it and as JSON: each answer is both."""

from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Any

from rich.table import Table

from budgets.cascade.projection import Forecast, Outlook, Projection
from budgets.management.tables import REASONS, bar, rule, shown, shown_percent
from budgets.managers.reads.dashboard import BucketState, Dashboard
from budgets.managers.reads.moments import Balances
from budgets.managers.reads.months import CurrencyMonths, Month
from budgets.managers.reads.what_if import WhatIf
from budgets.models import Bucket, Budget, Entry
from tenants.listing import Page
from tenants.postgres.unreadable import Unreadable

type Answer = tuple[Table, Any]


def dashboard_answer(budget: Budget, told: Dashboard, zone: tzinfo) -> Answer:
    """Every open bucket with its rules and what moved it last."""
    title = f"{told.name} ({told.currency}): holds {shown(budget, told.held)}"
    table = _table(title, "bucket", "rule", ">holds", ">target", "full", ">moved last", "on")
    for state in told.buckets:
        last = state.last
        moved = ("", "")
        if last is not None:
            moved = (shown(budget, last.amount), _day(last.effective_at, zone))
        holds, target = shown(budget, state.balance), _sum(budget, state.target)
        full = bar(state, beside=told.buckets)
        table.add_row(state.name, rule(budget, state), holds, target, full, *moved)
    if (at := told.last_redistributed_at) is not None:
        given = shown(budget, told.redistributed)
        table.caption = f"redistributed from the money bucket: {given}, last on {_day(at, zone)}"
    return table, {
        "budget": told.name,
        "currency": told.currency,
        "version": told.version,
        "seq": told.seq,
        "deposited_minor": told.deposited,
        "withdrawn_minor": told.withdrawn,
        "held_minor": told.held,
        "targeted_minor": told.targeted,
        "missing_minor": told.missing,
        "spare_minor": told.spare,
        "redistributed_minor": told.redistributed,
        "last_redistributed_at": told.last_redistributed_at,
        "buckets": [_state(budget, state) for state in told.buckets],
    }


def _state(budget: Budget, state: BucketState) -> dict[str, Any]:
    return {
        "bucket": state.name,
        "priority": state.priority,
        "rule": rule(budget, state),
        "state": state.state,
        "balance_minor": state.balance,
        "target_minor": state.target,
        "space_minor": state.space,
        "fill_ppm": state.fill,
        "last": state.last and _minor(asdict(state.last)),
    }


def balances_answer(budget: Budget, told: Balances, when: str) -> Answer:
    """What every bucket held then."""
    table = _table(f"{budget.name} {when} (#{told.seq})", "bucket", ">held", "")
    for bucket in told.buckets:
        closed = "closed since" if bucket.closed else ""
        table.add_row(bucket.name, shown(budget, bucket.balance), closed)
    table.add_row("all", shown(budget, told.total), "", style="bold")
    return table, {
        "currency": budget.currency,
        "seq": told.seq,
        "total_minor": told.total,
        "buckets": [
            {"bucket": one.name, "closed": one.closed, "balance_minor": one.balance}
            for one in told.buckets
        ],
    }


def page_answer(budget: Budget, page: Page[Entry], zone: tzinfo) -> Answer:
    """Entries, newest first, and the cursors of the pages beside them."""
    table = _table(
        f"{budget.name} ({budget.currency})",
        "place", "on", "kind", "bucket", ">amount", ">then holds", "why", "memo",
    )  # fmt: skip
    for entry in page.rows:
        moved = entry.movement
        table.add_row(
            f"{moved.seq}.{entry.position}",
            _day(moved.effective_at, zone),
            moved.kind,
            entry.bucket.name,
            shown(budget, entry.amount),
            shown(budget, entry.balance_after),
            REASONS[entry.reason],
            moved.memo or moved.source,
        )
    return table, {
        "currency": budget.currency,
        "newer": page.previous,
        "older": page.next,
        "rows": [_minor(_entry(entry)) for entry in page.rows],
    }


def cursors(told: Any) -> list[str]:
    """A line for each page beside the one told of; never cut, for it is to be copied."""
    named = told if isinstance(told, dict) else {}
    return [f"{way}: --cursor {named[way]}" for way in ("newer", "older") if named.get(way)]


def _entry(entry: Entry) -> dict[str, Any]:
    """An entry with what it is good to know of its movement."""
    own = ("id", "position", "amount", "balance_before", "balance_after", "reason", "became_full")
    moved = ("seq", "kind", "effective_at", "recorded_at", "memo", "source")
    return {
        **{name: getattr(entry, name) for name in own},
        **{name: getattr(entry.movement, name) for name in moved},
        "movement": entry.movement_id,
        "bucket": entry.bucket_id,
        "bucket_name": entry.bucket.name,
    }


def _day(moment: datetime | Unreadable, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"


def _minor(row: dict[str, Any]) -> dict[str, Any]:
    """Say of its sums that they are in minor units."""
    sums = ("amount", "balance_before", "balance_after")
    return {f"{name}_minor" if name in sums else name: value for name, value in row.items()}


def months_answer(budget: Budget, months: tuple[Month, ...]) -> Answer:
    """What came and what went each month, and below it how each bucket stood in the end."""
    headings = (">income", ">withdrawn", ">redistributed", ">change", ">closing", ">full")
    table = _table(budget.name, "month", *headings)
    for month in months:
        change = sum(line.change for line in month.buckets)
        figures = (month.income, month.withdrawn, month.redistributed, change)
        sums = (shown(budget, each) for each in figures)
        table.add_row(f"{month.first:%Y-%m}", *sums, shown(budget, month.closing), "", style="bold")
        for line in month.buckets:
            full = "" if line.fill is None else shown_percent(line.fill // 10_000 * 10_000)
            stood = (shown(budget, each) for each in (line.change, line.closing))
            table.add_row(f"  {line.name}", "", "", "", *stood, full)
    return table, [_month(month) for month in months]


def currencies_answer(currencies: tuple[CurrencyMonths, ...]) -> Answer:
    """A line for each month of each currency: sums of different ones are never added."""
    headings = (">income", ">withdrawn", ">redistributed", ">closing")
    table = _table("All budgets", "currency", "month", *headings)
    for each in currencies:
        unit = Budget(currency=each.currency, exponent=each.exponent)
        for month in each.months:
            figures = (month.income, month.withdrawn, month.redistributed, month.closing)
            sums = (shown(unit, figure) for figure in figures)
            table.add_row(each.currency, f"{month.first:%Y-%m}", *sums)
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


def what_if_answer(budget: Budget, told: WhatIf) -> Answer:
    """What each bucket kept, and would have kept by the rules of today and by the other ones."""
    title = f"The last {len(told.deposits)} deposits under other rules"
    table = _table(title, "bucket", ">kept", ">by today's", ">by others", ">difference")
    table.caption = (
        "kept: what the ledger says. By today's rules, by others: these deposits again, "
        "from the balances before the first, with nothing else moving between."
    )
    for one in told.outcomes:
        figures = (one.kept, one.today, one.would_keep, one.difference)
        sums = (shown(budget, figure) for figure in figures)
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
            for one in told.outcomes
        ],
        "deposits": [
            {
                "movement": rerun.movement,
                "seq": rerun.seq,
                "amount_minor": rerun.amount,
                "would_keep_minor": {step.key.name: step.kept for step in rerun.plan.lines},
                "remainder_minor": rerun.plan.remainder,
            }
            for rerun in told.deposits
        ],
    }


OUTLOOKS = {
    Outlook.FULL: "full already",
    Outlook.FILLS: "fills on",
    Outlook.SHORT: "not within these deposits",
    Outlook.UNLIMITED: "has no target",
}


def projection_answer(budget: Budget, told: Projection[Bucket]) -> Answer:
    """When each envelope fills."""
    title = f"{told.deposits} deposits until {told.last_day}: {shown(budget, told.deposited)}"
    table = _table(title, "bucket", "", "day", ">then holds", ">still missing")
    for one in told.forecasts:
        day, space = str(one.day or ""), _sum(budget, one.space)
        outlook, holds = OUTLOOKS[one.outlook], shown(budget, one.balance)
        table.add_row(one.key.name, outlook, day, holds, space)
    table.add_row("Money", "gains", "", shown(budget, told.remainder), "")
    table.caption = f"the stream goes on: {told.deposits} were looked at" if told.cut else None
    return table, {
        "currency": budget.currency,
        "deposits": told.deposits,
        "deposited_minor": told.deposited,
        "remainder_minor": told.remainder,
        "last_day": told.last_day,
        "cut": told.cut,
        "buckets": [_forecast(one) for one in told.forecasts],
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
    return "" if minor is None else shown(budget, minor)


def _table(title: str, *headings: str) -> Table:
    """A table; a heading that begins with > is of sums."""
    table = Table(title=title, title_justify="left", caption_justify="left")
    for heading in headings:
        if heading.startswith(">"):
            table.add_column(heading[1:], justify="right", no_wrap=True)
        else:
            table.add_column(heading)
    return table
