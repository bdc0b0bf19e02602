"""`manage.py bucket`: the verbs that change a budget's buckets."""

import argparse
import sys
from typing import Any
from uuid import UUID

from budgets.errors import NotConfirmed
from budgets.management.asking import Request, add_request, tried
from budgets.management.base import BudgetCommand
from budgets.management.pictures import DRY, Change, bucket_row, changed_buckets
from budgets.management.rules import VERBS
from budgets.models import Bucket, Budget


class Command(BudgetCommand):
    """Buckets, from the command line."""

    help = (
        "Add a bucket to a budget, or change one: its name, rules, target, lock and place; or "
        "close it. What was changed is shown before and after. `budget show` shows them all."
    )
    examples = "".join(verb.examples.rstrip() for verb in VERBS.values())

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        for name, verb in VERBS.items():
            mine = self.add_verb(verbs, name, verb.help, verb.examples)
            verb.add_arguments(mine)
            super().add_arguments(mine)
            add_request(mine)

    def handle(self, *args: Any, verb: str, tenant: str, budget: str, **options: Any) -> None:
        def ask(*, dry_run: bool, expect: int | None = None) -> dict[str, Any]:
            def work(found: Budget) -> dict[str, Any]:
                request = Request.of(found, **options)
                if expect is not None:
                    request.options["expect"] = expect
                return _changed(verb, request, **options | {"dry_run": dry_run})

            return self.on_budget(tenant, budget, work, by=options["by"], archived=True)

        seen = None
        if verb == "close" and not (options["yes"] or options["dry_run"]):
            _require_somebody(options["json"])
            seen = self._confirmed(ask(dry_run=True))
        report = ask(dry_run=options["dry_run"], expect=seen)
        table, _ = report.pop("table"), report.pop("version")
        if options["json"]:
            self.print_json(report)
            return
        self.print_rich(table)
        if report["movement"]:
            self.stdout.write(f"Movement {report['movement']}. A closed bucket stays closed.")

    def _confirmed(self, report: dict[str, Any]) -> int:
        """The version of the budget whose bucket may be closed. Raises NotConfirmed."""
        self.print_rich(report["table"])
        self.stdout.write("Close it for good? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise NotConfirmed("nothing was closed")
        return int(report["version"])


def _require_somebody(json: bool) -> None:
    """Raise NotConfirmed where nobody can be asked."""
    if json or not sys.stdin.isatty():
        raise NotConfirmed("a closed bucket stays closed: look with --dry-run, then say --yes")


def _changed(verb: str, request: Request, *, dry_run: bool, **options: Any) -> dict[str, Any]:
    """What came of it, or would: as JSON has it, with the table for people."""
    budget = request.budget
    budget.acquire()
    version, seq = budget.version, budget.last_seq
    before = budget.buckets.by_id()
    with tried(dry_run):
        answer = VERBS[verb].ask(request, **options)
        answered = [answer] if isinstance(answer, Bucket) else list(answer)
        budget.refresh_from_db()
        changes = _changes(budget, before, answered)
        moved = budget.movements.newest().pk if budget.last_seq > seq and not dry_run else None
        repeated = any(bucket.repeated for bucket in answered)
        title = _title(f"{verb} {', '.join(map(str, answered))}", dry_run, repeated, changes)
        return {
            "dry_run": dry_run,
            "repeated": repeated,
            "before": [was for was, _ in changes if was],
            "after": [now if was or not dry_run else now | {"id": None} for was, now in changes],
            "movement": moved,
            "version": version,
            "table": changed_buckets(budget, changes, title),
        }


def _changes(budget: Budget, before: dict[Any, Bucket], answered: list[Bucket]) -> list[Change]:
    """Each bucket that is not what it was, before and after; else those that were asked about."""
    pairs: list[Change] = []
    for pk, bucket in sorted(budget.buckets.by_id().items(), key=lambda each: _place(each[1])):
        was = bucket_row(budget, before[pk]) if pk in before else None
        pairs.append((was, bucket_row(budget, bucket)))
    touched = [(was, now) for was, now in pairs if was != now]
    asked = {bucket.pk for bucket in answered}
    return touched or [(was, now) for was, now in pairs if now["id"] in asked]


def _place(bucket: Bucket) -> tuple[bool, int, UUID]:
    """Envelopes as cascades serve them, then the others, the oldest first."""
    return bucket.priority is None, bucket.priority or 0, bucket.pk


def _title(what: str, dry_run: bool, repeated: bool, changes: list[Change]) -> str:
    if repeated:
        return f"{what}: done before, with this key: nothing changed"
    if all(was == now for was, now in changes):
        return f"{what}: nothing to change"
    return f"{what}{DRY}" if dry_run else what
