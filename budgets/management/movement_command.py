"""The base class of commands that post one movement: table, dry run and undo hint."""

import argparse
import shlex
from typing import Any, override
from uuid import UUID

from budgets.management.base import BudgetCommand
from budgets.management.change_tables import moved_table
from budgets.management.ledger_tables import entry_rows
from budgets.management.request_flags import (
    BudgetRequest,
    add_request_flags,
    amounts_in_errors,
    rollback_if,
)
from budgets.managers.dispositions import Overflow
from budgets.managers.kinds import MovementKind
from budgets.models import Budget, Movement


class MoneyCommand(BudgetCommand):
    """A command that posts one movement; a subclass implements `move`."""

    @override
    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        add_request_flags(parser)

    def move(self, *args: Any, **options: Any) -> Movement:
        """Post the movement; called with a BudgetRequest and the options of the command."""
        raise NotImplementedError

    @override
    def handle(self, *args: Any, tenant: str, budget: str, by: str | None, **options: Any) -> None:
        def work(found: Budget) -> dict[str, Any]:
            return self._report(BudgetRequest.from_flags(found, **options), **options)

        report = self.on_budget(tenant, budget, work, by=by, archived=True)
        table = report.pop("table")
        if options["json"]:
            self.print_json(report)
            return
        self.print_rich(table)
        if report["kind"] != MovementKind.REVERSAL:
            self.stdout.write(undo_hint(report["movement"], tenant, budget), ending="")
        elif report["movement"]:
            self.stdout.write(f"Movement {report['movement']}. A reversal cannot be reversed.")

    def _report(self, request: BudgetRequest, *, dry_run: bool, **options: Any) -> dict[str, Any]:
        """The movement as JSON, with its table under `table`."""
        with rollback_if(dry_run), amounts_in_errors(request.budget):
            movement = self.move(request, **options)
            return movement_json(movement, dry_run) | {
                "table": moved_table(movement, dry_run=dry_run)
            }


def add_overflow(parser: argparse.ArgumentParser) -> None:
    """Add `--overflow`."""
    parser.add_argument(
        "--overflow",
        choices=[choice.value for choice in Overflow],
        default=Overflow.MONEY.value,
        help="where the excess over the target of --into goes (default: the money bucket)",
    )


def movement_json(movement: Movement, dry_run: bool) -> dict[str, Any]:
    """A movement for programs; `movement` and `seq` are null after a dry run."""
    rolled_back = dry_run and not movement.repeated
    return {
        "dry_run": dry_run,
        "repeated": movement.repeated,
        "movement": None if rolled_back else movement.pk,
        "seq": None if rolled_back else movement.seq,
        "kind": movement.kind,
        "currency": movement.budget.currency,
        "amount_minor": movement.amount,
        "lines": entry_rows(movement),
    }


def undo_hint(pk: UUID | None, tenant: str, budget: str) -> str:
    """The line with a movement's id and the command that reverses it; empty without an id."""
    if pk is None:
        return ""
    words = ["manage.py", "reverse", str(pk), "--tenant", tenant, "--budget", budget]
    return f"Movement {pk}. To undo it: {shlex.join(words)}\n"
