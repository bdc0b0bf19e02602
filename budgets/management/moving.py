"""What the commands that make one movement share: the picture, the dry run and the way back."""

import argparse
import shlex
from typing import Any, override
from uuid import UUID

from budgets.management.asking import Request, add_request, sums_told, tried
from budgets.management.base import BudgetCommand
from budgets.management.pictures import moved_table
from budgets.management.tables import posted
from budgets.managers.dispositions import Overflow
from budgets.models import Budget, Movement


class MoneyCommand(BudgetCommand):
    """A command that makes one movement; a subclass says which in `move`."""

    @override
    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        add_request(parser)

    def move(self, *args: Any, **options: Any) -> Movement:
        """Make the movement that a Request, and options of the command, ask for."""
        raise NotImplementedError

    @override
    def handle(self, *args: Any, tenant: str, budget: str, by: str | None, **options: Any) -> None:
        def work(found: Budget) -> dict[str, Any]:
            return self._moved(Request.of(found, **options), **options)

        report = self.on_budget(tenant, budget, work, by=by, archived=True)
        table = report.pop("table")
        if options["json"]:
            self.print_json(report)
            return
        self.print_rich(table)
        if report["kind"] != Movement.Kind.REVERSAL:
            self.stdout.write(way_back(report["movement"], tenant, budget), ending="")
        elif report["movement"]:
            self.stdout.write(f"Movement {report['movement']}. A reversal is not undone.")

    def _moved(self, request: Request, *, dry_run: bool, **options: Any) -> dict[str, Any]:
        """What came of it, or would: as JSON has it, with the table for people."""
        with tried(dry_run), sums_told(request.budget):
            movement = self.move(request, **options)
            return told(movement, dry_run) | {"table": moved_table(movement, dry_run=dry_run)}


def add_overflow(parser: argparse.ArgumentParser) -> None:
    """The flag `--overflow`."""
    parser.add_argument(
        "--overflow",
        choices=[choice.value for choice in Overflow],
        default=Overflow.MONEY.value,
        help="what --into does with the excess (default: the money bucket gets it)",
    )


def told(movement: Movement, dry_run: bool) -> dict[str, Any]:
    """A movement for programs. What a dry run made has no id and no number: it is gone."""
    gone = dry_run and not movement.repeated
    return {
        "dry_run": dry_run,
        "repeated": movement.repeated,
        "movement": None if gone else movement.pk,
        "seq": None if gone else movement.seq,
        "kind": movement.kind,
        "currency": movement.budget.currency,
        "amount_minor": movement.amount,
        "lines": posted(movement),
    }


def way_back(pk: UUID | None, tenant: str, budget: str) -> str:
    """The line that names a movement and says how to undo it; empty where nothing was written."""
    if pk is None:
        return ""
    words = ["manage.py", "reverse", str(pk), "--tenant", tenant, "--budget", budget]
    return f"Movement {pk}. To undo it: {shlex.join(words)}\n"
