"""`manage.py budget`: found budgets, add buckets, look at balances."""

import argparse
from collections.abc import Callable
from typing import Any

from rich.table import Table

from budgets.management.base import LocalCommand, add_locale, claim, rule_sum
from budgets.models import Bucket, Budget
from budgets.tables import balances_table, rule
from tenants.context import run_for
from tenants.models import Tenant


class Command(LocalCommand):
    """Budgets, from the command line."""

    help = "Found a budget, list a tenant's, add a bucket to one, or show what its buckets hold."
    examples = """
  manage.py budget create --tenant rivera --name Household --currency EUR
  manage.py budget add --tenant rivera --budget Household Rent --filter 30% --hold 725
  manage.py budget add --tenant rivera --budget Household Holiday --filter 100 --target 3000
  manage.py budget show --tenant rivera --budget Household
  manage.py budget list --tenant rivera --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="create|list|show|add")
        create = verbs.add_parser("create", help="found a budget")
        create.add_argument("--name", required=True)
        create.add_argument(
            "--currency", metavar="CODE", help="such as EUR (default: as the tenant's settings say)"
        )
        listing = verbs.add_parser("list", help="the tenant's budgets")
        show = verbs.add_parser("show", help="what each bucket holds")
        add = verbs.add_parser("add", help="add a bucket")
        add.add_argument("bucket", metavar="NAME")
        add.add_argument("--filter", required=True, metavar="SUM|PERCENT", help="100.00 or 33.3%%")
        add.add_argument("--hold", metavar="SUM|PERCENT", help="it keeps at least this")
        add.add_argument("--target", metavar="SUM", help="until it holds this (default: no limit)")
        add.add_argument("--priority", type=int, help="0 is served first (default: last)")
        add.add_argument("--locked", action="store_true", help="cascades pass it by")
        add.add_argument("--key", help="makes a repeat safe")
        for verb in (create, listing, show, add):
            verb.add_argument("--tenant", required=True, metavar="SLUG")
            verb.add_argument("--json", action="store_true", help="print JSON")
            add_locale(verb)
        for verb in (show, add):
            verb.add_argument("--budget", required=True, metavar="NAME")

    def handle(self, *args: Any, verb: str, tenant: str, **options: Any) -> None:
        verbs: dict[str, Callable[..., Answer]] = {
            "create": create,
            "list": listed,
            "show": shown,
            "add": added,
        }
        tenant_id = Tenant.objects.id_of(tenant)
        table, rows = run_for(tenant_id, lambda: verbs[verb](**options))
        if options["json"]:
            self.print_json(rows)
        else:
            self.print_rich(table)


type Answer = tuple[Table, Any]


def create(*, name: str, currency: str | None, **_: Any) -> Answer:
    """Found a budget."""
    budget = Budget.objects.create_budget(name, currency)
    return balances_table(budget), _budget(budget)


def listed(**_: Any) -> Answer:
    """The open budgets."""
    rows = [_budget(budget) for budget in Budget.objects.open().by_name()]
    table = Table("name", "currency", "id")
    for row in rows:
        table.add_row(*row.values())
    return table, rows


def shown(*, budget: str, **_: Any) -> Answer:
    """What each bucket holds."""
    found = Budget.objects.called(budget)
    buckets = found.buckets.open().in_order()
    return balances_table(found), [
        {
            "bucket": bucket.name,
            "priority": bucket.priority,
            "rule": rule(found, bucket),
            "balance_minor": bucket.balance,
            "target_minor": bucket.target,
            "state": bucket.state,
        }
        for bucket in buckets
    ]


def added(
    *, budget: str, bucket: str, filter: str, hold: str | None, target: str | None,
    priority: int | None, locked: bool, key: str | None, **_: Any,
) -> Answer:  # fmt: skip
    """Add a bucket. Raises BadRule and BadAmount."""
    found = Budget.objects.called(budget)
    Bucket.objects.create_bucket(
        found,
        bucket,
        priority=priority,
        locked=locked,
        key=key,
        filter=claim(found, filter),
        hold=None if hold is None else claim(found, hold),
        target=None if target is None else rule_sum(found, target),
    )
    return shown(budget=budget)


def _budget(budget: Budget) -> dict[str, str]:
    return {"name": budget.name, "currency": budget.currency, "id": str(budget.pk)}
