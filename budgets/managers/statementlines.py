"""The incoming lines of statements: judged against all that came in before, and brought in."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from budgets.errors import ReversalRefused, StatementUndone, UndoRefused
from budgets.managers.bulk import Deposit
from budgets.managers.judging import Bench, Fate, Judged, movement_key
from budgets.managers.requests import RequestOptions
from budgets.roles import verb
from budgets.statements import Line, Survey
from tenants.errors import Conflict, ConstraintBroken
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Movement, Statement, StatementLine

_NAMED = 5  # lines named in a refusal
_ONCE = {"budgets_statementline_once", "budgets_statementline_unnamed_once"}


class StatementLineQuerySet(TenantQuerySet["StatementLine"]):
    """Filters on lines."""

    def new(self) -> Self:
        """Lines whose money is in."""
        return self.filter(fate=Fate.NEW)

    def held(self) -> Self:
        """Lines that wait for somebody's decision, in the file's order."""
        return self.filter(fate=Fate.HELD).order_by("number")

    def told(self) -> Self:
        """With what is told of a line besides: its file and its budget."""
        return self.select_related("statement", "budget").defer("statement__decisions")

    def movement_mismatch(self) -> Self:
        """Lines that are not the movement they name, or undone while it stands."""
        elsewhere = ~Q(movement__budget=F("budget")) | ~Q(statement__budget=F("budget"))
        standing = Q(fate=Fate.UNDONE, movement__reversals=None)
        return self.exclude(movement=None).filter(
            elsewhere | standing | ~Q(movement__amount=F("amount"))
        )


_Manager = models.Manager.from_queryset(StatementLineQuerySet)


class StatementLineManager(_Manager["StatementLine"], TenantManager["StatementLine"]):
    """What became of the lines; also of one statement's, as `statement.lines`."""

    def judged(
        self, statement: "Statement", batch: Sequence[Line], surveyed: Survey, *, hold: bool
    ) -> list[Judged]:
        """What would become of the lines of a batch as things stand; writes nothing."""
        bench = self._bench(statement, [line for line in batch if line.amount > 0], surveyed)
        if hold:
            doubtful = [line for line in batch if line.amount > 0 and not bench.repeated(line)]
            bench = replace(bench, alike=self._alike(doubtful, surveyed))
        return [bench.verdict(line) for line in batch]

    @verb("statements.import")
    def bring(
        self, statement: "Statement", batch: Sequence[Line], surveyed: Survey, *, hold: bool
    ) -> list[Judged]:
        """Deposit the new lines of a batch, under the budget's lock, and keep what became of all.

        Raises StatementUndone, and Conflict when another budget was given a line meanwhile.
        """
        budget = statement.budget
        budget.acquire()
        statement.refresh_from_db(fields=["undone_at", "decisions"])
        if statement.undone_at:
            raise StatementUndone
        judged = self.judged(statement, batch, surveyed, hold=hold)
        new = [each for each in judged if each.fate == Fate.NEW]
        made = budget.movements.deposit_many([_deposit(statement, each) for each in new])
        movements = dict(zip((each.line.number for each in new), made, strict=True))
        self._keep(
            statement,
            [
                self._row(statement, each, movements.get(each.line.number))
                for each in judged
                if each.line.amount > 0
            ],
        )
        return judged

    @verb("statements.undo")
    def take_back(self, statement: "Statement") -> None:
        """Reverse the deposits of the lines that are in, newest first: all of them or none.

        For `Statement.objects.undo`, under its lock. Raises UndoRefused.
        """
        standing = statement.lines.new().filter(movement__reversals=None)
        lines = list(standing.select_related("movement").order_by("-movement__seq"))
        wanted = [
            (movement, _undoing(statement, line, movement))
            for line in lines
            if (movement := line.movement)  # all have one: budgets_statementline_fate
        ]
        try:
            statement.budget.movements.reverse_many(statement.budget, wanted)
        except ReversalRefused as error:
            raise _in_the_way(lines, error.figures["refused"]) from error
        statement.lines.new().update(fate=Fate.UNDONE)

    def _bench(self, statement: "Statement", lines: Collection[Line], surveyed: Survey) -> Bench:
        """All that is known about lines of those identities."""
        identities = {line.identity for line in lines}
        past = defaultdict(list)
        for earlier in self.model.objects.filter(identity__in=identities).told():
            past[earlier.identity].append(earlier)
        budget = statement.budget
        today = timezone.now().date()
        bench = Bench(budget.pk, surveyed, statement.decisions, past, frozenset(), today)
        keys = {movement_key(line.identity, bench.attempt(line)) for line in lines}
        moved = budget.movements.filter(key__in=keys).values_list("key", flat=True)
        return replace(bench, keys=frozenset(filter(None, moved)))

    def _alike(self, lines: Collection[Line], surveyed: Survey) -> "list[StatementLine]":
        """Lines that came in on the days and with the amounts of these, and are not in the file.

        But for those of these very identities: in another budget they are no duplicates yet.
        """
        these = {line.identity for line in lines}
        rows = self.model.objects.new().filter(
            posted__in={line.posted for line in lines}, amount__in={line.amount for line in lines}
        )
        return [
            earlier
            for earlier in rows.told().order_by("id")
            if earlier.identity in these or earlier.identity not in surveyed.first
        ]

    def _row(
        self, statement: "Statement", judged: Judged, movement: "Movement | None"
    ) -> "StatementLine":
        line = judged.line
        return self.model(
            statement=statement,
            budget=statement.budget,
            number=line.number,
            account=line.account,
            identity=line.identity,
            posted=line.posted,
            amount=line.amount,
            currency=statement.currency,
            description=line.description[:500],
            fate=judged.fate,
            movement=movement,
        )

    def _keep(self, statement: "Statement", rows: "list[StatementLine]") -> None:
        """Insert the rows; of those an earlier run wrote, update what has changed."""
        numbers = [row.number for row in rows]
        kept = {row.number: row for row in statement.lines.filter(number__in=numbers)}
        changed = []
        for row in rows:
            earlier = kept.get(row.number)
            if earlier and earlier.fate not in (Fate.NEW, row.fate):
                earlier.fate, earlier.movement = row.fate, row.movement
                changed.append(earlier)
        try:
            self.model.objects.bulk_create([row for row in rows if row.number not in kept])
            self.model.objects.bulk_update(changed, ["fate", "movement"])
        except ConstraintBroken as error:
            if error.constraint not in _ONCE:
                raise
            raise Conflict("another budget was given the same line just now") from error


def _deposit(statement: "Statement", judged: Judged) -> Deposit:
    """The deposit a new line becomes."""
    line = judged.line
    options = RequestOptions(
        key=judged.key,
        # Noon, so that the bank's date is the date in almost every time zone.
        effective_at=datetime.combine(line.posted, time(12), UTC),
        memo=line.description[:500],
        source=f"statement {statement.sha256[:12]} line {line.number}",
        metadata={"account": line.account, "bank_id": line.external_id},
    )
    return Deposit(statement.budget.pk, line.amount, options)


def _undoing(statement: "Statement", line: "StatementLine", movement: "Movement") -> RequestOptions:
    """What is recorded of a line's reversal; an import is undone once, so its keys are new."""
    return RequestOptions(
        key=f"undo:{statement.pk}:{movement.seq}",
        memo=f"undone: {line.description}"[:500],
        source=f"undo of statement {statement.sha256[:12]}",
    )


def _in_the_way(lines: "list[StatementLine]", refused: dict[UUID, ReversalRefused]) -> UndoRefused:
    """The refusal that names the lines that cannot be reversed, oldest first."""
    found = [
        {"line": line.number, "said": str(refused[line.movement_id])}
        | refused[line.movement_id].figures
        for line in reversed(lines)
        if line.movement_id in refused
    ]
    named = "; ".join(f"line {each['line']}: {each['said']}" for each in found[:_NAMED])
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    text = f"nothing was undone, for some lines cannot be: {named}{more}"
    return UndoRefused(text, lines=found)
