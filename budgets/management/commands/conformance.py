"""`manage.py conformance`: the case file again, through the database and its managers."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from budgets.cascade import Slot
from budgets.errors import BadCase, Refused
from budgets.management.casefile import Case, parse
from budgets.management.casefile import result as pure_result
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Overflow
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant


class Command(BaseCommand):
    """Each case in a transaction that is checked like a commit, then rolled back."""

    help = (
        "Run a case file through the database: a budget for each case, filled and deposited "
        "into by the public managers, alone and in bulk; preview and entries are compared with "
        "what the case expects, or the pure cascade gives. Nothing stays. "
        "Exit code 1 if any failed."
    )
    examples = """
  manage.py conformance tests/data/cascade_cases.json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSON in UTF-8")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, file: str, json: bool, **options: Any) -> None:
        try:
            cases = parse(Path(file).read_bytes())
        except OSError as error:
            raise BadCase(f"{file} cannot be read: {error.strerror}") from error
        cases = cases if isinstance(cases, list) else [cases]
        failures = [(case.name, wrong) for case in cases if (wrong := failure(case))]
        passed = len(cases) - len(failures)
        if json:
            named = [{"name": name, "wrong": wrong} for name, wrong in failures]
            self.print_json({"passed": passed, "failed": len(failures), "failures": named})
        else:
            for name, wrong in failures:
                self.stdout.write(f"FAILED {name}: {wrong}")
            self.stdout.write(f"{passed} passed, {len(failures)} failed")
        if failures:
            sys.exit(1)


def failure(case: Case) -> str:
    """How the database's answers differ from the expected one; "" when they do not."""
    pure = pure_result(case)
    try:
        paths = through_database(case)
    except Refused as error:
        return f"{error} [{error.code}]"
    wrong = {
        path: _differences(stored, case.expected or pure, pure) for path, stored in paths.items()
    }
    same = len({tuple(differences) for differences in wrong.values()}) == 1
    return "; ".join(
        difference if same else f"{path}: {difference}"
        for path, differences in list(wrong.items())[: 1 if same else None]
        for difference in differences
    )


def _differences(
    stored: dict[str, Any], expected: dict[str, Any], pure: dict[str, Any]
) -> list[str]:
    """How an answer differs from what a case expects, from the pure cascade and its preview."""
    wrong = [
        f"{field} is {stored[field]}, not {wanted.get(field)}"
        for wanted in (expected, pure)
        for field in ("allocations", "remainder_minor", "filled")
        if stored[field] != wanted.get(field)
    ]
    return [*dict.fromkeys(wrong), *stored["disagreements"]]


def through_database(case: Case) -> dict[str, dict[str, Any]]:
    """What a real budget does with the case, alone and in bulk; nothing is left of it."""
    tenant_id = uuid7()
    with acting_for(tenant_id, even_suspended=True):  # it is not there yet
        Tenant(pk=tenant_id, slug="conformance", name="Conformance").save(force_insert=True)
        budget = Budget.objects.create_budget("Conformance", "EUR")
        names = {_bucket(budget, slot, n).pk: slot.key for n, slot in enumerate(case.slots)}
        paths = {path: _answer(path, budget, case.deposit_minor, names) for path in PATHS}
        transaction.set_rollback(True)
    return paths


def _answer(path: str, budget: Budget, amount: int, names: dict[UUID, str]) -> dict[str, Any]:
    """The entries of a deposit made one way or the other, then undone."""
    with transaction.atomic():
        preview = Movement.objects.preview(budget, amount)
        movement = PATHS[path](budget, amount, preview.hash)
        entries = list(movement.entries.in_order())
        # What COMMIT would ask is asked now, for there will be none.
        transaction.get_connection().check_constraints()
        transaction.set_rollback(True)
    rest = [entry.amount for entry in entries if entry.bucket_id not in names]
    previewed = [(line.bucket.pk, line.amount, line.reason) for line in preview.lines]
    entered = [(entry.bucket_id, entry.amount, entry.reason) for entry in entries]
    return {
        "allocations": {
            names[entry.bucket_id]: entry.amount for entry in entries if entry.bucket_id in names
        },
        "remainder_minor": sum(rest),
        "filled": [names[entry.bucket_id] for entry in entries if entry.became_full],
        "disagreements": [] if previewed == entered else ["the preview said otherwise"],
    }


def _alone(budget: Budget, amount: int, expect: str) -> Movement:
    return Movement.objects.deposit(budget, amount, expect=expect)


def _in_bulk(budget: Budget, amount: int, expect: str) -> Movement:
    [movement] = Movement.objects.deposit_many([Deposit(budget.pk, amount)])
    return movement


PATHS: dict[str, Callable[[Budget, int, str], Movement]] = {
    "deposit": _alone,
    "deposit_many": _in_bulk,
}


def _bucket(budget: Budget, slot: Slot[str], number: int) -> Bucket:
    """The envelope of a slot, with its balance; numbered, for names may differ by case only."""
    bucket = Bucket.objects.create_bucket(
        budget,
        f"{number} {slot.key}"[:200],
        filter=slot.filter,
        hold=slot.hold,
        target=slot.target,
        priority=slot.priority,
        locked=slot.locked,
    )
    if slot.balance:
        Movement.objects.deposit_into(bucket, slot.balance, overflow=Overflow.ALLOW)
    return bucket
