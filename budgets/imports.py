"""A bank statement's incoming money, cascaded once and only once.

The whole file is read and validated first, so a bad one writes nothing. Then come batches, each
in a transaction of its own; keys make an interrupted import resumable and a repeated one empty.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time
from enum import StrEnum
from functools import partial
from itertools import batched
from uuid import UUID

from budgets.errors import BadStatement, WrongCurrency
from budgets.models import Budget, Movement
from budgets.statements import Line, Statement
from tenants.context import run_for

BATCH = 100
"""Lines in one transaction: long enough to be quick, short enough not to keep others waiting."""


class Fate(StrEnum):
    """What becomes of a line."""

    NEW = "new"  # money in, deposited now
    DUPLICATE = "duplicate"  # money in that came in before
    SKIPPED = "skipped"  # money out, or nothing: left alone


type Judged = tuple[Line, Fate]


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


def validated(statement: Statement, tick: Callable[[], None]) -> int:
    """Read every line once and count them. Raises BadStatement at the first bad one."""
    count = 0
    for _ in statement.lines():
        count += 1
        tick()
    return count


def imported(budget: Budget, statement: Statement, *, dry_run: bool) -> Iterator[Judged]:
    """Import a validated statement, yielding each line with its fate as its batch commits."""
    tenant_id = budget.tenant_id
    assert tenant_id is not None
    seen: set[str] = set()
    for batch in batched(statement.lines(), BATCH):  # the last may be shorter
        work = partial(_judge, budget.pk, statement, batch, seen, dry_run=dry_run)
        judged = run_for(tenant_id, work)
        seen |= {line.identity for line, fate in judged if fate is Fate.NEW}
        yield from judged


def _judge(
    budget_id: UUID, statement: Statement, batch: tuple[Line, ...], seen: set[str], *, dry_run: bool
) -> list[Judged]:
    """Deposit the new lines of a batch under the budget's lock; say what became of each."""
    keys = {line.identity: f"statement:{line.identity}" for line in batch if line.amount > 0}
    if not keys:
        return [(line, Fate.SKIPPED) for line in batch]
    budget = Budget.objects.get(pk=budget_id)
    if not dry_run:
        budget.acquire()
    known = Movement.objects.filter(budget=budget, key__in=keys.values())
    taken = seen | set(known.values_list("key", flat=True))
    judged = []
    for line in batch:
        if line.amount <= 0:
            judged.append((line, Fate.SKIPPED))
        elif taken.isdisjoint((line.identity, keys[line.identity])):
            if not dry_run:
                _deposit(budget, statement, line, keys[line.identity])
            taken.add(line.identity)
            judged.append((line, Fate.NEW))
        else:
            judged.append((line, Fate.DUPLICATE))
    return judged


def _deposit(budget: Budget, statement: Statement, line: Line, key: str) -> Movement:
    return Movement.objects.deposit(
        budget,
        line.amount,
        key=key,
        # Noon, so that the bank's date is the date in almost every time zone.
        effective_at=datetime.combine(line.posted, time(12), UTC),
        memo=line.description[:500],
        source=f"statement {statement.sha256[:12]} line {line.number}",
        metadata={"account": line.account, "bank_id": line.external_id},
    )
