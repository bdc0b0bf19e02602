"""Imported bank statements and their incoming lines. Money is in minor units.

Outgoing lines are counted but not stored, because an import never uses them: a file with
200,000 payments and 2,000 incomes costs as much as 2,000 lines.
"""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from budgets.managers import StatementLineManager, StatementManager
from budgets.managers.matching import LONGEST_DESCRIPTION, LineStatus
from budgets.managers.statementfacts import LineFacts, StatementFacts
from budgets.models.budgets import Budget
from budgets.models.ledger import Movement
from budgets.statements import StatementFormat
from budgets.statements.formats import LONGEST_FORMAT
from budgets.statements.lines import LONGEST_IDENTITY
from budgets.statements.misfits import LONGEST_MISFIT
from budgets.statements.survey import LONGEST_ACCOUNT
from tenants.listing import Day, HasValue, Key, Listing, Moment, Text
from tenants.models import VERBS_ALONE, TenantModel
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import TrigramSearch

if TYPE_CHECKING:
    from uuid import UUID


class Statement(StatementFacts, TenantModel):
    """One import of a file, or of one account of a file, into a budget."""

    budget = TenantForeignKey(Budget, related_name="statements")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the file in hex")
    account = models.CharField(
        max_length=LONGEST_ACCOUNT,
        help_text="the selected account; empty for all accounts of the file",
    )
    name = models.CharField(max_length=255, help_text="name of the file")
    format = models.CharField(
        max_length=LONGEST_FORMAT,
        choices=[(each.value, each.label) for each in StatementFormat],
        help_text="format of the file; ofx for OFX and QFX",
    )
    currency = models.CharField(
        max_length=3, help_text="ISO 4217 code, equal to that of the budget"
    )
    total = models.IntegerField(help_text="number of lines in the file")
    outgoing = models.IntegerField(help_text="number of lines that are not incoming money")
    decisions = models.JSONField(
        default=dict, help_text="JSON object: line number to skip or include"
    )
    balances = models.JSONField(
        default=list,
        help_text="JSON array: opening and closing balance of each account, with the period",
    )
    misfit = models.CharField(
        max_length=LONGEST_MISFIT,
        blank=True,
        help_text="how the balances in the file contradict its lines; empty if they do not",
    )
    trusted = models.BooleanField(
        default=False, help_text="whether the lines were imported despite the misfit"
    )
    imported_at = models.DateTimeField(null=True, help_text="when the import finished; null before")
    undone_at = models.DateTimeField(null=True, help_text="when it was undone; null if it was not")
    undo_key = models.CharField(  # noqa: DJ001  # unique unless null
        max_length=200, null=True, help_text="idempotency key of the undo; null without one"
    )

    app_privileges = (
        "SELECT, INSERT, UPDATE (total, outgoing, decisions, balances, misfit, trusted,"
        " imported_at, undone_at, undo_key, updated_at)"
    )
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "finished": HasValue(of="imported_at"),
            "imported_at": Moment("gte", "lt"),
            "undone": HasValue(of="undone_at"),
        },
        sorts={"newest": "-id", "oldest": "id"},
        search="budgets_statement_search",
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[StatementManager] = StatementManager()
    if TYPE_CHECKING:  # of a row that `tallied` read
        deposit_count: int
        deposited: int
        held_count: int

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "imported_at", "id"], name="budgets_statement_imported"),
            models.Index(fields=["tenant", "undone_at", "id"], name="budgets_statement_undone_at"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["name"], name="budgets_statement_search"),
            models.UniqueConstraint(
                fields=["tenant", "budget", "sha256", "account"],
                condition=Q(undone_at=None),
                name="budgets_statement_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "undo_key"], name="budgets_statement_undo_key_once"
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="budgets_statement_sha256"
            ),
            models.CheckConstraint(
                condition=Q(format__in=list(map(str, StatementFormat))),
                name="budgets_statement_format",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="budgets_statement_currency"
            ),
            models.CheckConstraint(
                condition=Q(outgoing__gte=0, total__gte=F("outgoing")),
                name="budgets_statement_counts",
            ),
            models.CheckConstraint(
                condition=Q(trusted=False) | ~Q(misfit=""), name="budgets_statement_trusted"
            ),
            models.CheckConstraint(
                condition=Q(undo_key=None) | Q(undone_at__isnull=False),
                name="budgets_statement_undone",
            ),
        ]


class StatementLine(LineFacts, TenantModel):
    """An incoming line of a statement with its status; a line is imported at most once.

    `budget` is that of the statement. It replaces the account in a file without accounts.
    """

    statement = TenantForeignKey(Statement, related_name="lines")
    budget = TenantForeignKey(
        Budget,
        related_name="+",
        help_text="the budget of the statement; it replaces the account in a file without accounts",
    )
    number = models.IntegerField(help_text="number of the line in the file, from 1")
    account = models.CharField(
        max_length=LONGEST_ACCOUNT, help_text="account of the line; empty if the file has none"
    )
    identity = models.CharField(
        max_length=LONGEST_IDENTITY,
        help_text="identity of the line, equal in every file that contains it",
    )
    posted = models.DateField(help_text="booking day of the bank")
    amount = models.BigIntegerField(help_text="amount in minor units")
    currency = models.CharField(
        max_length=3, help_text="ISO 4217 code, equal to that of the budget"
    )
    description = models.CharField(
        max_length=LONGEST_DESCRIPTION,
        help_text=f"text of the bank, shortened to {LONGEST_DESCRIPTION} characters",
    )
    status = models.CharField(
        max_length=10,
        choices=LineStatus,
        help_text="status: new, duplicate, skipped, held or undone",
    )
    copy = models.IntegerField(
        default=0,
        help_text="0; for a duplicate that somebody included, its number among the copies",
    )
    movement = TenantForeignKey(
        Movement,
        null=True,
        related_name="statement_lines",
        help_text="the deposit of the line; null without one",
    )

    app_privileges = "SELECT, INSERT, UPDATE (status, copy, movement_id, updated_at)"
    history = History(inserts=False, only=["status", "copy", "movement_id"])
    listing = Listing(
        filters={
            "statement": Key("exact", "in"),
            "status": Text("exact", "in"),
            "posted": Day("exact", "gte", "lt"),
            "movement": Key("exact", "in"),
        },
        sorts={"newest": "-id", "oldest": "id", "latest": "-posted", "earliest": "posted"},
        search="budgets_statementline_search",
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[StatementLineManager] = StatementLineManager()
    if TYPE_CHECKING:
        budget_id: UUID

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "identity"], name="budgets_statementline_identity"),
            models.Index(
                fields=["tenant", "posted", "amount"],
                condition=Q(status="new"),
                name="budgets_statementline_similar",
            ),
            models.Index(fields=["tenant", "status", "id"], name="budgets_statementline_statuses"),
            models.Index(fields=["tenant", "posted", "id"], name="budgets_statementline_posted"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["description"], name="budgets_statementline_search"),
            models.UniqueConstraint(
                fields=["tenant", "account", "identity", "copy"],
                condition=Q(status="new") & ~Q(account=""),
                name="budgets_statementline_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "identity", "copy"],
                condition=Q(status="new", account=""),
                name="budgets_statementline_unnamed_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "statement", "number"], name="budgets_statementline_number_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "movement"], name="budgets_statementline_movement_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, number__gt=0, copy__gte=0),
                name="budgets_statementline_amount",
            ),
            models.CheckConstraint(
                condition=~Q(identity=""), name="budgets_statementline_identity_given"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["new", "undone"], movement__isnull=False)
                | Q(status__in=["duplicate", "skipped", "held"], movement=None),
                name="budgets_statementline_status",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.number}"
