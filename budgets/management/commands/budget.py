"""`manage.py budget`: create, show, list, rename and archive budgets, and add buckets."""

from collections.abc import Callable
from typing import Any

from budgets.management.base import BUDGET, LOCALE, LocalCommand, run_in_tenant
from budgets.management.change_tables import DRY, bucket_row, changed_cells
from budgets.management.ledger_tables import balances_table
from budgets.management.request_flags import ACTOR_FLAGS, KEY, BudgetRequest, rollback_if
from budgets.management.rules import NEW_BUCKET
from budgets.management.rules import add as add_bucket
from budgets.models import Budget
from tenants.local import local
from tenants.management.base import Report
from tenants.management.declarations import JSON, TENANT, Verb, argument, flag
from tenants.management.table_layout import make_table


def _create(*, name: str, currency: str | None, **_: Any) -> Report:
    budget = Budget.objects.create_budget(name, currency)
    return _row(budget), balances_table(budget)


def _list_budgets(*, archived: bool, **_: Any) -> Report:
    """The open budgets; with `archived` also the archived ones, and since when."""
    budgets = Budget.objects.by_name() if archived else Budget.objects.open().by_name()
    rows = [_row(budget) | (_archived_at(budget) if archived else {}) for budget in budgets]
    headings = ("name", "currency", "id", *(["archived"] if archived else []))
    return rows, make_table(*headings, rows=(row.values() for row in rows))


def _show(*, budget: str, **_: Any) -> Report:
    """The rule, balance and target of each bucket; the budget may be archived."""
    named = Budget.objects.get_by_name(budget, archived=True)
    buckets = named.buckets.open().in_order()
    table = balances_table(named)
    if named.archived_at:
        table.caption = (
            f"archived since {named.archived_at.astimezone(local().zone):%Y-%m-%d %H:%M}"
        )
    return [bucket_row(named, bucket) for bucket in buckets], table


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
    cells = changed_cells(*([cell or "" for cell in row.values()] for row in (before, after)))
    table = make_table(*after, rows=[cells], title=f"{verb} {before['name']}{ending}")
    report = {"dry_run": dry_run, "repeated": named.version == version}
    return report | {"before": before, "after": after}, table


CHANGES: dict[str, Callable[..., Budget]] = {
    "rename": Budget.objects.rename,
    "archive": Budget.objects.archive,
    "unarchive": Budget.objects.unarchive,
}
COMMON = (TENANT, JSON, LOCALE)
CHANGED = (*COMMON, BUDGET, *ACTOR_FLAGS)

VERBS = {
    "create": Verb(
        "create a budget",
        _create,
        (
            argument("--name", "name of the new budget", required=True),
            argument("--currency", "such as EUR (default: the tenant's)", "CODE"),
            *COMMON,
        ),
    ),
    "list": Verb(
        "list the budgets of a tenant",
        _list_budgets,
        (flag("--archived", "include archived budgets"), *COMMON),
    ),
    "show": Verb(
        "show the rule, balance and target of each bucket of a budget, also of an archived one",
        _show,
        (*COMMON, BUDGET),
    ),
    "add": Verb(
        "add a bucket to a budget (same as `bucket add`)", _add, (*NEW_BUCKET, KEY, *COMMON, BUDGET)
    ),
    "rename": Verb(
        "rename a budget; with its id as NAME a repeat changes nothing",
        _change,
        (argument("name", "new name", "NEW"), *CHANGED),
    ),
    "archive": Verb(
        "archive a budget: it takes no deposits, its schedules rest, its name is free",
        _change,
        CHANGED,
    ),
    "unarchive": Verb("reopen an archived budget", _change, CHANGED),
}


class Command(LocalCommand):
    """Runs the verbs of BudgetManager."""

    help = (
        "Create, rename, archive or unarchive a budget, list the budgets of a tenant, show the "
        "balances of a budget, or add a bucket to it. `bucket` changes buckets."
    )
    examples = """
  manage.py budget create --tenant tierney --name Allotment --currency EUR
  manage.py budget add --tenant tierney --budget Allotment Seeds --filter 30% --hold 25
  manage.py budget add --tenant tierney --budget Allotment Greenhouse --filter 100 --target 3000
  manage.py budget show --tenant tierney --budget Household
  manage.py budget show --tenant tierney --budget Household --json
  manage.py budget list --tenant tierney --json
  manage.py budget list --tenant tierney --archived
  manage.py budget rename --tenant tierney --budget Allotment Garden
  manage.py budget archive --tenant tierney --budget Garden --by aoife@example.com
  manage.py budget unarchive --tenant tierney --budget Garden
"""
    verbs = VERBS

    def handle(self, *args: Any, verb: str, tenant: str, **options: Any) -> None:
        by = options.pop("by", None)
        report = run_in_tenant(tenant, lambda: VERBS[verb].run(verb=verb, **options), by=by)
        self.print_report(options["json"], report)


def _row(budget: Budget) -> dict[str, str | None]:
    return {"name": budget.name, "currency": budget.currency, "id": str(budget.pk)}


def _archived_at(budget: Budget) -> dict[str, str | None]:
    when = budget.archived_at
    return {"archived_at": None if when is None else when.isoformat(timespec="seconds")}
