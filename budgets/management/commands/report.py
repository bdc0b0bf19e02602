"""`manage.py report`: look at a budget and its ledger, back, ahead and under other rules."""

import argparse
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

from django.utils import timezone

from budgets.cascade.projection import monthly
from budgets.errors import BadQuestion
from budgets.management import report_tables
from budgets.management.base import (
    LocalCommand,
    add_locale,
    add_zone,
    parse_amount,
    parse_claim,
    parse_rule_amount,
    parse_time,
)
from budgets.management.report_tables import Report
from budgets.managers.reads.what_if import OtherRules
from budgets.models import Bucket, Budget, Entry
from tenants.context import run_for
from tenants.local import local
from tenants.models import Tenant

DAY = timedelta(days=1)


ON = "--tenant tierney --budget Household"

EXAMPLES = {
    "dashboard": f"""
  manage.py report dashboard {ON}
""",
    "at": f"""
  manage.py report at {ON} --effective 2025-03-31
  manage.py report at {ON} --seq 5 --json
""",
    "ledger": f"""
  manage.py report ledger {ON} --bucket Rent --from 2025-03-01
  manage.py report ledger {ON} --text salary --limit 5
""",
    "months": f"""
  manage.py report months {ON} --until 2025-12-31 --last 2
  manage.py report months --tenant tierney --last 6 --zone Europe/Madrid
""",
    "what-if": f"""
  manage.py report what-if {ON} --filter Rent=35% --lock Holiday
""",
    "projection": f"""
  manage.py report projection {ON} 2500.00 --times 24 --json
""",
}
HELP = {
    "dashboard": "show the rule, balance, target and last entry of each bucket",
    "at": "show the balances as of a time or after a movement",
    "ledger": "show a page of entries, newest first",
    "months": "show income, withdrawals and balances by month; without --budget by currency",
    "what-if": "compute what the last deposits would have given each bucket under other rules",
    "projection": "compute when each bucket fills if the same amount is deposited every month",
}


class Command(LocalCommand):
    """Prints a read of a budget."""

    help = (
        "Show the dashboard of a budget, its balances as of a time, its ledger, its months, its "
        "last deposits under other rules, or when its buckets fill. The command writes nothing."
    )
    examples = "".join(examples.rstrip() for examples in EXAMPLES.values())

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        views = parser.add_subparsers(dest="view", required=True, metavar="|".join(VIEWS))
        parsers = {name: self.add_verb(views, name, HELP[name], EXAMPLES[name]) for name in VIEWS}
        at = parsers["at"].add_mutually_exclusive_group(required=True)
        at.add_argument("--effective", metavar="TIME", help="by effective time")
        at.add_argument("--recorded", metavar="TIME", help="by recording time")
        at.add_argument("--seq", type=int, metavar="N", help="after the movement with this number")
        _add_filters(parsers["ledger"])
        months = parsers["months"]
        months.add_argument(
            "--last", type=int, default=12, metavar="N", help="number of months (default: 12)"
        )
        months.add_argument(
            "--until", metavar="DAY", help="a day in the last month (default: today)"
        )
        _add_rules(parsers["what-if"])
        ahead = parsers["projection"]
        ahead.add_argument("amount", metavar="AMOUNT", help="amount of the monthly deposit")
        ahead.add_argument(
            "--first", metavar="DAY", help="day of the first deposit (default: today)"
        )
        ahead.add_argument(
            "--times", type=int, default=24, metavar="N", help="number of deposits (default: 24)"
        )
        for view in parsers.values():
            view.add_argument("--tenant", required=True, metavar="SLUG", help="slug of the tenant")
            view.add_argument("--budget", metavar="NAME", help="name or id")
            add_locale(view)
            add_zone(view)
            view.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self, *args: Any, view: str, tenant: str, budget: str | None, json: bool, **options: Any
    ) -> None:
        def read() -> Report:
            named = None if budget is None else Budget.objects.get_by_name(budget, archived=True)
            return VIEWS[view](named, **options | {"zone": local().zone})

        if budget is None and view != "months":
            raise BadQuestion("this report needs a budget: add --budget NAME", field="budget")
        table, rows = run_for(Tenant.objects.id_of(tenant), read)
        if json:
            self.print_json(rows)
        else:
            self.print_rich(table)
            for line in report_tables.cursors(rows):
                self.stdout.write(line)


def _dashboard(budget: Budget, *, zone: tzinfo, **_: Any) -> Report:
    return report_tables.dashboard_report(budget, Budget.objects.dashboard(budget), zone)


def _at(
    budget: Budget,
    *,
    effective: str | None,
    recorded: str | None,
    seq: int | None,
    zone: tzinfo,
    **_: Any,
) -> Report:
    end_of_day = DAY - datetime.resolution
    balances = Budget.objects.balances_at(
        budget,
        effective=parse_time(effective, zone, end=end_of_day),
        recorded=parse_time(recorded, zone, end=end_of_day),
        seq=seq,
    )
    when = f"after movement {seq}" if seq is not None else f"as of {effective or recorded}"
    return report_tables.balances_report(budget, balances, when)


def _ledger(
    budget: Budget, *, bucket: str | None, cursor: str | None, limit: int,
    begin: str | None, end: str | None, recorded: bool, least: str | None, most: str | None,
    kind: str | None, text: str | None, zone: tzinfo, **_: Any,
) -> Report:  # fmt: skip
    clock = "recorded_at" if recorded else "effective_at"
    filters = {
        "bucket": None if bucket is None else Bucket.objects.get_by_name(budget, bucket).pk,
        "kind": kind,
        f"{clock}__gte": parse_time(begin, zone),
        f"{clock}__lt": parse_time(end, zone, end=DAY),
        "amount__gte": _signed(budget, least),
        "amount__lte": _signed(budget, most),
        "search": text,
    }
    filters = {name: value for name, value in filters.items() if value is not None}
    entries = Entry.objects.with_buckets()
    page = entries.page({"budget": budget.pk, **filters}, limit=limit, cursor=cursor)
    return report_tables.page_report(budget, page, zone)


def _months(
    budget: Budget | None, *, zone: tzinfo, last: int, until: str | None, **_: Any
) -> Report:
    day = None if until is None else _day(until)
    if budget is None:
        currencies = Budget.objects.months_by_currency(zone=zone, last=last, until=day)
        return report_tables.currencies_report(currencies)
    rows = Budget.objects.months(budget, zone=zone, last=last, until=day)
    return report_tables.months_report(budget, rows)


def _what_if(
    budget: Budget, *, last: int, with_reversed: bool, changes: list[tuple[str, str]], **_: Any
) -> Report:
    rules: dict[Bucket, OtherRules] = {}
    for rule, text in changes:
        name, value = (text, "") if rule.endswith("lock") else _pair(text)
        bucket = Bucket.objects.get_by_name(budget, name)
        rules.setdefault(bucket, {}).update(_other(budget, rule, value))
    result = Budget.objects.what_if(budget, rules, last=last, with_reversed=with_reversed)
    return report_tables.what_if_report(budget, result)


def _projection(
    budget: Budget, *, amount: str, first: str | None, times: int, zone: tzinfo, **_: Any
) -> Report:
    minor = parse_amount(budget, amount)
    begin = timezone.localdate(timezone=zone) if first is None else _day(first)
    result = Budget.objects.projection(budget, monthly(minor, begin, times=times))
    return report_tables.projection_report(budget, result)


VIEWS: dict[str, Callable[..., Report]] = {
    "dashboard": _dashboard,
    "at": _at,
    "ledger": _ledger,
    "months": _months,
    "what-if": _what_if,
    "projection": _projection,
}


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bucket", metavar="NAME", help="only entries of this bucket")
    parser.add_argument("--kind", help="only movements of this kind, such as deposit")
    parser.add_argument("--from", dest="begin", metavar="TIME", help="first day or time")
    parser.add_argument("--to", dest="end", metavar="TIME", help="last day, or a time")
    parser.add_argument(
        "--recorded", action="store_true", help="compare --from and --to with the recording time"
    )
    parser.add_argument("--least", metavar="SUM", help="minimum amount; negative for money out")
    parser.add_argument("--most", metavar="SUM", help="maximum amount")
    parser.add_argument("--text", help="at least 3 letters of the memo or the source")
    parser.add_argument(
        "--limit", type=int, default=50, metavar="N", help="rows of a page (default: 50)"
    )
    parser.add_argument("--cursor", help="cursor of another page, as printed below each page")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--last", type=int, default=12, metavar="N", help="number of deposits (default: 12)"
    )
    parser.add_argument("--with-reversed", action="store_true", help="include reversed deposits")
    for rule, metavar, words in (
        ("filter", "BUCKET=SUM|PERCENT", "filter"),
        ("hold", "BUCKET=SUM|PERCENT|none", "hold"),
        ("target", "BUCKET=SUM|none", "target"),
        ("priority", "BUCKET=N", "priority, 0 first"),
        ("lock", "BUCKET", "exclude the bucket from cascades"),
        ("unlock", "BUCKET", "include a locked bucket"),
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
        return {"filter": parse_claim(budget, value)}
    if rule == "hold":
        return {"hold": None if value == "none" else parse_claim(budget, value)}
    if rule == "target":
        return {"target": None if value == "none" else parse_rule_amount(budget, value)}
    return {"priority": _whole(value)}


def _pair(text: str) -> tuple[str, str]:
    """Split BUCKET=RULE. Raises BadQuestion."""
    name, equals, value = text.rpartition("=")
    if not equals:
        raise BadQuestion(f"{text!r} is not BUCKET=RULE: write it like Rent=35%", field="rules")
    return name, value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadQuestion(
            f"{text!r} is not a priority: write a whole number from 0", field="priority"
        ) from error


def _signed(budget: Budget, text: str | None) -> int | None:
    """Minor units of an amount that may be negative. Raises BadAmount."""
    return None if text is None else parse_amount(budget, text, signed=True)


def _day(text: str) -> date:
    """Raises BadQuestion."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadQuestion(
            f"{text!r} is not a day: write it like 2026-03-31", field="day"
        ) from error
