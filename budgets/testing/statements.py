"""Imports of statements in memory: `StatementVerbs` on a store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, override
from uuid import UUID

from budgets.errors import ReversalRefused, UnknownStatement
from budgets.interfaces import AnyRow
from budgets.managers.matching import LineStatus, Moved, is_changed
from budgets.managers.requests import RequestOptions
from budgets.managers.statementfacts import LineFacts, StatementFacts
from budgets.managers.statementrows import StatementRows
from budgets.managers.statements import SHORTEST_PREFIX
from budgets.managers.statementverbs import StatementVerbs
from budgets.statements import StatementFile
from budgets.testing.rows import Movement, OfBudget
from budgets.testing.store import Store
from budgets.testing.verbs import MemoryDAO, MemoryMovements
from tenants.managers.naming import uuid_of


@dataclass(eq=False, kw_only=True)
class Statement(StatementFacts, OfBudget):
    """One import of a file into a budget."""

    sha256: str
    account: str
    name: str
    format: str
    currency: str
    total: int
    outgoing: int
    decisions: dict[str, str] = field(default_factory=dict)
    balances: list[dict[str, Any]] = field(default_factory=list)
    misfit: str = ""
    trusted: bool = False
    imported_at: datetime | None = None
    undone_at: datetime | None = None
    undo_key: str | None = None


@dataclass(eq=False, kw_only=True)
class StatementLine(LineFacts, OfBudget):
    """An incoming line and its status."""

    statement_id: UUID
    number: int
    account: str
    identity: str
    posted: date
    amount: int
    currency: str
    description: str
    status: str
    copy: int = 0
    movement_id: UUID | None = None

    @property
    def statement(self) -> Statement:
        """As it is now."""
        return self.store.get(Statement, self.statement_id)

    @property
    def movement(self) -> Movement | None:
        """Its deposit."""
        return self.store.get(Movement, self.movement_id) if self.movement_id else None


class MemoryStatements(MemoryDAO, StatementVerbs):
    """Imports statements as StatementManager does; no quota is counted."""

    def get_by_name(self, budget: AnyRow, name: str) -> Statement:
        """The import with that id, or the standing one whose file's SHA-256 begins with it."""
        found = self._store.all(Statement, budget_id=budget.pk, pk=uuid_of(name))
        if not found and len(name) >= SHORTEST_PREFIX:
            standing = self._store.all(Statement, budget_id=budget.pk, undone_at=None)
            found = [row for row in standing if row.sha256.startswith(name.lower())]
        if len(found) != 1:
            how_many = "several imports" if found else "no import"
            raise UnknownStatement(f"the budget has {how_many} {name!r}: say its id", name=name)
        return found[0]

    @property
    def _rows(self) -> "MemoryStatementRows":
        return MemoryStatementRows(self._store)


class MemoryStatementRows(StatementRows):
    """The rows in a store; nobody else writes at the same time, so nothing is locked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    def standing(self, budget: AnyRow, file: StatementFile) -> Any:
        wanted = {"budget_id": budget.pk, "sha256": file.sha256, "account": file.account}
        return next(iter(self._store.all(Statement, undone_at=None, **wanted)), None)

    @override
    def insert(self, statement: AnyRow) -> None:
        self._store.put(statement)

    @override
    def update(self, statement: AnyRow, *columns: str) -> None:
        row = self._store.get(Statement, statement.pk)
        for name in columns:
            setattr(row, name, getattr(statement, name))
        self._store.put(row)
        self._store.keys.take(row.budget_id, row.undo_key, f"undo:{row.pk}", row.pk)

    @override
    def renew(self, statement: AnyRow) -> None:
        self._store.renew(statement)

    @override
    def mark_imported(self, statement: AnyRow, now: datetime) -> None:
        row = self._store.get(Statement, statement.pk)
        row.imported_at = row.imported_at or now
        self._store.put(row)

    @override
    def of_identity(self, identities: Collection[str]) -> Sequence[Any]:
        return [row for row in self._store.all(StatementLine) if row.identity in identities]

    @override
    def deposited(self, days: Collection[date], amounts: Collection[int]) -> Sequence[Any]:
        new = self._store.all(StatementLine, status=LineStatus.NEW)
        return [row for row in new if row.posted in days and row.amount in amounts]

    @override
    def moved(self, budget: AnyRow, keys: Collection[str]) -> Moved:
        mine = self._store.all(Movement, budget_id=budget.pk)
        found = ((row.key, row.amount, row.effective_at.date()) for row in mine)
        return {key: (amount, day) for key, amount, day in found if key and key in keys}

    @override
    def balances(self, budget: AnyRow, file: StatementFile) -> list[dict[str, Any]]:
        rows = self._store.all(Statement, budget_id=budget.pk, undone_at=None)
        others = [row for row in reversed(rows) if row.sha256 != file.sha256]
        return [each for row in others for each in row.balances]

    @override
    def standing_lines(self, statement: AnyRow) -> list[Any]:
        gone = {row.reverses_id for row in self._store.all(Movement)}
        lines = [line for line in self._new(statement) if line.movement_id not in gone]
        return sorted(lines, key=lambda line: -line.movement.seq)

    @override
    def reverse(self, budget: AnyRow, wanted: Sequence[tuple[Any, RequestOptions]]) -> None:
        movements, refused = MemoryMovements(self._store), {}
        with self._store.all_or_nothing():
            for movement, options in wanted:
                try:
                    movements.reverse_movement(movement, **options)
                except ReversalRefused as refusal:
                    refused[movement.pk] = refusal
            if refused:
                raise ReversalRefused("some movements cannot be reversed", refused=refused)

    @override
    def mark_undone(self, statement: AnyRow) -> None:
        for line in self._new(statement):
            line.status = LineStatus.UNDONE
            self._store.put(line)

    @override
    def kept(self, statement: AnyRow, numbers: Collection[int]) -> Mapping[int, Any]:
        rows = self._store.all(StatementLine, statement_id=statement.pk)
        return {row.number: row for row in rows if row.number in numbers}

    @override
    def keep(self, statement: AnyRow, lines: list[Any]) -> None:
        kept = self.kept(statement, {line.number for line in lines})
        for line in lines:
            row = kept.get(line.number, line)
            if row is not line and is_changed(row, line):
                row.status, row.movement_id = line.status, line.movement_id
                row.copy = line.copy
            self._store.put(row)

    @override
    def reversals(self, statement: AnyRow) -> list[Any]:
        mine = self._store.all(Movement, budget_id=statement.budget_id)  # in the order of their seq
        return [row for row in mine if (row.key or "").startswith(f"undo:{statement.pk}:")]

    def _new(self, statement: AnyRow) -> list[StatementLine]:
        return self._store.all(StatementLine, statement_id=statement.pk, status=LineStatus.NEW)
