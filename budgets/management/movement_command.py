"""The base class of commands that post one movement: table, dry run and undo hint."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, override

from rich.table import Table

from budgets.management.base import BudgetCommand
from budgets.management.change_tables import moved_table
from budgets.management.ledger_tables import entry_rows
from budgets.management.request_flags import (
    REQUEST_FLAGS,
    BudgetRequest,
    amounts_in_errors,
    rollback_if,
)
from budgets.managers.dispositions import Overflow
from budgets.managers.kinds import MovementKind
from budgets.models import Budget, Movement
from tenants.management.base import Report
from tenants.management.declarations import Argument, argument


class MoneyCommand(BudgetCommand):
    """A command that posts one movement; a subclass implements `move`."""

    arguments: ClassVar[Sequence[Argument]] = (*BudgetCommand.arguments, *REQUEST_FLAGS)
    archived: ClassVar[bool] = True
    """Whether the budget may be archived."""

    def move(self, *args: Any, **options: Any) -> Movement:
        """Post the movement; called with a BudgetRequest and the options of the command."""
        raise NotImplementedError

    @override
    def handle(self, *args: Any, tenant: str, budget: str, by: str | None, **options: Any) -> None:
        def work(found: Budget) -> Report:
            value, table = self.report(BudgetRequest.from_flags(found, **options), **options)
            return value, table, *_hints(value, tenant, budget)

        report = self.on_budget(tenant, budget, work, by=by, archived=self.archived)
        self.print_report(options["json"], report)

    def report(self, request: BudgetRequest, **options: Any) -> tuple[dict[str, Any], Table]:
        """The movement as JSON and as a table."""
        dry_run = options["dry_run"]
        with rollback_if(dry_run), amounts_in_errors(request.budget):
            movement = self.move(request, **options)
            return movement_json(movement, dry_run), moved_table(movement, dry_run=dry_run)


SOURCE = argument("--from", "name or id", "BUCKET", dest="source", required=True)
OVERFLOW = argument(
    "--overflow",
    "where the excess over the target of --into goes (default: the money bucket)",
    choices=[choice.value for choice in Overflow],
    default=Overflow.MONEY.value,
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


def _hints(movement: dict[str, Any], tenant: str, budget: str) -> Iterator[str]:
    """The line with a movement's id and the command that reverses it; none after a dry run."""
    if (pk := movement["movement"]) is None:
        return
    if movement.get("kind") == MovementKind.REVERSAL:
        yield f"Movement {pk}. A reversal cannot be reversed."
        return
    words = ["manage.py", "reverse", str(pk), "--tenant", tenant, "--budget", budget]
    yield f"Movement {pk}. To undo it: {shlex.join(words)}"
