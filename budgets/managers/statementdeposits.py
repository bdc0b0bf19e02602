"""The rows, deposits and reversals of a statement and its lines, as the verbs of imports need them.

Pure.
"""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from budgets.errors import ReversalRefused, UndoRefused
from budgets.managers.bulk import Deposit
from budgets.managers.matching import LONGEST_DESCRIPTION, Classified
from budgets.managers.requests import RequestOptions
from budgets.managers.statementbalances import stored_balances
from budgets.statements import StatementFile, Survey

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Statement, StatementLine

REREAD = ("total", "outgoing", "balances", "misfit")
"""The columns of an import that reading the file with other options may change."""

_STORED = (*REREAD, "decisions", "trusted")

_LISTED = 5  # lines in the text of a refusal


def statement_values(budget: "Budget", file: StatementFile, surveyed: Survey) -> dict[str, Any]:
    """The columns of a new import."""
    return {
        "budget": budget,
        "sha256": file.sha256,
        "account": file.account,
        "name": file.path.name.encode(errors="replace").decode(),
        "format": file.format,
        "currency": budget.currency,
        "total": surveyed.total,
        "outgoing": surveyed.outgoing,
        "balances": [stored_balances(each) for each in surveyed.balances],
        "misfit": str(surveyed.misfit or ""),
    }


def stored_values(statement: "Statement | None") -> dict[str, Any]:
    """The columns that a repeated import may change, with their values."""
    return {name: getattr(statement, name) for name in _STORED} if statement else {}


def line_values(statement: "Statement", classified: Classified) -> dict[str, Any]:
    """The columns of a line, without its movement."""
    line = classified.line
    return {
        "statement": statement,
        "budget": statement.budget,
        "number": line.number,
        "account": line.account,
        "identity": line.identity,
        "posted": line.posted,
        "amount": line.amount,
        "currency": statement.currency,
        "description": line.description[:LONGEST_DESCRIPTION],
        "status": classified.status,
        "copy": classified.copy,
    }


def deposit_of(statement: "Statement", classified: Classified) -> Deposit:
    """The deposit of a new line."""
    line = classified.line
    options = RequestOptions(
        key=classified.key,
        # Noon, so that the bank's date is the date in almost every time zone.
        effective_at=datetime.combine(line.posted, time(12), UTC),
        memo=line.description[:500],
        source=f"statement {statement.sha256[:12]} line {line.number}",
        metadata={"account": line.account, "bank_id": line.external_id},
    )
    return Deposit(statement.budget_id, line.amount, options)


def reversal_options(
    statement: "Statement", line: "StatementLine", movement: "Movement"
) -> RequestOptions:
    """The options of a line's reversal; an import is undone once, so its keys are new."""
    return RequestOptions(
        key=f"undo:{statement.pk}:{movement.seq}",
        memo=f"undone: {line.description}"[:500],
        source=f"undo of statement {statement.sha256[:12]}",
    )


def undo_refused(lines: "list[StatementLine]", refused: dict[UUID, ReversalRefused]) -> UndoRefused:
    """The refusal that lists the lines that cannot be reversed, oldest first."""
    found = [
        {"line": line.number, "said": str(refused[line.movement_id])}
        | refused[line.movement_id].figures
        for line in reversed(lines)
        if line.movement_id in refused
    ]
    listed = "; ".join(f"line {each['line']}: {each['said']}" for each in found[:_LISTED])
    more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    text = f"nothing was undone, for some lines cannot be: {listed}{more}"
    return UndoRefused(text, lines=found)
