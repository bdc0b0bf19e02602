"""The import of a bank statement: each incoming line becomes one deposit, exactly once.

The whole file is read and validated first (`budgets.statements.survey`), so a bad file writes
nothing. Then its lines are imported in batches, each in a transaction of its own. The status of
every line is stored, so an interrupted import can continue and a repeated import does nothing.

The verbs are those of `Statement.objects`: review, begin, import_batch, finish, undo.
"""

from collections.abc import Iterator
from functools import partial
from typing import cast
from uuid import UUID

from budgets.errors import BadStatement, WrongCurrency
from budgets.managers.matching import BATCH, NO_CHOICES, Choices, Classified, LineStatus, batches
from budgets.models import Budget, Statement
from budgets.statements import StatementFile, StatementFormat, Survey, survey
from tenants.context import run_for

__all__ = [
    "BATCH",
    "Choices",
    "Classified",
    "LineStatus",
    "import_file",
    "notes_on",
    "require_currency",
]


def require_currency(budget: Budget, file: StatementFile, currency: str = "") -> None:
    """Raise WrongCurrency unless a file has amounts in the budget's currency.

    `currency` is the one that somebody named, "" if nobody did. A CSV or QIF seldom names its
    currency, so it is assumed to be the budget's. Raises BadStatement for a file of another format
    that names none: somebody must name it. A file that marks the currency of each line may have
    several: lines in other currencies are not imported.
    """
    said = currency.upper()
    named = {account.currency for account in file.accounts} - {""} or {said} - {""}
    if not named and StatementFormat(file.format).names_currency:
        raise BadStatement(
            f"the statement names no currency: say --currency, such as --currency {budget.currency}"
        )
    there = " and ".join(sorted(named))
    if named and budget.currency not in named:
        raise WrongCurrency(
            f"the statement is in {there}, the budget in {budget.currency}: nothing was imported"
        )
    if said and said not in named:
        raise WrongCurrency(f"the statement is in {there}, not in {said}")


def import_file(
    budget: Budget,
    file: StatementFile,
    *,
    dry_run: bool,
    choices: Choices = NO_CHOICES,
    surveyed: Survey | None = None,
) -> Iterator[Classified]:
    """Import a file, yielding each line with its status when its batch has committed.

    Without `surveyed` it is surveyed first. A dry run yields the same and writes nothing. Opens
    its own blocks. Raises BadStatement and BadChoice before the first line, and StatementUndone
    when somebody undoes the import while it runs.
    """
    surveyed = surveyed or survey(file, budget.exponent, budget.currency)
    tenant_id = cast(UUID, budget.tenant_id)
    begin = Statement.objects.draft if dry_run else Statement.objects.begin
    statement = run_for(tenant_id, partial(begin, budget, file, surveyed, choices))
    take = Statement.objects.classify if dry_run else Statement.objects.import_batch
    for batch in batches(surveyed.lines(), 10 * BATCH if dry_run else BATCH):  # it locks nothing
        work = partial(take, statement, batch, surveyed, hold=choices.hold)
        yield from run_for(tenant_id, work)
    if not dry_run:
        run_for(tenant_id, partial(Statement.objects.finish, statement))


def notes_on(
    budget: Budget, file: StatementFile, surveyed: Survey, choices: Choices
) -> tuple[bool, list[str]]:
    """Whether the lines count although balances contradict them, and warnings about balances.

    Opens its own block.
    """

    def work() -> tuple[bool, list[str]]:
        statement = Statement.objects.draft(budget, file, surveyed, choices)
        return statement.trusted, Statement.objects.balance_warnings(budget, file, surveyed)

    return run_for(cast(UUID, budget.tenant_id), work)
