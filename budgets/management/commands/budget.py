"""`manage.py budget`: found budgets, rename them and put them away; add buckets; look."""

import argparse
from collections.abc import Callable
from typing import Any

from rich.table import Table

from budgets.management.asking import Request, add_by, tried
from budgets.management.base import LocalCommand, add_locale, in_tenant
from budgets.management.pictures import DRY, arrows, bucket_row
from budgets.management.rules import add as add_bucket
from budgets.management.rules import add_rules
from budgets.management.tables import balances_table
from budgets.models import Budget

EXAMPLES = {
    "create": """
  manage.py budget create --tenant rivera --name Household --currency EUR
""",
    "add": """
  manage.py budget add --tenant rivera --budget Household Rent --filter 30% --hold 725
  manage.py budget add --tenant rivera --budget Household Holiday --filter 100 --target 3000
""",
    "show": """
  manage.py budget show --tenant rivera --budget Household
""",
    "list": """
  manage.py budget list --tenant rivera --json
  manage.py budget list --tenant rivera --archived
""",
    "rename": """
  manage.py budget rename --tenant rivera --budget Household Home
""",
    "archive": """
  manage.py budget archive --tenant rivera --budget Household --by ana@example.com
""",
    "unarchive": """
  manage.py budget unarchive --tenant rivera --budget 01a1fcb3-6476-70c3-a79a-7d35aba7c0de
""",
}


class Command(LocalCommand):
    """Budgets, from the command line."""

    help = (
        "Found a budget, rename it, archive it or take it into use again; list a tenant's; add a "
        "bucket to one, or show what its buckets hold. `bucket` changes buckets."
    )
    examples = "".join(examples.rstrip() for examples in EXAMPLES.values())

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        words = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        verbs = {name: self.add_verb(words, name, HELP[name], EXAMPLES[name]) for name in VERBS}
        create = verbs["create"]
        create.add_argument("--name", required=True, help="what it is called")
        create.add_argument(
            "--currency", metavar="CODE", help="such as EUR (default: as the tenant's settings say)"
        )
        verbs["list"].add_argument("--archived", action="store_true", help="those put away, too")
        add_rules(verbs["add"])
        verbs["add"].add_argument("--key", help="makes a repeat safe")
        verbs["rename"].add_argument("name", metavar="NEW", help="its new name")
        for verb in verbs.values():
            verb.add_argument("--tenant", required=True, metavar="SLUG", help="whose budget")
            verb.add_argument("--json", action="store_true", help="print JSON")
            add_locale(verb)
        for name in ("show", "add", *CHANGES):
            help = "its name, or its id"
            verbs[name].add_argument("--budget", required=True, metavar="NAME", help=help)
        for name in CHANGES:
            add_by(verbs[name])

    def handle(self, *args: Any, verb: str, tenant: str, **options: Any) -> None:
        by = options.pop("by", None)
        table, rows = in_tenant(tenant, lambda: VERBS[verb](verb=verb, **options), by=by)
        if options["json"]:
            self.print_json(rows)
        else:
            self.print_rich(table)


type Answer = tuple[Table, Any]


def create(*, name: str, currency: str | None, **_: Any) -> Answer:
    """Found a budget."""
    budget = Budget.objects.create_budget(name, currency)
    return balances_table(budget), _budget(budget)


def listed(*, archived: bool, **_: Any) -> Answer:
    """The open budgets; with `archived` the others too, and when they were put away."""
    budgets = Budget.objects.by_name() if archived else Budget.objects.open().by_name()
    rows = [_budget(budget) | (_put_away(budget) if archived else {}) for budget in budgets]
    table = Table("name", "currency", "id", *(["archived"] if archived else []))
    for row in rows:
        table.add_row(*(cell or "" for cell in row.values()))
    return table, rows


def shown(*, budget: str, **_: Any) -> Answer:
    """What each bucket holds."""
    found = Budget.objects.get_by_name(budget)
    buckets = found.buckets.open().in_order()
    return balances_table(found), [bucket_row(found, bucket) for bucket in buckets]


def added(*, budget: str, key: str | None, **options: Any) -> Answer:
    """Add a bucket. Raises BadRule and BadAmount."""
    request = Request.of(Budget.objects.get_by_name(budget), key=key, memo="", at=None)
    add_bucket(request, **options)
    return shown(budget=budget)


def changed(*, verb: str, budget: str, dry_run: bool, name: str | None = None, **_: Any) -> Answer:
    """Rename a budget, archive it or take it back. Raises BadRule."""
    found = Budget.objects.get_by_name(budget, archived=True)
    found.acquire()
    version, before = found.version, _budget(found) | _put_away(found)
    with tried(dry_run):
        CHANGES[verb](found, *([] if name is None else [name]))
    after = _budget(found) | _put_away(found)
    ending = ": nothing to change" if found.version == version else DRY if dry_run else ""
    table = Table(*after, title=f"{verb} {before['name']}{ending}", title_justify="left")
    table.add_row(*arrows(*([cell or "" for cell in row.values()] for row in (before, after))))
    report = {"dry_run": dry_run, "repeated": found.version == version}
    return table, report | {"before": before, "after": after}


CHANGES: dict[str, Callable[..., Budget]] = {
    "rename": Budget.objects.rename,
    "archive": Budget.objects.archive,
    "unarchive": Budget.objects.unarchive,
}
VERBS: dict[str, Callable[..., Answer]] = {
    "create": create,
    "list": listed,
    "show": shown,
    "add": added,
    **dict.fromkeys(CHANGES, changed),
}
HELP = {
    "create": "found a budget",
    "list": "the tenant's budgets",
    "show": "what each bucket holds",
    "add": "add a bucket, as `bucket add` does",
    "rename": "give a budget another name; named by its id, a repeat changes nothing",
    "archive": "put a budget away: no money comes in, its schedules rest, its name is free",
    "unarchive": "take an archived budget into use again",
}


def _budget(budget: Budget) -> dict[str, str | None]:
    return {"name": budget.name, "currency": budget.currency, "id": str(budget.pk)}


def _put_away(budget: Budget) -> dict[str, str | None]:
    when = budget.archived_at
    return {"archived_at": None if when is None else when.isoformat(timespec="seconds")}
