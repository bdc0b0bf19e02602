"""Columns get names of one meaning; what PostgreSQL checks at COMMIT speaks of them by these.

A renamed column keeps its data, its default, its grants, and the constraints, indexes and triggers
that name it: PostgreSQL has all of them by the column's number. So those are renamed in Django's
state alone, and nothing is built anew, however long the ledger is. What names a column in text
has to be replaced: the trigger functions, and the arguments of the trigger that records changes.
"""

from importlib import import_module
from typing import Any

from django.db import migrations, models
from django.db.models import F, Q

from tenants.schema.constraints import Grants, RowTrigger
from tenants.schema.defaults import Defaults

checks: Any = import_module("budgets.migrations.0001_commit_checks")

NAMES = {
    "NEW.lines": "NEW.entry_count",
    "m.lines": "m.entry_count",
    "NEW.external": "NEW.net_amount",
    ".last_seq": ".last_entry_seq",
}


def function(name: str, body: str) -> migrations.RunSQL:
    """Replace a trigger function of 0001 by itself with the new names; its grants stay."""
    renamed = body
    for old, new in NAMES.items():
        renamed = renamed.replace(old, new)
    head = checks._HEAD.format(name=name).replace("CREATE", "CREATE OR REPLACE")
    return migrations.RunSQL(head + renamed, head + body)


def renamed(model: str, *members: Any, were: str = "") -> migrations.SeparateDatabaseAndState:
    """Constraints and indexes as they are in the database since a column of theirs was renamed."""
    operations: list[Any] = []
    for member in members:
        if isinstance(member, models.Index):
            operations += [
                migrations.RemoveIndex(model, member.name),
                migrations.AddIndex(model, member),
            ]
        else:
            operations += [
                migrations.RemoveConstraint(model, were or member.name),
                migrations.AddConstraint(model, member),
            ]
    return migrations.SeparateDatabaseAndState(state_operations=operations)


def commented(help_text: str, **kwargs: Any) -> Any:
    """A column of big integers with its comment."""
    return models.BigIntegerField(db_comment=help_text, help_text=help_text, **kwargs)


class Migration(migrations.Migration):
    dependencies = [("budgets", "0015_schedule_version_defaults")]

    operations = [
        migrations.RemoveConstraint("budget", "budgets_budget_history"),
        migrations.RenameField("budget", "last_seq", "last_movement_seq"),
        migrations.RenameField("bucket", "last_seq", "last_entry_seq"),
        migrations.RenameField("movement", "external", "net_amount"),
        migrations.RenameField("movement", "lines", "entry_count"),
        migrations.RunSQL(
            "ALTER TABLE budgets_movement RENAME CONSTRAINT"
            " budgets_movement_external TO budgets_movement_net_amount",
            "ALTER TABLE budgets_movement RENAME CONSTRAINT"
            " budgets_movement_net_amount TO budgets_movement_external",
        ),
        function("budgets_movement_adds_up", checks.ADDS_UP),
        function("budgets_entry_joins_its_movement", checks.JOINS),
        function("budgets_entry_chains", checks.CHAINS),
        function("budgets_bucket_is_its_last_entry", checks.IS_LAST),
        migrations.AddConstraint(
            "budget",
            RowTrigger(
                args=(
                    "budgets.budget",
                    "updated_at,version,last_movement_seq,deposited,withdrawn,last_recorded_at",
                ),
                deferred=False,
                function="tenants_record_change",
                name="budgets_budget_history",
                when="AFTER INSERT OR DELETE OR UPDATE OF name, owner_id, archived_at",
            ),
        ),
        renamed(
            "budget",
            models.CheckConstraint(
                condition=Q(deposited__gte=F("withdrawn"), last_movement_seq__gte=0)
                & Q(withdrawn__gte=0),
                name="budgets_budget_totals",
            ),
            Grants(
                app="SELECT, INSERT, MAINTAIN, UPDATE (name, owner_id, version, last_movement_seq, deposited, withdrawn, last_recorded_at, archived_at, updated_at)",
                name="budgets_budget_grants",
            ),
            Defaults(
                columns={
                    "created_at": "now()",
                    "deposited": "0",
                    "id": "uuidv7()",
                    "last_movement_seq": "0",
                    "updated_at": "now()",
                    "version": "0",
                    "withdrawn": "0",
                },
                name="budgets_budget_defaults",
            ),
        ),
        renamed(
            "bucket",
            RowTrigger(
                deferred=True,
                function="budgets_bucket_is_its_last_entry",
                name="budgets_bucket_is_its_last_entry",
                when="AFTER INSERT OR UPDATE OF balance, last_entry_seq",
            ),
            Grants(
                app="SELECT, INSERT, MAINTAIN, UPDATE (name, priority, filter_flat, filter_share, hold_flat, hold_share, target, locked, archived_at, balance, version, last_entry_seq, updated_at)",
                name="budgets_bucket_grants",
            ),
            Defaults(
                columns={
                    "balance": "0",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "kind": "'envelope'::character varying",
                    "last_entry_seq": "0",
                    "locked": "false",
                    "updated_at": "now()",
                    "version": "0",
                },
                name="budgets_bucket_defaults",
            ),
        ),
        renamed(
            "movement",
            models.Index(
                fields=["tenant", "recorded_at", "id"],
                condition=Q(entry_count__gt=0),
                name="budgets_movement_newest",
            ),
            models.Index(
                fields=["tenant", "kind", "recorded_at", "id"],
                condition=Q(entry_count__gt=0),
                name="budgets_movement_of_kind",
            ),
            models.Index(
                fields=["tenant", "effective_at"],
                condition=Q(entry_count__gt=0),
                name="budgets_movement_happened",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, entry_count__gt=0, seq__gt=0),
                name="budgets_movement_amount",
            ),
        ),
        renamed(
            "movement",
            models.CheckConstraint(
                condition=Q(
                    kind__in=["deposit", "deposit_into"], net_amount=F("amount"), reverses=None
                )
                | Q(kind="withdraw", net_amount=-F("amount"), reverses=None)
                | Q(kind="close", net_amount__in=[0, -F("amount")], reverses=None)
                | Q(
                    kind__in=[
                        "transfer",
                        "redistribute",
                        "redistribute_to",
                        "release_excess",
                        "close_cascade",
                    ],
                    net_amount=0,
                    reverses=None,
                )
                | Q(kind="reversal", reverses__isnull=False),
                name="budgets_movement_net_amount",
            ),
            were="budgets_movement_external",
        ),
        migrations.AlterField(
            "budget",
            "last_movement_seq",
            commented("the seq of its newest movement; 0 before the first", default=0),
        ),
        migrations.AlterField(
            "bucket",
            "last_entry_seq",
            commented("the seq of its newest entry; 0 before the first", default=0),
        ),
        migrations.AlterField(
            "movement",
            "net_amount",
            commented("what came into the budget (+) or left it (-), in minor units"),
        ),
        migrations.AlterModelTableComment(
            "movement",
            "One atomic money event; its entries add up to `net_amount`, or PostgreSQL refuses it.",
        ),
    ]
