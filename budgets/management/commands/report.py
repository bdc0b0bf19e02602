"""`manage.py report`: look at a budget and its ledger, back, ahead and under other rules."""

from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

from django.utils import timezone

from budgets.cascade.projection import monthly
from budgets.errors import BadQuestion
from budgets.management import report_tables
from budgets.management.base import (
    LOCALE,
    ZONE,
    LocalCommand,
    parse_amount,
    parse_claim,
    parse_rule_amount,
    parse_time,
)
from budgets.managers.reads.what_if import OtherRules
from budgets.models import Bucket, Budget, Entry
from tenants.context import run_for
from tenants.local import local
from tenants.management.base import Report
from tenants.management.declarations import (
    JSON,
    TENANT,
    Argument,
    Verb,
    argument,
    flag,
    one_of,
    parse_or_raise,
)
from tenants.models import Tenant

DAY = timedelta(days=1)


ON = "--tenant tierney --budget Household"


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
    message = f"{text!r} is not a priority: write a whole number from 0"
    return parse_or_raise(int, text, BadQuestion(message, field="priority"))


def _signed(budget: Budget, text: str | None) -> int | None:
    """Minor units of an amount that may be negative. Raises BadAmount."""
    return None if text is None else parse_amount(budget, text, signed=True)


def _day(text: str) -> date:
    """Raises BadQuestion."""
    message = f"{text!r} is not a day: write it like 2026-03-31"
    return parse_or_raise(date.fromisoformat, text, BadQuestion(message, field="day"))


AT = one_of(
    argument("--effective", "by effective time", "TIME"),
    argument("--recorded", "by recording time", "TIME"),
    argument("--seq", "after the movement with this number", "N", type=int),
    required=True,
)
FILTERS = (
    argument("--bucket", "only entries of this bucket", "NAME"),
    argument("--kind", "only movements of this kind, such as deposit"),
    argument("--from", "first day or time", "TIME", dest="begin"),
    argument("--to", "last day, or a time", "TIME", dest="end"),
    flag("--recorded", "compare --from and --to with the recording time"),
    argument("--least", "minimum amount; negative for money out", "SUM"),
    argument("--most", "maximum amount", "SUM"),
    argument("--text", "at least 3 letters of the memo or the source"),
    argument("--limit", "rows of a page (default: 50)", "N", type=int, default=50),
    argument("--cursor", "cursor of another page, as printed below each page"),
)
MONTHS = (
    argument("--last", "number of months (default: 12)", "N", type=int, default=12),
    argument("--until", "a day in the last month (default: today)", "DAY"),
)
PROJECTION = (
    argument("amount", "amount of the monthly deposit", "AMOUNT"),
    argument("--first", "day of the first deposit (default: today)", "DAY"),
    argument("--times", "number of deposits (default: 24)", "N", type=int, default=24),
)


def _changes(rule: str, help: str, metavar: str) -> Argument:
    """An option that appends the rule and its value to `changes`."""
    named = partial(_named, rule)
    return argument(
        f"--{rule}", help, metavar, dest="changes", action="append", default=[], type=named
    )


def _named(rule: str, text: str) -> tuple[str, str]:
    return rule, text


OTHER_RULES = (
    argument("--last", "number of deposits (default: 12)", "N", type=int, default=12),
    flag("--with-reversed", "include reversed deposits"),
    _changes("filter", "filter", "BUCKET=SUM|PERCENT"),
    _changes("hold", "hold", "BUCKET=SUM|PERCENT|none"),
    _changes("target", "target", "BUCKET=SUM|none"),
    _changes("priority", "priority, 0 first", "BUCKET=N"),
    _changes("lock", "exclude the bucket from cascades", "BUCKET"),
    _changes("unlock", "include a locked bucket", "BUCKET"),
)
VIEWS = {
    "dashboard": Verb("show the rule, balance, target and last entry of each bucket", _dashboard),
    "at": Verb("show the balances as of a time or after a movement", _at, (AT,)),
    "ledger": Verb("show a page of entries, newest first", _ledger, FILTERS),
    "months": Verb(
        "show income, withdrawals and balances by month; without --budget by currency",
        _months,
        MONTHS,
    ),
    "what-if": Verb(
        "compute what the last deposits would have given each bucket under other rules",
        _what_if,
        OTHER_RULES,
    ),
    "projection": Verb(
        "compute when each bucket fills if the same amount is deposited every month",
        _projection,
        PROJECTION,
    ),
}


class Command(LocalCommand):
    """Prints a read of a budget."""

    help = (
        "Show the dashboard of a budget, its balances as of a time, its ledger, its months, its "
        "last deposits under other rules, or when its buckets fill. The command writes nothing."
    )
    examples = f"""
  manage.py report dashboard {ON}
  manage.py report at {ON} --effective 2025-03-31
  manage.py report at {ON} --seq 5 --json
  manage.py report ledger {ON} --bucket Rent --from 2025-03-01
  manage.py report ledger {ON} --text salary --limit 5
  manage.py report months {ON} --until 2025-12-31 --last 2
  manage.py report months --tenant tierney --last 6 --zone Europe/Madrid
  manage.py report what-if {ON} --filter Rent=35% --lock Holiday
  manage.py report projection {ON} 2500.00 --times 24 --json
"""
    arguments = (TENANT, argument("--budget", "name or id", "NAME"), LOCALE, ZONE, JSON)
    verbs = VIEWS

    def handle(
        self, *args: Any, verb: str, tenant: str, budget: str | None, json: bool, **options: Any
    ) -> None:
        def read() -> Report:
            named = None if budget is None else Budget.objects.get_by_name(budget, archived=True)
            report: Report = VIEWS[verb].run(named, **options | {"zone": local().zone})
            return report

        if budget is None and verb != "months":
            raise BadQuestion("this report needs a budget: add --budget NAME", field="budget")
        self.print_report(json, run_for(Tenant.objects.id_of(tenant), read))
