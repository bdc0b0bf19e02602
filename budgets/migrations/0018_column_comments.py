"""Comments of tables and columns of budgets, in plainer words. Only comments change.

One operation instead of one AlterField for each column: those would build the models anew each time.
"""

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.migrations.operations.base import Operation, OperationCategory

TABLES = {
    "bucket": "An envelope, or the money bucket of a budget, which receives unallocated money.",
    "bucketversion": "The rules of a bucket from one movement on; each change of a bucket inserts a version.",
    "budget": "One owner's plan in one currency; lock this row before moving its money.",
    "entry": "One bucket's part of a movement, with the balance before and after.",
    "movement": "One atomic money event; PostgreSQL checks that its entries add up to `net_amount`.",
    "schedule": "A recurring deposit; each deposit gets its memo and metadata.",
    "schedulerun": "The outcome of one due time of a schedule; append-only.",
    "scheduleversion": "The terms of a schedule up to a time; each change of a schedule inserts a version.",
    "statement": "One import of a file, or of one account of a file, into a budget.",
    "statementline": "An incoming line of a statement with its status; a line is imported at most once.",
}

COLUMNS: list[tuple[str, str, str]] = [
    ("bucket", "balance", "balance in minor units, equal to balance_after of its last entry"),
    ("bucket", "kind", "envelope, or money: the bucket of unallocated money"),
    ("bucket", "last_entry_seq", "number of its entries: the seq of the last one"),
    ("bucket", "version", "number of versions of its rules"),
    ("bucket bucketversion", "archived_at", "when it was closed; null while it is open"),
    (
        "bucket bucketversion",
        "filter_flat",
        "filter as a flat amount in minor units; null if it is a share",
    ),
    (
        "bucket bucketversion",
        "filter_share",
        "filter as parts per million of arriving money; null if it is a flat amount",
    ),
    (
        "bucket bucketversion",
        "hold_flat",
        "hold as a flat amount in minor units; null if it is a share, or without a hold",
    ),
    (
        "bucket bucketversion",
        "hold_share",
        "hold as parts per million of arriving money; null if flat, or without a hold",
    ),
    ("bucket bucketversion", "locked", "whether cascades exclude it"),
    (
        "bucket bucketversion",
        "priority",
        "position in the cascade, 0 first; null for money and closed buckets",
    ),
    (
        "bucket bucketversion",
        "target",
        "balance at which it is full, in minor units; null is unlimited",
    ),
    ("bucketversion", "from_seq", "seq of the first movement that these rules apply to"),
    ("bucketversion", "verb", "the verb that changed the bucket"),
    ("bucketversion", "version", "number of the version in its bucket, from 1"),
    (
        "bucketversion movement schedule scheduleversion",
        "actor",
        "the user who acted; null for the system",
    ),
    (
        "bucketversion movement schedule scheduleversion",
        "effective_at",
        "when it happened, as the caller states it",
    ),
    (
        "bucketversion movement schedule scheduleversion",
        "key",
        "idempotency key, unique in the budget; null without one",
    ),
    ("bucketversion movement schedule scheduleversion", "memo", "a note for people"),
    ("bucketversion movement schedule scheduleversion", "metadata", "a JSON object of the caller"),
    (
        "bucketversion movement schedule scheduleversion",
        "request_hash",
        "SHA-256 of the request in hex: distinguishes a repeat from a reused key",
    ),
    (
        "bucketversion movement schedule scheduleversion",
        "request_id",
        "id of the HTTP request or task; empty without one",
    ),
    ("budget", "archived_at", "when it was archived; null while it is open"),
    ("budget", "currency", "ISO 4217 code; it never changes"),
    ("budget", "deposited", "sum of all deposits, in minor units"),
    ("budget", "exponent", "number of decimals of the currency"),
    ("budget", "last_recorded_at", "recorded_at of its last movement"),
    ("budget", "last_movement_seq", "number of its movements: the seq of the last one"),
    ("budget", "owner", "the member who owns it; null without an owner"),
    ("budget", "version", "number of changes of the budget and its buckets"),
    ("budget", "withdrawn", "sum of all withdrawals, in minor units"),
    ("entry", "amount", "amount added to the balance, in minor units; negative for money out"),
    ("entry", "balance_after", "balance after the movement, in minor units"),
    ("entry", "balance_before", "balance before the movement, in minor units"),
    ("entry", "became_full", "whether the entry fills the bucket up to its target"),
    ("entry", "movement_seq", "seq of its movement, set by a trigger"),
    ("entry", "position", "number of the entry in its movement, from 1"),
    ("entry", "reason", "why the bucket has this amount"),
    ("entry", "seq", "number of the entry in its bucket, from 1"),
    ("movement", "amount", "the requested amount, in minor units"),
    (
        "movement",
        "net_amount",
        "deposited (+) or withdrawn (-) amount, in minor units; 0 inside the budget",
    ),
    ("movement", "kind", "the verb that moved the money"),
    ("movement", "entry_count", "number of its entries"),
    ("movement", "recorded_at", "when it was written; never earlier than that of a smaller seq"),
    ("movement", "reverses", "the movement that this reversal mirrors; null for other kinds"),
    ("movement", "seq", "number of the movement in its budget, from 1"),
    ("movement", "source", "origin: a schedule, a statement, or a name; may be empty"),
    ("schedule", "ended_at", "when it was ended by a verb; null otherwise"),
    ("schedule", "next_due_at", "the first due time without a run; null when it has ended"),
    ("schedule scheduleversion", "amount", "amount of each deposit, in minor units"),
    (
        "schedule scheduleversion",
        "catch_up",
        "which due times that were not run in time are run later: all, last or none",
    ),
    ("schedule scheduleversion", "paused_at", "since when it is paused; null while it is not"),
    ("schedule scheduleversion", "rrule", "recurrence rule of RFC 5545, without DTSTART"),
    ("schedule scheduleversion", "starts_at", "time of day, in its time zone"),
    ("schedule scheduleversion", "starts_on", "first day, in its time zone"),
    ("schedule scheduleversion", "time_zone", "IANA name of the time zone"),
    ("schedulerun", "actor", "the user who ran it; null for the system"),
    ("schedulerun", "due_at", "the due time"),
    ("schedulerun", "movement", "the deposit; null if skipped or missed"),
    ("schedulerun", "outcome", "deposited, skipped in advance, or missed"),
    ("scheduleversion", "until", "the terms apply to due times up to this time"),
    ("scheduleversion", "verb", "the verb that changed the schedule"),
    ("statement", "account", "the selected account; empty for all accounts of the file"),
    ("statement", "decisions", "JSON object: line number to skip or include"),
    ("statement", "format", "csv, or ofx for OFX and QFX files"),
    ("statement", "imported_at", "when the import finished; null before"),
    ("statement", "name", "name of the file"),
    ("statement", "outgoing", "number of lines that are not incoming money"),
    ("statement", "sha256", "SHA-256 of the file in hex"),
    ("statement", "total", "number of lines in the file"),
    ("statement", "undo_key", "idempotency key of the undo; null without one"),
    ("statement", "undone_at", "when it was undone; null if it was not"),
    ("statement statementline", "currency", "ISO 4217 code, equal to that of the budget"),
    ("statementline", "account", "account of the line; empty if the file has none"),
    ("statementline", "amount", "amount in minor units"),
    (
        "statementline",
        "budget",
        "the budget of the statement; it replaces the account in a file without accounts",
    ),
    ("statementline", "description", "text of the bank, shortened to 500 characters"),
    ("statementline", "status", "status: new, duplicate, skipped, held or undone"),
    ("statementline", "identity", "identity of the line, equal in every file that contains it"),
    ("statementline", "movement", "the deposit of the line; null without one"),
    ("statementline", "number", "number of the line in the file, from 1"),
    ("statementline", "posted", "booking day of the bank"),
]
"""Models, column, comment: also the help_text of the field."""


class AlterComments(Operation):
    """Set the comments of TABLES and COLUMNS; backwards, set those of the earlier state."""

    reversible = True
    category = OperationCategory.ALTERATION

    def state_forwards(self, app_label: str, state: Any) -> None:
        for name, text in TABLES.items():
            state.models[app_label, name].options["db_table_comment"] = text
        for models, column, text in COLUMNS:
            for name in models.split():
                field = state.models[app_label, name].fields[column].clone()
                field.help_text = field.db_comment = text
                state.models[app_label, name].fields[column] = field
        state.__dict__.pop("apps", None)  # rendered from the old fields

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        for name in TABLES:
            model = after.apps.get_model(app_label, name)
            if not self.allow_migrate_model(editor.connection.alias, model):
                continue
            editor.alter_db_table_comment(model, "", model._meta.db_table_comment)
            for field in model._meta.local_fields:
                if field.db_comment:
                    editor.execute(
                        *editor._alter_column_comment_sql(model, field, None, field.db_comment)
                    )

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        self.database_forwards(app_label, editor, before, after)

    def describe(self) -> str:
        return "Alter the comments of tables and columns"


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0017_line_status"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [AlterComments()]
