"""Bank statements that were imported, and their incoming lines. Money is in minor units.

Lines that bring nothing in are counted and not kept: an import never does anything with them,
and a file of 200,000 payments and 2,000 incomes is to cost what 2,000 lines cost.
"""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from budgets.managers import StatementLineManager, StatementManager
from budgets.managers.judging import Fate
from budgets.models.budgets import Budget
from budgets.models.ledger import Movement
from budgets.models.shared import Answer
from budgets.statements.lines import LONGEST_IDENTITY
from budgets.statements.survey import LONGEST_ACCOUNT
from tenants.listing import Day, Given, Key, Listing, Moment, Text
from tenants.models import TenantModel
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import TrigramSearch

if TYPE_CHECKING:
    from uuid import UUID


class Statement(Answer, TenantModel):
    """One import of a file, or of one account of it, into a budget; a new one after an undo."""

    budget = TenantForeignKey(Budget, related_name="statements")
    sha256 = models.CharField(max_length=64, help_text="of the file's bytes, in hex")
    account = models.CharField(max_length=LONGEST_ACCOUNT, help_text="the one picked, if any")
    name = models.CharField(max_length=255, help_text="the file's")
    format = models.CharField(
        max_length=4,
        choices=[("csv", "CSV"), ("ofx", "OFX")],
        help_text="csv, or ofx, which QFX files are too",
    )
    currency = models.CharField(max_length=3, help_text="the budget's, ISO 4217")
    total = models.IntegerField(help_text="how many lines it has")
    outgoing = models.IntegerField(help_text="of these, how many bring nothing in")
    decisions = models.JSONField(default=dict, help_text="line number to skip or include")
    imported_at = models.DateTimeField(null=True, help_text="when its last line was dealt with")
    undone_at = models.DateTimeField(
        null=True, help_text="when it was undone; none while it stands"
    )
    undo_key = models.CharField(  # noqa: DJ001  # unique where there is one
        max_length=200, null=True, help_text="makes a repeat of the undo safe"
    )

    app_privileges = (
        "SELECT, INSERT, MAINTAIN, UPDATE (decisions, imported_at, undone_at, undo_key, updated_at)"
    )
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "finished": Given(of="imported_at"),
            "imported_at": Moment("gte", "lt"),
            "undone": Given(of="undone_at"),
        },
        sorts={"newest": "-id", "oldest": "id"},
        search="budgets_statement_search",
    )
    objects: ClassVar[StatementManager] = StatementManager()
    if TYPE_CHECKING:  # of a row that `tallied` read
        came: int
        brought: int
        held: int

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
                condition=Q(format__in=["csv", "ofx"]), name="budgets_statement_format"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="budgets_statement_currency"
            ),
            models.CheckConstraint(
                condition=Q(outgoing__gte=0, total__gte=F("outgoing")),
                name="budgets_statement_counts",
            ),
            models.CheckConstraint(
                condition=Q(undo_key=None) | Q(undone_at__isnull=False),
                name="budgets_statement_undone",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """Imported, undone, or unfinished: then importing the file again goes on."""
        if self.undone_at:
            return "undone"
        return "imported" if self.imported_at else "unfinished"


class StatementLine(TenantModel):
    """A line that brings money, and what became of it. While it is in, it is in once.

    `budget` is the statement's: it stands for the account where the file names none.
    """

    statement = TenantForeignKey(Statement, related_name="lines")
    budget = TenantForeignKey(
        Budget,
        related_name="+",
        help_text="the statement's: it stands for the account where the file names none",
    )
    number = models.IntegerField(help_text="its place in the file, from 1")
    account = models.CharField(max_length=LONGEST_ACCOUNT, help_text="empty: not named")
    identity = models.CharField(max_length=LONGEST_IDENTITY, help_text="equal in every file")
    posted = models.DateField(help_text="the bank's day")
    amount = models.BigIntegerField(help_text="what it brings, in minor units")
    currency = models.CharField(max_length=3, help_text="the budget's, ISO 4217")
    description = models.CharField(max_length=500, help_text="the bank's, shortened")
    fate = models.CharField(
        max_length=10, choices=Fate, help_text="new, duplicate, skipped, held or undone"
    )
    movement = TenantForeignKey(
        Movement, null=True, related_name="statement_lines", help_text="the deposit it became"
    )

    app_privileges = "SELECT, INSERT, MAINTAIN, UPDATE (fate, movement_id, updated_at)"
    history = History(inserts=False, only=["fate", "movement_id"])
    listing = Listing(
        filters={
            "statement": Key("exact", "in"),
            "fate": Text("exact", "in"),
            "posted": Day("exact", "gte", "lt"),
            "movement": Key("exact", "in"),
        },
        sorts={"newest": "-id", "oldest": "id", "latest": "-posted", "earliest": "posted"},
        search="budgets_statementline_search",
    )
    objects: ClassVar[StatementLineManager] = StatementLineManager()
    if TYPE_CHECKING:
        budget_id: UUID

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "identity"], name="budgets_statementline_identity"),
            models.Index(
                fields=["tenant", "posted", "amount"],
                condition=Q(fate="new"),
                name="budgets_statementline_alike",
            ),
            models.Index(fields=["tenant", "fate", "id"], name="budgets_statementline_fated"),
            models.Index(fields=["tenant", "posted", "id"], name="budgets_statementline_posted"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["description"], name="budgets_statementline_search"),
            models.UniqueConstraint(
                fields=["tenant", "account", "identity"],
                condition=Q(fate="new") & ~Q(account=""),
                name="budgets_statementline_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "identity"],
                condition=Q(fate="new", account=""),
                name="budgets_statementline_unnamed_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "statement", "number"], name="budgets_statementline_number_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "movement"], name="budgets_statementline_movement_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, number__gt=0), name="budgets_statementline_amount"
            ),
            models.CheckConstraint(
                condition=~Q(identity=""), name="budgets_statementline_identity_given"
            ),
            models.CheckConstraint(
                condition=Q(fate__in=["new", "undone"], movement__isnull=False)
                | Q(fate__in=["duplicate", "skipped", "held"], movement=None),
                name="budgets_statementline_fate",
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.number}"

    @property
    def has_bank_id(self) -> bool:
        """Whether the bank gave it an id."""
        return self.identity.startswith("id")
