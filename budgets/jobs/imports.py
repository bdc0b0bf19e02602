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
from budgets.statements import StatementFile, Survey, survey
from tenants.context import run_for

__all__ = ["BATCH", "Choices", "Classified", "LineStatus", "import_file", "require_currency"]


def require_currency(budget: Budget, file: StatementFile, currency: str = "") -> None:
    """Raise WrongCurrency unless the amounts of a file are in the budget's currency.

    `currency` is the one that somebody named, "" if nobody did. A CSV seldom names its currency,
    so it is assumed to be the budget's. Raises BadStatement for an OFX that names none: somebody
    must name it.
    """
    named = file.currency or currency.upper()
    if not named and file.format == "ofx":
        raise BadStatement(
            f"the statement names no currency: say --currency, such as --currency {budget.currency}"
        )
    if named and named != budget.currency:
        raise WrongCurrency(
            f"the statement is in {named}, the budget in {budget.currency}: nothing was imported"
        )
    if currency and currency.upper() != named:
        raise WrongCurrency(f"the statement is in {named}, not in {currency.upper()}")


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
    surveyed = surveyed or survey(file.lines(budget.exponent))
    tenant_id = cast(UUID, budget.tenant_id)
    begin = Statement.objects.draft if dry_run else Statement.objects.begin
    statement = run_for(tenant_id, partial(begin, budget, file, surveyed, choices))
    take = Statement.objects.classify if dry_run else Statement.objects.import_batch
    for batch in batches(surveyed.lines(), BATCH):
        work = partial(take, statement, batch, surveyed, hold=choices.hold)
        yield from run_for(tenant_id, work)
    if not dry_run:
        run_for(tenant_id, partial(Statement.objects.finish, statement))
