"""Imports of bank statements and their incoming lines: filters and reads.

The verbs are those of `StatementVerbs`.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, TruncDate

from budgets.errors import UnknownStatement
from budgets.managers.matching import LineStatus
from budgets.managers.statementverbs import StatementVerbs
from budgets.statements import StatementFile
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import Budget, Statement, StatementLine

SHORTEST_PREFIX = 4
"""Characters of a SHA-256 that may stand for a statement."""


def _replaced(text: Any, pattern: str, by: str) -> Func:
    found = Value(pattern), Value(by)
    return Func(text, *found, function="regexp_replace", output_field=CharField())


_BY_ID = _replaced("identity", "^id:[0-9]{4}-[-0-9]+:-?[0-9]+:[0-9]+:", "id:")
_FORMER = _replaced(_BY_ID, "^id:#", "id#")
"""`Line.former_identity`, which keys of older deposits have."""


class StatementQuerySet(TenantQuerySet["Statement"]):
    """Filters on statements."""

    def standing(self) -> Self:
        """Imports that were not undone."""
        return self.filter(undone_at=None)

    def currency_mismatch(self) -> Self:
        """Imports in another currency than their budget's, or with such a line."""
        other = ~Q(currency=F("budget__currency"))
        lines = apps.get_model("budgets.StatementLine").objects.filter(statement=OuterRef("pk"))
        return self.filter(other | Q(Exists(lines.exclude(currency=OuterRef("currency")))))

    def miscounted(self) -> Self:
        """Imports that have not a line for each incoming one of the file, when finished."""
        incoming = F("total") - F("outgoing")
        counted = self.annotate(line_count=Count("lines"))
        return counted.filter(
            Q(line_count__gt=incoming) | Q(line_count__lt=incoming, imported_at__isnull=False)
        )

    def begun_since(self, moment: datetime) -> Self:
        """Imports that were begun then or later, whatever became of them."""
        return self.filter(created_at__gte=moment)

    def tallied(self) -> Self:
        """Latest first, with `deposit_count`, `deposited` (minor units) and `held_count`."""
        deposits = Q(lines__status__in=[LineStatus.NEW, LineStatus.UNDONE])
        deposited = Coalesce(
            Sum("lines__amount", filter=deposits), 0, output_field=BigIntegerField()
        )
        return self.order_by("-created_at").annotate(
            deposit_count=Count("lines", filter=deposits),
            deposited=deposited,
            held_count=Count("lines", filter=Q(lines__status=LineStatus.HELD)),
        )


_Statements = models.Manager.from_queryset(StatementQuerySet)


class StatementManager(StatementVerbs, _Statements["Statement"], TenantManager["Statement"]):
    """The imports of the tenant in force."""

    def get_by_name(self, budget: "Budget", name: str) -> "Statement":
        """The import with that id, or the standing one whose file's SHA-256 begins with it.

        A prefix has 4 characters or more. Raises UnknownStatement, also for several.

        >>> from budgets import samples
        >>> from budgets.managers.matching import Choices
        >>> from budgets.statements import read, survey
        >>> file = read(samples.HOUSEHOLD)
        >>> statement = Statement.objects.begin(
        ...     household, file, survey(file, household.exponent), Choices()
        ... )
        >>> Statement.objects.get_by_name(household, file.sha256[:8]) == statement
        True
        """
        rows, found = self.filter(budget=budget), []
        with suppress(ValueError):
            found = list(rows.filter(pk=UUID(name)))
        if not found and len(name) >= SHORTEST_PREFIX:
            found = list(rows.standing().filter(sha256__startswith=name.lower()))
        if len(found) != 1:
            how_many = "several imports" if found else "no import"
            raise UnknownStatement(f"the budget has {how_many} {name!r}: say its id", name=name)
        [statement] = found
        return statement

    def deposited_from(self, budget: "Budget", file: StatementFile) -> tuple[int, int]:
        """How many lines of a file are deposited by its standing import, and their sum.

        >>> from budgets import samples
        >>> from budgets.statements import read
        >>> Statement.objects.deposited_from(household, read(samples.HOUSEHOLD))
        (0, 0)
        """
        rows = self.standing().filter(budget=budget, sha256=file.sha256, account=file.account)
        found = rows.tallied().first()
        return (found.deposit_count, found.deposited) if found else (0, 0)


class StatementLineQuerySet(TenantQuerySet["StatementLine"]):
    """Filters on lines."""

    def new(self) -> Self:
        """Lines whose deposit stands."""
        return self.filter(status=LineStatus.NEW)

    def held(self) -> Self:
        """Lines that wait for somebody's decision, in the file's order."""
        return self.filter(status=LineStatus.HELD).order_by("number")

    def misundone(self) -> Self:
        """Lines that stand in an undone import, or are undone in a standing one."""
        new, undone = LineStatus.NEW, LineStatus.UNDONE
        return self.filter(
            Q(status=new, statement__undone_at__isnull=False)
            | Q(status=undone, statement__undone_at=None)
        )

    def with_origin(self) -> Self:
        """With their files and budgets, read in the same statement."""
        return self.select_related("statement", "budget").defer("statement__decisions")

    def movement_mismatch(self) -> Self:
        """Lines that differ from their movement, or are undone while it is not reversed.

        The deposit of an import also has the line's day, text and identity.
        """
        imported = Q(movement__key__startswith="statement")
        keyed = Q(movement__key__endswith=F("identity")) | Q(movement__key__endswith=F("former"))
        same = keyed & Q(movement__memo=F("description"), day=F("posted"))
        elsewhere = ~Q(movement__budget=F("budget")) | ~Q(statement__budget=F("budget"))
        standing = Q(status=LineStatus.UNDONE, movement__reversals=None)
        day = TruncDate("movement__effective_at", tzinfo=UTC)
        return (
            self.exclude(movement=None)
            .annotate(day=day, former=_FORMER)
            .filter(elsewhere | standing | ~Q(movement__amount=F("amount")) | imported & ~same)
        )


_Lines = models.Manager.from_queryset(StatementLineQuerySet)


class StatementLineManager(_Lines["StatementLine"], TenantManager["StatementLine"]):
    """Incoming lines and their statuses; of one statement, as `statement.lines`."""
