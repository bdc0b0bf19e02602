"""`manage.py bucket`: add, change, reorder and close buckets."""

import sys
from typing import Any
from uuid import UUID

from rich.table import Table

from budgets.errors import NotConfirmed
from budgets.management.base import BudgetCommand
from budgets.management.change_tables import DRY, BucketChange, bucket_row, changed_buckets_table
from budgets.management.request_flags import REQUEST_FLAGS, BudgetRequest, rollback_if
from budgets.management.rules import VERBS
from budgets.models import Bucket, Budget

ON = "--tenant tierney --budget Household"


class Command(BudgetCommand):
    """Runs the verbs of BucketManager."""

    help = (
        "Add a bucket to a budget; change the name, rules, target, lock or priority of a bucket; "
        "or close it. The command shows the changed buckets before and after. `budget show` shows "
        "all of them."
    )
    examples = f"""
  manage.py bucket add Books {ON} --filter 5% --hold 20
  manage.py bucket add Piano {ON} --filter 100 --target 3000 --key piano-2027
  manage.py bucket rename Piano "Grand piano" {ON}
  manage.py bucket rules Groceries {ON} --filter 35% --hold 750
  manage.py bucket target Holiday 2500 {ON}
  manage.py bucket target "Grand piano" none {ON}
  manage.py bucket lock Treats {ON} --memo "Saving"
  manage.py bucket unlock Treats {ON} --by aoife@example.com
  manage.py bucket reorder Rent Treats Holiday Crèche Groceries Energy "Emergency fund" \\
      "Car loan" {ON}
  manage.py bucket close "Emergency fund" {ON} --to cascade --dry-run
  manage.py bucket close "Emergency fund" {ON} --to money --yes
  manage.py bucket close Energy {ON} --to bucket --into Rent --yes
"""

    arguments = (*BudgetCommand.arguments, *REQUEST_FLAGS)
    verbs = VERBS

    def handle(self, *args: Any, verb: str, tenant: str, budget: str, **options: Any) -> None:
        def run(*, dry_run: bool, expect: int | None = None) -> tuple[dict[str, Any], Table, int]:
            def work(named: Budget) -> tuple[dict[str, Any], Table, int]:
                request = BudgetRequest.from_flags(named, **options)
                if expect is not None:
                    request.options["expect"] = expect
                return _report(verb, request, **options | {"dry_run": dry_run})

            return self.on_budget(tenant, budget, work, by=options["by"], archived=True)

        version = None
        if verb == "close" and not (options["yes"] or options["dry_run"]):
            _require_terminal(options["json"])
            _, table, version = run(dry_run=True)
            self._confirm(table)
        value, table, _ = run(dry_run=options["dry_run"], expect=version)
        pk = value["movement"]
        hint = [f"Movement {pk}. A closed bucket cannot be reopened."] if pk else []
        self.print_report(options["json"], (value, table, *hint))

    def _confirm(self, table: Table) -> None:
        """Ask for confirmation. Raises NotConfirmed."""
        self.print_rich(table)
        self.stdout.write("Close it permanently? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise NotConfirmed("not confirmed: the bucket was not closed")


def _require_terminal(json: bool) -> None:
    """Raise NotConfirmed without a terminal on which to ask."""
    if json or not sys.stdin.isatty():
        raise NotConfirmed(
            "a closed bucket cannot be reopened: check with --dry-run, then repeat with --yes"
        )


def _report(
    verb: str, request: BudgetRequest, *, dry_run: bool, **options: Any
) -> tuple[dict[str, Any], Table, int]:
    """Run the verb; its report as JSON and as a table, and the budget's version before."""
    budget = request.budget
    budget.acquire()
    version, seq = budget.version, budget.last_movement_seq
    before = budget.buckets.by_id()
    with rollback_if(dry_run):
        result = VERBS[verb].run(request, verb=verb, **options)
        buckets = [result] if isinstance(result, Bucket) else list(result)
        budget.refresh_from_db()
        changes = _changes(budget, before, buckets)
        moved = (
            budget.movements.newest().pk if budget.last_movement_seq > seq and not dry_run else None
        )
        repeated = any(bucket.repeated for bucket in buckets)
        title = _title(f"{verb} {', '.join(map(str, buckets))}", dry_run, repeated, changes)
        return (
            {
                "dry_run": dry_run,
                "repeated": repeated,
                "before": [was for was, _ in changes if was],
                "after": [
                    now if was or not dry_run else now | {"id": None} for was, now in changes
                ],
                "movement": moved,
            },
            changed_buckets_table(budget, changes, title),
            version,
        )


def _changes(budget: Budget, before: dict[Any, Bucket], named: list[Bucket]) -> list[BucketChange]:
    """Each changed bucket before and after; without a change the named buckets."""
    pairs: list[BucketChange] = []
    for pk, bucket in sorted(budget.buckets.by_id().items(), key=lambda each: _order(each[1])):
        was = bucket_row(budget, before[pk]) if pk in before else None
        pairs.append((was, bucket_row(budget, bucket)))
    changed = [(was, now) for was, now in pairs if was != now]
    ids = {bucket.pk for bucket in named}
    return changed or [(was, now) for was, now in pairs if now["id"] in ids]


def _order(bucket: Bucket) -> tuple[bool, int, UUID]:
    """Open envelopes by priority, then the other buckets by age."""
    return bucket.priority is None, bucket.priority or 0, bucket.pk


def _title(action: str, dry_run: bool, repeated: bool, changes: list[BucketChange]) -> str:
    if repeated:
        return f"{action}: already done with this key: nothing changed"
    if all(was == now for was, now in changes):
        return f"{action}: nothing to change"
    return f"{action}{DRY}" if dry_run else action
