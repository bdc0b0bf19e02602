"""The reads of the managers, and the same statements without Django: called in clients."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from bench.performance.measure import Slice, slice_of
from budgets.models import Budget, Entry
from tenants.context import acting_for, run_for

type Statements = dict[str, list[tuple[str, Any]]]
"""Read -> its statements with their parameters."""

READS: dict[str, Callable[[Budget], object]] = {
    "ledger page of 50": lambda budget: Entry.objects.page({"budget": budget.pk}, limit=50),
    "dashboard": lambda budget: Budget.objects.dashboard(budget),
}


class _State:
    tenant: UUID
    budget: Budget
    connection: psycopg.Connection
    statements: Statements


def prepare(tenant: UUID, budget_id: UUID) -> Statements:
    """Keep the budget, and note the statements of each read."""
    _State.tenant = tenant
    _State.budget = run_for(tenant, partial(Budget.objects.get, pk=budget_id))
    return {name: _noted(partial(read, _State.budget)) for name, read in READS.items()}


def read_once(name: str) -> None:
    """One read in a block of its own."""
    run_for(_State.tenant, partial(READS[name], _State.budget))


def slice_of_read(name: str, seconds: float, inside: bool) -> Slice:
    """One slice of a read of the managers, in a block of its own or all in one."""
    if not inside:
        return slice_of(lambda number: read_once(name), seconds)
    with acting_for(_State.tenant):
        return slice_of(lambda number: READS[name](_State.budget), seconds)


def prepare_bare(url: str, tenant: UUID, statements: Statements) -> None:
    """Connect as role app, and keep the statements."""
    _State.connection = psycopg.connect(url, autocommit=True)
    _State.tenant, _State.statements = tenant, statements


def bare_slice(name: str, seconds: float, inside: bool) -> Slice:
    """One slice of the same statements, in a transaction of their own or all in one."""
    cursor = _State.connection.cursor(binary=True)

    def enter() -> None:
        cursor.execute("SELECT use_tenant(%s)", [_State.tenant], prepare=True)

    def read(number: int) -> None:
        for text, values in _State.statements[name]:
            cursor.execute(text.encode(), values, prepare=True)
            cursor.fetchall()

    def read_in_block(number: int) -> None:
        with _State.connection.transaction():
            enter()
            read(number)

    if not inside:
        return slice_of(read_in_block, seconds)
    with _State.connection.transaction():
        enter()
        return slice_of(read, seconds)


def _noted(read: Callable[[], object]) -> list[tuple[str, Any]]:
    """The SELECT statements of a read as the driver gets them, without those of the block.

    The driver is asked, and not Django's log, which does not see statements on its own cursors.
    """
    noted: list[tuple[str, Any]] = []
    execute = psycopg.Cursor.execute

    def note(cursor: Any, query: Any, params: Any = None, **options: Any) -> Any:
        text = query.as_string(None) if hasattr(query, "as_string") else query
        text = text.decode() if isinstance(text, bytes) else str(text)
        noted.append((text, params))
        return execute(cursor, query, params, **options)

    run_for(_State.tenant, read)  # once before, so that nothing is asked for the first time
    psycopg.Cursor.execute = note  # type: ignore[method-assign, assignment]
    try:
        run_for(_State.tenant, read)
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]
    found = [each for each in noted if _reads(each[0])]
    if not found:
        raise RuntimeError("no statement of the read passed the driver")
    return found


def _reads(text: str) -> bool:
    """Whether a statement reads rows, and does not begin a block."""
    return text.lstrip().upper().startswith(("SELECT", "WITH")) and "tenant(" not in text
