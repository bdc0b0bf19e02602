"""Bank statements that were imported, and their incoming lines."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints
import tenants.schema.fields


class Migration(migrations.Migration):
    dependencies = [("budgets", "0005_schedules")]

    operations = [
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "sha256",
                    models.CharField(
                        db_comment="of the file's bytes, in hex",
                        help_text="of the file's bytes, in hex",
                        max_length=64,
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        db_comment="the one picked, if any",
                        help_text="the one picked, if any",
                        max_length=200,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        db_comment="the file's", help_text="the file's", max_length=255
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[("csv", "CSV"), ("ofx", "OFX")],
                        db_comment="csv, or ofx, which QFX files are too",
                        help_text="csv, or ofx, which QFX files are too",
                        max_length=4,
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        db_comment="the budget's, ISO 4217",
                        help_text="the budget's, ISO 4217",
                        max_length=3,
                    ),
                ),
                (
                    "total",
                    models.IntegerField(
                        db_comment="how many lines it has", help_text="how many lines it has"
                    ),
                ),
                (
                    "outgoing",
                    models.IntegerField(
                        db_comment="of these, how many bring nothing in",
                        help_text="of these, how many bring nothing in",
                    ),
                ),
                (
                    "decisions",
                    models.JSONField(
                        db_comment="line number to skip or include",
                        default=dict,
                        help_text="line number to skip or include",
                    ),
                ),
                (
                    "imported_at",
                    models.DateTimeField(
                        db_comment="when its last line was dealt with",
                        help_text="when its last line was dealt with",
                        null=True,
                    ),
                ),
                (
                    "undone_at",
                    models.DateTimeField(
                        db_comment="when it was undone; none while it stands",
                        help_text="when it was undone; none while it stands",
                        null=True,
                    ),
                ),
                (
                    "undo_key",
                    models.CharField(
                        db_comment="makes a repeat of the undo safe",
                        help_text="makes a repeat of the undo safe",
                        max_length=200,
                        null=True,
                    ),
                ),
                (
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="budgets.budget",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=tenants.context.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table_comment": "One import of a file, or of one account of it, into a budget; a new one after an undo.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("tenant", "budget", "sha256", "account"),
                        name="budgets_statement_once",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "undo_key"),
                        name="budgets_statement_undo_key_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="budgets_statement_sha256",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["csv", "ofx"])),
                        name="budgets_statement_format",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="budgets_statement_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outgoing__gte", 0), ("total__gte", models.F("outgoing"))
                        ),
                        name="budgets_statement_counts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("undo_key", None), ("undone_at__isnull", False), _connector="OR"
                        ),
                        name="budgets_statement_undone",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_statement_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_statement_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_statement_budget_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_statement_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN, UPDATE (decisions, imported_at, undone_at, undo_key, updated_at)",
                        name="budgets_statement_grants",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=("budgets.statement", "updated_at"),
                        deferred=False,
                        function="tenants_record_change",
                        name="budgets_statement_history",
                        when="AFTER INSERT OR DELETE OR UPDATE",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "number",
                    models.IntegerField(
                        db_comment="its place in the file, from 1",
                        help_text="its place in the file, from 1",
                    ),
                ),
                (
                    "account",
                    models.CharField(
                        db_comment="empty: not named", help_text="empty: not named", max_length=200
                    ),
                ),
                (
                    "identity",
                    models.CharField(
                        db_comment="equal in every file",
                        help_text="equal in every file",
                        max_length=120,
                    ),
                ),
                (
                    "posted",
                    models.DateField(db_comment="the bank's day", help_text="the bank's day"),
                ),
                (
                    "amount",
                    models.BigIntegerField(
                        db_comment="what it brings, in minor units",
                        help_text="what it brings, in minor units",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        db_comment="the budget's, ISO 4217",
                        help_text="the budget's, ISO 4217",
                        max_length=3,
                    ),
                ),
                (
                    "description",
                    models.CharField(
                        db_comment="the bank's, shortened",
                        help_text="the bank's, shortened",
                        max_length=500,
                    ),
                ),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("duplicate", "Duplicate"),
                            ("skipped", "Skipped"),
                            ("held", "Held"),
                            ("undone", "Undone"),
                        ],
                        db_comment="new, duplicate, skipped, held or undone",
                        help_text="new, duplicate, skipped, held or undone",
                        max_length=10,
                    ),
                ),
                (
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        db_comment="the statement's: it stands for the account where the file names none",
                        help_text="the statement's: it stands for the account where the file names none",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="budgets.budget",
                    ),
                ),
                (
                    "movement",
                    tenants.schema.fields.TenantForeignKey(
                        db_comment="the deposit it became",
                        help_text="the deposit it became",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statement_lines",
                        to="budgets.movement",
                    ),
                ),
                (
                    "statement",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="budgets.statement",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=tenants.context.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table_comment": "A line that brings money, and what became of it. While it is in, it is in once.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["tenant", "identity"], name="budgets_statementline_identity"
                    ),
                    models.Index(
                        condition=models.Q(("fate", "new")),
                        fields=["tenant", "posted", "amount"],
                        name="budgets_statementline_alike",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("fate", "new"), models.Q(("account", ""), _negated=True)
                        ),
                        fields=("tenant", "account", "identity"),
                        name="budgets_statementline_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("account", ""), ("fate", "new")),
                        fields=("tenant", "budget", "identity"),
                        name="budgets_statementline_unnamed_once",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "statement", "number"),
                        name="budgets_statementline_number_once",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "movement"), name="budgets_statementline_movement_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("number__gt", 0)),
                        name="budgets_statementline_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("identity", ""), _negated=True),
                        name="budgets_statementline_identity_given",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fate__in", ["new", "undone"]), ("movement__isnull", False)),
                            models.Q(
                                ("fate__in", ["duplicate", "skipped", "held"]), ("movement", None)
                            ),
                            _connector="OR",
                        ),
                        name="budgets_statementline_fate",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_statementline_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_statementline_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="statement", name="budgets_statementline_statement_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_statementline_budget_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="movement", name="budgets_statementline_movement_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_statementline_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN, UPDATE (fate, movement_id, updated_at)",
                        name="budgets_statementline_grants",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=("budgets.statementline", "updated_at"),
                        deferred=False,
                        function="tenants_record_change",
                        name="budgets_statementline_history",
                        when="AFTER DELETE OR UPDATE OF fate, movement_id",
                    ),
                ],
            },
        ),
    ]
