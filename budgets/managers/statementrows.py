"""The rows of statements and their lines: the primitives that the verbs of imports need.

`DatabaseStatementRows` has those of PostgreSQL, `budgets.testing` those of a ledger in memory.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, override

from django.apps import apps

from budgets.managers.matching import LineStatus
from budgets.managers.requests import RequestOptions
from budgets.statements import StatementFile
from tenants.access import quotas
from tenants.errors import Conflict, ConstraintBroken

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Statement, StatementLine

_ONCE = {"budgets_statementline_once", "budgets_statementline_unnamed_once"}


class StatementRows(ABC):
    """Reads and writes; the verbs decide."""

    @abstractmethod
    def standing(self, budget: "Budget", file: StatementFile) -> "Statement | None":
        """The import of this file, and of its picked account, that was not undone."""

    @abstractmethod
    def require_quota(self) -> None:
        """Raise QuotaReached when the tenant has begun as many imports as it may this month."""

    @abstractmethod
    def insert(self, statement: "Statement") -> None:
        """Write a new import."""

    @abstractmethod
    def update(self, statement: "Statement", *columns: str) -> None:
        """Write some columns of an import."""

    @abstractmethod
    def renew(self, statement: "Statement") -> None:
        """Read anew what verbs change: the decisions, and whether it was undone."""

    @abstractmethod
    def mark_imported(self, statement: "Statement", now: datetime) -> None:
        """Set when its last line was imported, the first time."""

    @abstractmethod
    def of_identity(self, identities: Collection[str]) -> "Sequence[StatementLine]":
        """The lines of the tenant that have one of these identities, with their origin."""

    @abstractmethod
    def deposited(
        self, days: Collection[date], amounts: Collection[int]
    ) -> "Sequence[StatementLine]":
        """The new lines of the tenant with these days and amounts, with their origin, by id."""

    @abstractmethod
    def moved_keys(self, budget: "Budget", keys: Collection[str]) -> frozenset[str]:
        """The keys that movements of the budget have."""

    @abstractmethod
    def standing_lines(self, statement: "Statement") -> "list[StatementLine]":
        """The new lines whose deposit is not reversed, with their movement, the newest first."""

    @abstractmethod
    def reverse(
        self, budget: "Budget", wanted: "Sequence[tuple[Movement, RequestOptions]]"
    ) -> None:
        """Reverse movements: all or none.

        Raises ReversalRefused, whose figure `refused` has each refusal by the movement's id.
        """

    @abstractmethod
    def mark_undone(self, statement: "Statement") -> None:
        """Set the status of its new lines to undone."""

    @abstractmethod
    def keep(self, statement: "Statement", lines: "list[StatementLine]") -> None:
        """Insert lines; update the changed ones that an interrupted import inserted.

        Raises Conflict when another budget was given one of the lines meanwhile.
        """

    @abstractmethod
    def reversals(self, statement: "Statement") -> "list[Movement]":
        """The movements that an undo made, in order."""


class DatabaseStatementRows(StatementRows):
    """The rows in PostgreSQL; `statements` is their manager."""

    def __init__(self, statements: Any) -> None:
        self._statements = statements
        self._lines: Any = apps.get_model("budgets.StatementLine").objects

    @override
    def standing(self, budget: "Budget", file: StatementFile) -> "Statement | None":
        rows = self._statements.standing().filter(
            budget=budget, sha256=file.sha256, account=file.account
        )
        statement: Statement | None = rows.select_related("budget").first()
        return statement

    @override
    def require_quota(self) -> None:
        quotas.require("imports_per_month")

    @override
    def insert(self, statement: "Statement") -> None:
        statement.save(force_insert=True)

    @override
    def update(self, statement: "Statement", *columns: str) -> None:
        statement.save(update_fields=columns)

    @override
    def renew(self, statement: "Statement") -> None:
        statement.refresh_from_db(fields=["decisions", "undone_at", "undo_key"])

    @override
    def mark_imported(self, statement: "Statement", now: datetime) -> None:
        self._statements.filter(pk=statement.pk, imported_at=None).update(imported_at=now)

    @override
    def of_identity(self, identities: Collection[str]) -> "Sequence[StatementLine]":
        return list(self._lines.filter(identity__in=identities).with_origin())

    @override
    def deposited(
        self, days: Collection[date], amounts: Collection[int]
    ) -> "Sequence[StatementLine]":
        rows = self._lines.new().filter(posted__in=days, amount__in=amounts)
        return list(rows.with_origin().order_by("id"))

    @override
    def moved_keys(self, budget: "Budget", keys: Collection[str]) -> frozenset[str]:
        moved = budget.movements.filter(key__in=keys).values_list("key", flat=True)
        return frozenset(filter(None, moved))

    @override
    def standing_lines(self, statement: "Statement") -> "list[StatementLine]":
        standing = statement.lines.new().filter(movement__reversals=None)
        return list(standing.select_related("movement").order_by("-movement__seq"))

    @override
    def reverse(
        self, budget: "Budget", wanted: "Sequence[tuple[Movement, RequestOptions]]"
    ) -> None:
        budget.movements.reverse_many(budget, wanted)

    @override
    def mark_undone(self, statement: "Statement") -> None:
        statement.lines.new().update(status=LineStatus.UNDONE)

    @override
    def keep(self, statement: "Statement", lines: "list[StatementLine]") -> None:
        numbers = [line.number for line in lines]
        kept = {row.number: row for row in statement.lines.filter(number__in=numbers)}
        changed = []
        for line in lines:
            earlier = kept.get(line.number)
            if earlier and earlier.status not in (LineStatus.NEW, line.status):
                earlier.status, earlier.movement = line.status, line.movement
                changed.append(earlier)
        try:
            self._lines.bulk_create([line for line in lines if line.number not in kept])
            self._lines.bulk_update(changed, ["status", "movement"])
        except ConstraintBroken as error:
            if error.constraint not in _ONCE:
                raise
            raise Conflict("another budget was given the same line just now") from error

    @override
    def reversals(self, statement: "Statement") -> "list[Movement]":
        mine = statement.budget.movements.filter(key__startswith=f"undo:{statement.pk}:")
        return list(mine.order_by("seq"))
