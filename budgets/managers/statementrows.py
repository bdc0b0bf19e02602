"""The rows of statements and their lines: the primitives that the verbs of imports need.

`DatabaseStatementRows` has those of PostgreSQL, `budgets.testing` those of a ledger in memory.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps

from budgets.managers.matching import LineStatus, Moved, is_changed
from budgets.managers.requests import RequestOptions
from budgets.statements import StatementFile
from tenants.errors import Conflict
from tenants.managers.verbs import refused_as

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Statement, StatementLine

_ONCE = ("budgets_statementline_once", "budgets_statementline_unnamed_once")


class StatementRows:
    """The rows in PostgreSQL; `statements` is their manager."""

    def __init__(self, statements: Any) -> None:
        self._statements = statements
        self._lines: Any = apps.get_model("budgets.StatementLine").objects

    def standing(self, budget: "Budget", file: StatementFile) -> "Statement | None":
        """The import of this file, and of its picked account, that was not undone."""
        rows = self._statements.standing().filter(
            budget=budget, sha256=file.sha256, account=file.account
        )
        statement: Statement | None = rows.select_related("budget").first()
        return statement

    def insert(self, statement: "Statement") -> None:
        """Write a new import."""
        statement.save(force_insert=True)

    def update(self, statement: "Statement", *columns: str) -> None:
        """Write some columns of an import."""
        statement.save(update_fields=columns)

    def renew(self, statement: "Statement") -> None:
        """Read anew what verbs change: decisions, trust, and whether it was undone."""
        statement.refresh_from_db(fields=["decisions", "trusted", "undone_at", "undo_key"])

    def mark_imported(self, statement: "Statement", now: datetime) -> None:
        """Set when its last line was imported, the first time."""
        self._statements.filter(pk=statement.pk, imported_at=None).update(imported_at=now)

    def of_identity(self, identities: Collection[str]) -> "Sequence[StatementLine]":
        """The lines of the tenant that have one of these identities, with their origin."""
        return list(self._lines.filter(identity__in=identities).with_origin())

    def deposited(
        self, days: Collection[date], amounts: Collection[int]
    ) -> "Sequence[StatementLine]":
        """The new lines of the tenant with these days and amounts, with their origin, by id."""
        rows = self._lines.new().filter(posted__in=days, amount__in=amounts)
        return list(rows.with_origin().order_by("id"))

    def moved(self, budget: "Budget", keys: Collection[str]) -> Moved:
        """The movements of the budget with these keys."""
        rows = budget.movements.filter(key__in=keys).values_list("key", "amount", "effective_at")
        return {key: (amount, at.date()) for key, amount, at in rows if key}

    def balances(self, budget: "Budget", file: StatementFile) -> list[dict[str, Any]]:
        """The balances that the standing imports of other files stored, the newest import first."""
        rows = self._statements.standing().filter(budget=budget).exclude(balances=[])
        found = rows.exclude(sha256=file.sha256).order_by("-created_at")
        return [each for stored in found.values_list("balances", flat=True) for each in stored]

    def standing_lines(self, statement: "Statement") -> "list[StatementLine]":
        """The new lines whose deposit is not reversed, with their movement, the newest first."""
        standing = statement.lines.new().filter(movement__reversals=None)
        return list(standing.select_related("movement").order_by("-movement__seq"))

    def reverse(
        self, budget: "Budget", wanted: "Sequence[tuple[Movement, RequestOptions]]"
    ) -> None:
        """Reverse movements: all or none.

        Raises ReversalRefused, whose figure `refused` has each refusal by the movement's id.
        """
        budget.movements.reverse_many(budget, wanted)

    def mark_undone(self, statement: "Statement") -> None:
        """Set the status of its new lines to undone."""
        statement.lines.new().update(status=LineStatus.UNDONE)

    def kept(
        self, statement: "Statement", numbers: Collection[int]
    ) -> "Mapping[int, StatementLine]":
        """The stored lines of an import with these numbers."""
        return {row.number: row for row in statement.lines.filter(number__in=numbers)}

    def keep(self, statement: "Statement", lines: "list[StatementLine]") -> None:
        """Insert lines; update the changed ones that an interrupted import inserted.

        Raises Conflict when another budget was given one of the lines meanwhile.
        """
        kept = self.kept(statement, {line.number for line in lines})
        changed = []
        for line in lines:
            earlier = kept.get(line.number)
            if earlier and is_changed(earlier, line):
                earlier.status, earlier.movement = line.status, line.movement
                earlier.copy = line.copy
                changed.append(earlier)
        refusal = Conflict("another budget was given the same line just now")
        with refused_as(dict.fromkeys(_ONCE, refusal)):
            self._lines.bulk_create([line for line in lines if line.number not in kept])
            self._lines.bulk_update(changed, ["status", "movement", "copy"])

    def reversals(self, statement: "Statement") -> "list[Movement]":
        """The movements that an undo made, in order."""
        mine = statement.budget.movements.filter(key__startswith=f"undo:{statement.pk}:")
        return list(mine.order_by("seq"))
