"""Imports of bank statements: reviewed, begun, finished, undone."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import BigIntegerField, Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from budgets.errors import UndoRefused, UnknownStatement
from budgets.managers.dispositions import require_in_use
from budgets.managers.judging import ASK_NOTHING, Choices, Fate, Judged, batches
from budgets.managers.keys import answered
from budgets.managers.requests import require_key
from budgets.roles import verb
from budgets.statements import Statement as File
from budgets.statements import Survey, survey
from tenants.access import quotas
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Statement

_SHORTEST_PREFIX = 4


class StatementQuerySet(TenantQuerySet["Statement"]):
    """Filters on statements."""

    def standing(self) -> Self:
        """Imports that were not undone."""
        return self.filter(undone_at=None)

    def begun_since(self, moment: datetime) -> Self:
        """Imports that were begun then or later, whatever became of them."""
        return self.filter(created_at__gte=moment)

    def tallied(self) -> Self:
        """Latest first, with `came`, how many lines came in; `brought`, minor units; and `held`."""
        came = Q(lines__fate__in=[Fate.NEW, Fate.UNDONE])
        return self.order_by("-created_at").annotate(
            came=Count("lines", filter=came),
            brought=Coalesce(Sum("lines__amount", filter=came), 0, output_field=BigIntegerField()),
            held=Count("lines", filter=Q(lines__fate=Fate.HELD)),
        )


_Manager = models.Manager.from_queryset(StatementQuerySet)


class StatementManager(_Manager["Statement"], TenantManager["Statement"]):
    """The verbs of an import but for its batches, which are `StatementLineManager.bring`."""

    def get_by_name(self, budget: "Budget", name: str) -> "Statement":
        """The import of that id, or the one that stands whose file's SHA-256 begins so.

        Raises UnknownStatement, also when several do.
        """
        rows, found = self.filter(budget=budget), []
        with suppress(ValueError):
            found = list(rows.filter(pk=UUID(name)))
        if not found and len(name) >= _SHORTEST_PREFIX:
            found = list(rows.standing().filter(sha256__startswith=name.lower()))
        if len(found) != 1:
            how_many = "several imports" if found else "no import"
            raise UnknownStatement(f"the budget has {how_many} {name!r}: say its id", name=name)
        [statement] = found
        return statement

    def review(
        self, budget: "Budget", file: File, choices: Choices = ASK_NOTHING
    ) -> Iterator[Judged]:
        """What would become of each incoming line, and why; writes nothing.

        Raises BadStatement and BadChoice before the first.
        """
        surveyed = survey(file.lines())
        statement = self.drafted(budget, file, surveyed, choices)
        for batch in batches(line for line in file.lines() if line.amount > 0):
            yield from statement.lines.judged(statement, batch, surveyed, hold=choices.hold)

    def drafted(
        self, budget: "Budget", file: File, surveyed: Survey, choices: Choices
    ) -> "Statement":
        """The import of the file that stands, or one not written yet, with its decisions.

        Raises BudgetArchived.
        """
        require_in_use(budget)
        decisions = choices.decisions(surveyed)
        rows = self.standing().filter(budget=budget, sha256=file.sha256, account=file.account)
        statement: Statement = rows.select_related("budget").first() or self.model(
            budget=budget,
            sha256=file.sha256,
            account=file.account,
            name=file.path.name.encode(errors="replace").decode(),
            format=file.format,
            currency=budget.currency,
            total=surveyed.total,
            outgoing=surveyed.outgoing,
        )
        statement.decisions = statement.decisions | decisions
        return statement

    @verb("statements.import")
    def begin(
        self, budget: "Budget", file: File, surveyed: Survey, choices: Choices
    ) -> "Statement":
        """Write down that the file is being imported, and what somebody decided about its lines.

        An import that stands is gone on with, so an interrupted one can be repeated.
        Raises QuotaReached.
        """
        budget.acquire()
        statement = self.drafted(budget, file, surveyed, choices)
        if statement._state.adding:
            quotas.require("imports_per_month")
            statement.save(force_insert=True)
        elif choices.skip or choices.include:
            statement.save(update_fields=["decisions"])
        return statement

    @verb("statements.import")
    def finish(self, statement: "Statement") -> None:
        """Write down that every line has been dealt with, the first time."""
        self.filter(pk=statement.pk, imported_at=None).update(imported_at=timezone.now())

    @verb("statements.undo")
    def undo(self, statement: "Statement", *, key: str | None = None) -> "list[Movement]":
        """Reverse every deposit of an import that stands, newest first: all of them or none.

        What was reversed by hand is left alone. The lines can then come in again: a movement's
        key carries the attempt, and a line that is undone is no longer in the way of its like.
        Repeating the `key` returns the same reversals. Raises UndoRefused, whose figure `lines`
        says which are in the way, or whose `why` is undone; KeyReused.
        """
        budget = statement.budget
        require_key(key)
        budget.acquire()
        statement.refresh_from_db()
        repeated = answered(self.db, budget.pk, key, f"undo:{statement.pk}") is not None
        if not repeated:
            if statement.undone_at is not None:
                raise UndoRefused("it was undone before", why="undone")
            statement.lines.take_back(statement)
            statement.undone_at, statement.undo_key = timezone.now(), key
            statement.save(update_fields=["undone_at", "undo_key"])
        statement.repeated = repeated
        return self.reversals(statement)

    def reversals(self, statement: "Statement") -> "list[Movement]":
        """What `undo` made, in the order it happened."""
        mine = statement.budget.movements.filter(key__startswith=f"undo:{statement.pk}:")
        reversals: list[Movement] = list(mine.order_by("seq"))
        for reversal in reversals:
            reversal.repeated = statement.repeated
        return reversals
