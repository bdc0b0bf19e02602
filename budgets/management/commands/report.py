"""`manage.py report`: look at a budget and its ledger, back, ahead and under other rules."""

import argparse
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

from django.utils import timezone

from budgets.cascade.projection import monthly
from budgets.errors import BadQuestion
from budgets.management import reports
from budgets.management.base import (
    LocalCommand,
    add_locale,
    add_zone,
    claim,
    moment,
    rule_sum,
    typed,
)
from budgets.management.reports import Answer
from budgets.managers.reads.what_if import OtherRules
from budgets.models import Bucket, Budget, Entry
from tenants.context import run_for
from tenants.local import local
from tenants.models import Tenant

DAY = timedelta(days=1)


class Command(LocalCommand):
    """Reads; nothing is written."""

    help = (
        "Show a budget at a glance, its balances as of a time, its ledger, its months, what its "
        "last deposits would have done under other rules, or when its buckets fill. Nothing is "
        "written. `months` without --budget is about all budgets, each currency by itself."
    )
    examples = """
  manage.py report dashboard --tenant rivera --budget Household
  manage.py report at --tenant rivera --budget Household --effective 2026-03-31
  manage.py report ledger --tenant rivera --budget Household --bucket Rent --from 2026-03-01
  manage.py report months --tenant rivera --last 6 --zone Europe/Madrid
  manage.py report what-if --tenant rivera --budget Household --filter Rent=35% --lock Holiday
  manage.py report projection --tenant rivera --budget Household 2500.00 --times 24 --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        views = parser.add_subparsers(dest="view", required=True, metavar="|".join(VIEWS))
        parsers = {name: views.add_parser(name, help=view.__doc__) for name, view in VIEWS.items()}
        at = parsers["at"].add_mutually_exclusive_group(required=True)
        at.add_argument("--effective", metavar="TIME", help="by what had happened in the world")
        at.add_argument("--recorded", metavar="TIME", help="by what had been entered")
        at.add_argument("--seq", type=int, metavar="N", help="after this movement")
        _add_filters(parsers["ledger"])
        months = parsers["months"]
        months.add_argument("--last", type=int, default=12, metavar="N", help="how many months")
        months.add_argument("--until", metavar="DAY", help="in the last one (default: today)")
        _add_rules(parsers["what-if"])
        ahead = parsers["projection"]
        ahead.add_argument("amount", metavar="AMOUNT", help="what comes in each month")
        ahead.add_argument("--first", metavar="DAY", help="when it begins (default: today)")
        ahead.add_argument("--times", type=int, default=24, metavar="N", help="how often it comes")
        for view in parsers.values():
            view.add_argument("--tenant", required=True, metavar="SLUG", help="whose budget")
            view.add_argument("--budget", metavar="NAME", help="its name, or its id")
            add_locale(view)
            add_zone(view)
            view.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self, *args: Any, view: str, tenant: str, budget: str | None, json: bool, **options: Any
    ) -> None:
        def look() -> Answer:
            found = None if budget is None else Budget.objects.get_by_name(budget)
            return VIEWS[view](found, **options | {"zone": local().zone})

        if budget is None and view != "months":
            raise BadQuestion("name a budget: --budget NAME", field="budget")
        table, rows = run_for(Tenant.objects.id_of(tenant), look)
        if json:
            self.print_json(rows)
        else:
            self.print_rich(table)
            for line in reports.cursors(rows):
                self.stdout.write(line)


def dashboard(budget: Budget, *, zone: tzinfo, **_: Any) -> Answer:
    """What each bucket holds, wants and is missing"""
    return reports.dashboard_answer(budget, Budget.objects.dashboard(budget), zone)


def at(
    budget: Budget,
    *,
    effective: str | None,
    recorded: str | None,
    seq: int | None,
    zone: tzinfo,
    **_: Any,
) -> Answer:
    """What buckets held at a time, or after a movement"""
    last = DAY - datetime.resolution  # of a day
    told = Budget.objects.balances_at(
        budget,
        effective=moment(effective, zone, end=last),
        recorded=moment(recorded, zone, end=last),
        seq=seq,
    )
    when = f"after movement {seq}" if seq is not None else f"as of {effective or recorded}"
    return reports.balances_answer(budget, told, when)


def ledger(
    budget: Budget, *, bucket: str | None, cursor: str | None, limit: int,
    begin: str | None, end: str | None, recorded: bool, least: str | None, most: str | None,
    kind: str | None, text: str | None, zone: tzinfo, **_: Any,
) -> Answer:  # fmt: skip
    """A page of entries, newest first"""
    clock = "recorded_at" if recorded else "effective_at"
    asked = {
        "bucket": None if bucket is None else Bucket.objects.get_by_name(budget, bucket).pk,
        "kind": kind,
        f"{clock}__gte": moment(begin, zone),
        f"{clock}__lt": moment(end, zone, end=DAY),
        "amount__gte": _signed(budget, least),
        "amount__lte": _signed(budget, most),
        "search": text,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    entries = Entry.objects.with_buckets()
    page = entries.page({"budget": budget.pk, **given}, limit=limit, cursor=cursor)
    return reports.page_answer(budget, page, zone)


def months(
    budget: Budget | None, *, zone: tzinfo, last: int, until: str | None, **_: Any
) -> Answer:
    """Income, withdrawals and fill by month"""
    day = None if until is None else _day(until)
    if budget is None:
        told = Budget.objects.months_by_currency(zone=zone, last=last, until=day)
        return reports.currencies_answer(told)
    own = Budget.objects.months(budget, zone=zone, last=last, until=day)
    return reports.months_answer(budget, own)


def what_if(
    budget: Budget, *, last: int, with_reversed: bool, changes: list[tuple[str, str]], **_: Any
) -> Answer:
    """What the last deposits would have done under other rules"""
    rules: dict[Bucket, OtherRules] = {}
    for rule, text in changes:
        name, value = (text, "") if rule.endswith("lock") else _pair(text)
        bucket = Bucket.objects.get_by_name(budget, name)
        rules.setdefault(bucket, {}).update(_other(budget, rule, value))
    told = Budget.objects.what_if(budget, rules, last=last, with_reversed=with_reversed)
    return reports.what_if_answer(budget, told)


def projection(
    budget: Budget, *, amount: str, first: str | None, times: int, zone: tzinfo, **_: Any
) -> Answer:
    """When each bucket fills if a sum comes in every month"""
    minor = typed(budget, amount)
    begin = timezone.localdate(timezone=zone) if first is None else _day(first)
    told = Budget.objects.projection(budget, monthly(minor, begin, times=times))
    return reports.projection_answer(budget, told)


VIEWS: dict[str, Callable[..., Answer]] = {
    "dashboard": dashboard,
    "at": at,
    "ledger": ledger,
    "months": months,
    "what-if": what_if,
    "projection": projection,
}


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bucket", metavar="NAME", help="only this bucket")
    parser.add_argument("--kind", help="only movements of this kind, such as deposit")
    parser.add_argument("--from", dest="begin", metavar="TIME", help="from this day or time on")
    parser.add_argument("--to", dest="end", metavar="TIME", help="to the end of this day, or time")
    parser.add_argument("--recorded", action="store_true", help="--from, --to: when entered")
    parser.add_argument("--least", metavar="SUM", help="entries of this or more; -5 is money out")
    parser.add_argument("--most", metavar="SUM", help="entries of this or less")
    parser.add_argument("--text", help="3 letters or more of the memo or the source")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="rows in a page")
    parser.add_argument("--cursor", help="of the page to show: each page names those beside it")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--last", type=int, default=12, metavar="N", help="how many deposits")
    parser.add_argument("--with-reversed", action="store_true", help="those undone since, too")
    for rule, metavar, words in (
        ("filter", "BUCKET=SUM|PERCENT", "what it asks of what arrives"),
        ("hold", "BUCKET=SUM|PERCENT|none", "the least it keeps"),
        ("target", "BUCKET=SUM|none", "until it holds this"),
        ("priority", "BUCKET=N", "0 is served first"),
        ("lock", "BUCKET", "cascades pass it by"),
        ("unlock", "BUCKET", "cascades fill it"),
    ):
        parser.add_argument(
            f"--{rule}",
            dest="changes",
            action="append",
            default=[],
            help=words,
            type=partial(_named, rule),
            metavar=metavar,
        )


def _named(rule: str, text: str) -> tuple[str, str]:
    return rule, text


def _other(budget: Budget, rule: str, value: str) -> OtherRules:
    """One changed rule. Raises BadRule, BadAmount and BadQuestion."""
    if rule.endswith("lock"):
        return {"locked": rule == "lock"}
    if rule == "filter":
        return {"filter": claim(budget, value)}
    if rule == "hold":
        return {"hold": None if value == "none" else claim(budget, value)}
    if rule == "target":
        return {"target": None if value == "none" else rule_sum(budget, value)}
    return {"priority": _whole(value)}


def _pair(text: str) -> tuple[str, str]:
    """A bucket's name and the rule it is to have. Raises BadQuestion."""
    name, equals, value = text.rpartition("=")
    if not equals:
        raise BadQuestion(f"write BUCKET=RULE, such as Rent=35%, not {text!r}", field="rules")
    return name, value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadQuestion(f"{text!r} is not a whole number", field="priority") from error


def _signed(budget: Budget, text: str | None) -> int | None:
    """A sum that may be below zero. Raises BadAmount."""
    return None if text is None else typed(budget, text, signed=True)


def _day(text: str) -> date:
    """Raises BadQuestion."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadQuestion(f"a day is written like 2026-03-31, not {text!r}", field="day") from error
