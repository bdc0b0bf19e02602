"""A bank statement's incoming money, cascaded once and only once.

The whole file is read and validated first (`budgets.statements.survey`), so a bad one writes
nothing. Then come batches, each in a transaction of its own: what they did is kept line by
line, so that an interrupted import goes on and a repeated one is empty.

The verbs are `Statement.objects` (review, begin, finish, undo) and `statement.lines.bring`.
"""

from collections.abc import Iterator
from functools import partial
from typing import cast
from uuid import UUID

from budgets.errors import BadStatement, WrongCurrency
from budgets.managers.judging import ASK_NOTHING, BATCH, Choices, Fate, Judged, batches
from budgets.models import Budget, Statement
from budgets.statements import Statement as File
from budgets.statements import Survey, survey
from tenants.context import run_for

__all__ = ["BATCH", "Choices", "Fate", "Judged", "imported", "require_currency"]


def require_currency(budget: Budget, statement_currency: str, said: str, format: str) -> str:
    """The currency of the statement's sums, which is the budget's.

    A CSV seldom names one, so it is taken at the budget's; an OFX that leaves it empty is
    asked about. Raises WrongCurrency, and BadStatement when somebody must say it.
    """
    named = statement_currency or said.upper()
    if not named and format == "ofx":
        raise BadStatement(
            f"the statement names no currency: say --currency, such as --currency {budget.currency}"
        )
    if named and named != budget.currency:
        raise WrongCurrency(
            f"the statement is in {named}, the budget in {budget.currency}: nothing was imported"
        )
    if said and said.upper() != named:
        raise WrongCurrency(f"the statement is in {named}, not in {said.upper()}")
    return named or budget.currency


def imported(
    budget: Budget,
    file: File,
    *,
    dry_run: bool,
    choices: Choices = ASK_NOTHING,
    surveyed: Survey | None = None,
) -> Iterator[Judged]:
    """Import a file, yielding each line and its fate as its batch commits.

    It is surveyed first, unless that was done. A dry run yields the same and writes nothing.
    Raises BadStatement and BadChoice before the first line, and StatementUndone when somebody
    undoes the import while it runs.
    """
    surveyed = surveyed or survey(file.lines())
    tenant_id = cast(UUID, budget.tenant_id)
    begin = Statement.objects.drafted if dry_run else Statement.objects.begin
    statement = run_for(tenant_id, partial(begin, budget, file, surveyed, choices))
    take = statement.lines.judged if dry_run else statement.lines.bring
    for batch in batches(file.lines(), BATCH):
        work = partial(take, statement, batch, surveyed, hold=choices.hold)
        yield from run_for(tenant_id, work)
    if not dry_run:
        run_for(tenant_id, partial(Statement.objects.finish, statement))
