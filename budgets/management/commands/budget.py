"""`manage.py budget`: create, show, list, rename and archive budgets, and add buckets."""

import argparse
from collections.abc import Callable
from typing import Any

from rich.table import Table

from budgets.management.base import LocalCommand, add_locale, run_in_tenant
from budgets.management.change_tables import DRY, bucket_row, changed_cells
from budgets.management.ledger_tables import balances_table
from budgets.management.report_tables import Report
from budgets.management.request_flags import BudgetRequest, add_actor_flags, rollback_if
from budgets.management.rules import add as add_bucket
from budgets.management.rules import add_rules
from budgets.models import Budget
from tenants.local import local

EXAMPLES = {
    "create": """
  manage.py budget create --tenant tierney --name Allotment --currency EUR
""",
    "add": """
  manage.py budget add --tenant tierney --budget Allotment Seeds --filter 30% --hold 25
  manage.py budget add --tenant tierney --budget Allotment Greenhouse --filter 100 --target 3000
""",
    "show": """
  manage.py budget show --tenant tierney --budget Household
  manage.py budget show --tenant tierney --budget Household --json
""",
    "list": """
  manage.py budget list --tenant tierney --json
  manage.py budget list --tenant tierney --archived
""",
    "rename": """
  manage.py budget rename --tenant tierney --budget Allotment Garden
""",
    "archive": """
  manage.py budget archive --tenant tierney --budget Garden --by aoife@example.com
""",
    "unarchive": """
  manage.py budget unarchive --tenant tierney --budget Garden
""",
}


class Command(LocalCommand):
    """Runs the verbs of BudgetManager."""

    help = (
        "Create, rename, archive or unarchive a budget, list the budgets of a tenant, show the "
        "balances of a budget, or add a bucket to it. `bucket` changes buckets."
    )
    examples = "".join(examples.rstrip() for examples in EXAMPLES.values())

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        words = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        verbs = {name: self.add_verb(words, name, HELP[name], EXAMPLES[name]) for name in VERBS}
        create = verbs["create"]
        create.add_argument("--name", required=True, help="name of the new budget")
        create.add_argument(
            "--currency", metavar="CODE", help="such as EUR (default: the tenant's)"
        )
        verbs["list"].add_argument(
            "--archived", action="store_true", help="include archived budgets"
        )
        add_rules(verbs["add"])
        verbs["add"].add_argument("--key", help="idempotency key: makes a repeat safe")
        verbs["rename"].add_argument("name", metavar="NEW", help="new name")
        for verb in verbs.values():
            verb.add_argument("--tenant", required=True, metavar="SLUG", help="slug of the tenant")
            verb.add_argument("--json", action="store_true", help="print JSON")
            add_locale(verb)
        for name in ("show", "add", *CHANGES):
            verbs[name].add_argument("--budget", required=True, metavar="NAME", help="name or id")
        for name in CHANGES:
            add_actor_flags(verbs[name])

    def handle(self, *args: Any, verb: str, tenant: str, **options: Any) -> None:
        by = options.pop("by", None)
        table, rows = run_in_tenant(tenant, lambda: VERBS[verb](verb=verb, **options), by=by)
        if options["json"]:
            self.print_json(rows)
        else:
            self.print_rich(table)


def _create(*, name: str, currency: str | None, **_: Any) -> Report:
    budget = Budget.objects.create_budget(name, currency)
    return balances_table(budget), _row(budget)


def _list_budgets(*, archived: bool, **_: Any) -> Report:
    """The open budgets; with `archived` also the archived ones, and since when."""
    budgets = Budget.objects.by_name() if archived else Budget.objects.open().by_name()
    rows = [_row(budget) | (_archived_at(budget) if archived else {}) for budget in budgets]
    table = Table("name", "currency", "id", *(["archived"] if archived else []))
    for row in rows:
        table.add_row(*(cell or "" for cell in row.values()))
    return table, rows


def _show(*, budget: str, **_: Any) -> Report:
    """The rule, balance and target of each bucket; the budget may be archived."""
    named = Budget.objects.get_by_name(budget, archived=True)
    buckets = named.buckets.open().in_order()
    table = balances_table(named)
    if named.archived_at:
        table.caption = (
            f"archived since {named.archived_at.astimezone(local().zone):%Y-%m-%d %H:%M}"
        )
    return table, [bucket_row(named, bucket) for bucket in buckets]


def _add(*, budget: str, key: str | None, **options: Any) -> Report:
    """Add a bucket. Raises BadRule and BadAmount."""
    request = BudgetRequest.from_flags(
        Budget.objects.get_by_name(budget), key=key, memo="", at=None
    )
    add_bucket(request, **options)
    return _show(budget=budget)


def _change(*, verb: str, budget: str, dry_run: bool, name: str | None = None, **_: Any) -> Report:
    """Rename, archive or unarchive a budget. Raises BadRule."""
    named = Budget.objects.get_by_name(budget, archived=True)
    named.acquire()
    version, before = named.version, _row(named) | _archived_at(named)
    with rollback_if(dry_run):
        CHANGES[verb](named, *([] if name is None else [name]))
    after = _row(named) | _archived_at(named)
    ending = ": nothing to change" if named.version == version else DRY if dry_run else ""
    table = Table(*after, title=f"{verb} {before['name']}{ending}", title_justify="left")
    table.add_row(
        *changed_cells(*([cell or "" for cell in row.values()] for row in (before, after)))
    )
    report = {"dry_run": dry_run, "repeated": named.version == version}
    return table, report | {"before": before, "after": after}


CHANGES: dict[str, Callable[..., Budget]] = {
    "rename": Budget.objects.rename,
    "archive": Budget.objects.archive,
    "unarchive": Budget.objects.unarchive,
}
VERBS: dict[str, Callable[..., Report]] = {
    "create": _create,
    "list": _list_budgets,
    "show": _show,
    "add": _add,
    **dict.fromkeys(CHANGES, _change),
}
HELP = {
    "create": "create a budget",
    "list": "list the budgets of a tenant",
    "show": "show the rule, balance and target of each bucket of a budget, also of an archived one",
    "add": "add a bucket to a budget (same as `bucket add`)",
    "rename": "rename a budget; with its id as NAME a repeat changes nothing",
    "archive": "archive a budget: it takes no deposits, its schedules rest, its name is free",
    "unarchive": "reopen an archived budget",
}


def _row(budget: Budget) -> dict[str, str | None]:
    return {"name": budget.name, "currency": budget.currency, "id": str(budget.pk)}


def _archived_at(budget: Budget) -> dict[str, str | None]:
    when = budget.archived_at
    return {"archived_at": None if when is None else when.isoformat(timespec="seconds")}
