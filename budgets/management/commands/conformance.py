"""`manage.py conformance`: run the cases of a file through the database."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from budgets.cascade import Slot
from budgets.errors import BadCase, Refused
from budgets.management.cases import Case, parse
from budgets.management.cases import result as pure_result
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Overflow
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, argument
from tenants.models import Tenant


class Command(BaseCommand):
    """Runs each case in a transaction whose constraints are checked before it is rolled back."""

    help = (
        "Run the cases of a file through the database. For each case the public managers create a "
        "budget and deposit into it, alone and in bulk. The preview and the entries are compared "
        "with the expected result of the case and with the pure cascade. Everything is rolled "
        "back. Exit code 1: a case failed."
    )
    examples = """
  manage.py conformance tests/data/cascade_cases.json
"""

    arguments = (argument("file", "JSON in UTF-8", "FILE"), JSON)

    def handle(self, *args: Any, file: str, json: bool, **options: Any) -> None:
        try:
            cases = parse(Path(file).read_bytes())
        except OSError as error:
            raise BadCase(f"{file} cannot be read: {error.strerror}") from error
        cases = cases if isinstance(cases, list) else [cases]
        failures = [(case.name, wrong) for case in cases if (wrong := difference(case))]
        passed = len(cases) - len(failures)
        rows = [{"name": name, "wrong": wrong} for name, wrong in failures]
        value = {"passed": passed, "failed": len(failures), "failures": rows}
        lines = (f"FAILED {name}: {wrong}" for name, wrong in failures)
        self.print_report(json, (value, *lines, f"{passed} passed, {len(failures)} failed"))
        if failures:
            sys.exit(1)


def difference(case: Case) -> str:
    """The differences between the stored and the expected results; "" without a difference."""
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
    """The differences from the expected result, from the pure cascade and from the preview."""
    wrong = [
        f"{field} is {stored[field]}, not {result.get(field)}"
        for result in (expected, pure)
        for field in ("allocations", "remainder_minor", "filled")
        if stored[field] != result.get(field)
    ]
    return [*dict.fromkeys(wrong), *stored["disagreements"]]


def through_database(case: Case) -> dict[str, dict[str, Any]]:
    """The results of a real budget, alone and in bulk, rolled back."""
    tenant_id = uuid7()
    with acting_for(tenant_id, even_suspended=True):  # it does not exist yet
        Tenant(pk=tenant_id, slug="conformance", name="Conformance").save(force_insert=True)
        budget = Budget.objects.create_budget("Conformance", "EUR")
        names = {_bucket(budget, slot, n).pk: slot.key for n, slot in enumerate(case.slots)}
        paths = {path: _stored(path, budget, case.deposit_minor, names) for path in PATHS}
        transaction.set_rollback(True)
    return paths


def _stored(path: str, budget: Budget, amount: int, names: dict[UUID, str]) -> dict[str, Any]:
    """The result in the entries of a deposit by one path, rolled back."""
    with transaction.atomic():
        preview = Movement.objects.preview(budget, amount)
        movement = PATHS[path](budget, amount, preview.hash)
        entries = list(movement.entries.in_order())
        # Check deferred constraints now, because this transaction is never committed.
        transaction.get_connection().check_constraints()
        transaction.set_rollback(True)
    rest = [entry.amount for entry in entries if entry.bucket_id not in names]
    previewed = [(line.bucket.pk, line.amount, line.reason) for line in preview.lines]
    stored = [(entry.bucket_id, entry.amount, entry.reason) for entry in entries]
    return {
        "allocations": {
            names[entry.bucket_id]: entry.amount for entry in entries if entry.bucket_id in names
        },
        "remainder_minor": sum(rest),
        "filled": [names[entry.bucket_id] for entry in entries if entry.became_full],
        "disagreements": [] if previewed == stored else ["the preview differs from the entries"],
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
    """The envelope of a slot, with its balance; numbered, because names may differ in case only."""
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
