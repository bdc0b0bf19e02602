"""`manage.py bucket`: add, change, reorder and close buckets."""

import argparse
import sys
from typing import Any
from uuid import UUID

from budgets.errors import NotConfirmed
from budgets.management.base import BudgetCommand
from budgets.management.change_tables import DRY, BucketChange, bucket_row, changed_buckets_table
from budgets.management.request_flags import BudgetRequest, add_request_flags, rollback_if
from budgets.management.rules import VERBS
from budgets.models import Bucket, Budget


class Command(BudgetCommand):
    """Runs the verbs of BucketManager."""

    help = (
        "Add a bucket to a budget; change the name, rules, target, lock or priority of a bucket; "
        "or close it. The command shows the changed buckets before and after. `budget show` shows "
        "all of them."
    )
    examples = "".join(verb.examples.rstrip() for verb in VERBS.values())

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        for name, verb in VERBS.items():
            subparser = self.add_verb(verbs, name, verb.help, verb.examples)
            verb.add_arguments(subparser)
            super().add_arguments(subparser)
            add_request_flags(subparser)

    def handle(self, *args: Any, verb: str, tenant: str, budget: str, **options: Any) -> None:
        def run(*, dry_run: bool, expect: int | None = None) -> dict[str, Any]:
            def work(named: Budget) -> dict[str, Any]:
                request = BudgetRequest.from_flags(named, **options)
                if expect is not None:
                    request.options["expect"] = expect
                return _report(verb, request, **options | {"dry_run": dry_run})

            return self.on_budget(tenant, budget, work, by=options["by"], archived=True)

        version = None
        if verb == "close" and not (options["yes"] or options["dry_run"]):
            _require_terminal(options["json"])
            version = self._confirm(run(dry_run=True))
        report = run(dry_run=options["dry_run"], expect=version)
        table, _ = report.pop("table"), report.pop("version")
        if options["json"]:
            self.print_json(report)
            return
        self.print_rich(table)
        if report["movement"]:
            self.stdout.write(f"Movement {report['movement']}. A closed bucket cannot be reopened.")

    def _confirm(self, report: dict[str, Any]) -> int:
        """Ask for confirmation; return the version of the budget. Raises NotConfirmed."""
        self.print_rich(report["table"])
        self.stdout.write("Close it permanently? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise NotConfirmed("not confirmed: the bucket was not closed")
        return int(report["version"])


def _require_terminal(json: bool) -> None:
    """Raise NotConfirmed without a terminal on which to ask."""
    if json or not sys.stdin.isatty():
        raise NotConfirmed(
            "a closed bucket cannot be reopened: check with --dry-run, then repeat with --yes"
        )


def _report(verb: str, request: BudgetRequest, *, dry_run: bool, **options: Any) -> dict[str, Any]:
    """Run the verb; the report is JSON, with its table under `table`."""
    budget = request.budget
    budget.acquire()
    version, seq = budget.version, budget.last_movement_seq
    before = budget.buckets.by_id()
    with rollback_if(dry_run):
        result = VERBS[verb].run(request, **options)
        buckets = [result] if isinstance(result, Bucket) else list(result)
        budget.refresh_from_db()
        changes = _changes(budget, before, buckets)
        moved = (
            budget.movements.newest().pk if budget.last_movement_seq > seq and not dry_run else None
        )
        repeated = any(bucket.repeated for bucket in buckets)
        title = _title(f"{verb} {', '.join(map(str, buckets))}", dry_run, repeated, changes)
        return {
            "dry_run": dry_run,
            "repeated": repeated,
            "before": [was for was, _ in changes if was],
            "after": [now if was or not dry_run else now | {"id": None} for was, now in changes],
            "movement": moved,
            "version": version,
            "table": changed_buckets_table(budget, changes, title),
        }


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
