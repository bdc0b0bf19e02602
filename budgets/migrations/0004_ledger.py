"""Movements and their entries."""

import django.db.models.deletion
import django.db.models.expressions
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints
import tenants.schema.fields


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0003_buckets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Movement",
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
                    "effective_at",
                    models.DateTimeField(
                        db_comment="when it happened in the world",
                        help_text="when it happened in the world",
                    ),
                ),
                (
                    "request_id",
                    models.CharField(
                        blank=True,
                        db_comment="of the request that asked, if any",
                        help_text="of the request that asked, if any",
                        max_length=200,
                    ),
                ),
                (
                    "memo",
                    models.CharField(
                        blank=True,
                        db_comment="a line for people",
                        help_text="a line for people",
                        max_length=500,
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        db_comment="whatever the caller added",
                        default=dict,
                        help_text="whatever the caller added",
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        db_comment="makes a repeat safe: once in a budget, where there is one",
                        help_text="makes a repeat safe: once in a budget, where there is one",
                        max_length=200,
                        null=True,
                    ),
                ),
                (
                    "request_hash",
                    models.CharField(
                        db_comment="SHA-256 of what was asked, in hex: tells a repeat from a reuse of the key",
                        help_text="SHA-256 of what was asked, in hex: tells a repeat from a reuse of the key",
                        max_length=64,
                    ),
                ),
                (
                    "seq",
                    models.BigIntegerField(
                        db_comment="its place in the budget's history, from 1",
                        help_text="its place in the budget's history, from 1",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("deposit", "Deposit"),
                            ("deposit_into", "Deposit Into"),
                            ("withdraw", "Withdraw"),
                            ("transfer", "Transfer"),
                            ("redistribute", "Redistribute"),
                            ("redistribute_to", "Redistribute To"),
                            ("release_excess", "Release Excess"),
                            ("close", "Close"),
                            ("close_cascade", "Close Cascade"),
                            ("reversal", "Reversal"),
                        ],
                        db_comment="which verb moved the money",
                        help_text="which verb moved the money",
                        max_length=20,
                    ),
                ),
                (
                    "amount",
                    models.BigIntegerField(
                        db_comment="what was to be moved, or offered to the cascade, in minor units",
                        help_text="what was to be moved, or offered to the cascade, in minor units",
                    ),
                ),
                (
                    "external",
                    models.BigIntegerField(
                        db_comment="what came in (+) or went out (-), in minor units",
                        help_text="what came in (+) or went out (-), in minor units",
                    ),
                ),
                (
                    "lines",
                    models.IntegerField(
                        db_comment="how many entries it has", help_text="how many entries it has"
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_comment="never before that of an earlier seq",
                        help_text="never before that of an earlier seq",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        db_comment="what sent it: a schedule, a statement, a name",
                        help_text="what sent it: a schedule, a statement, a name",
                        max_length=200,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        db_comment="the user who asked, if known",
                        db_constraint=False,
                        db_index=False,
                        help_text="the user who asked, if known",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="budgets.budget",
                    ),
                ),
                (
                    "reverses",
                    tenants.schema.fields.TenantForeignKey(
                        db_comment="the movement it undoes, if it is a reversal",
                        help_text="the movement it undoes, if it is a reversal",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversals",
                        to="budgets.movement",
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
                "db_table_comment": "One atomic money event; its entries add up to `external`, or PostgreSQL refuses it.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["tenant", "budget", "effective_at"],
                        name="budgets_movement_effective",
                    ),
                    models.Index(
                        fields=["tenant", "budget", "recorded_at"], name="budgets_movement_recorded"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "seq"), name="budgets_movement_seq_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "key"), name="budgets_movement_key_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "reverses"), name="budgets_movement_reversed_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("lines__gt", 0), ("seq__gt", 0)),
                        name="budgets_movement_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("external", models.F("amount")),
                                ("kind__in", ["deposit", "deposit_into"]),
                                ("reverses", None),
                            ),
                            models.Q(
                                (
                                    "external",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("amount"), "*", models.Value(-1)
                                    ),
                                ),
                                ("kind", "withdraw"),
                                ("reverses", None),
                            ),
                            models.Q(
                                (
                                    "external__in",
                                    [
                                        0,
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("amount"), "*", models.Value(-1)
                                        ),
                                    ],
                                ),
                                ("kind", "close"),
                                ("reverses", None),
                            ),
                            models.Q(
                                ("external", 0),
                                (
                                    "kind__in",
                                    [
                                        "transfer",
                                        "redistribute",
                                        "redistribute_to",
                                        "release_excess",
                                        "close_cascade",
                                    ],
                                ),
                                ("reverses", None),
                            ),
                            models.Q(("kind", "reversal"), ("reverses__isnull", False)),
                            _connector="OR",
                        ),
                        name="budgets_movement_external",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        deferred=True,
                        function="budgets_movement_adds_up",
                        name="budgets_movement_adds_up",
                        when="AFTER INSERT",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_movement_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_movement_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_movement_budget_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="reverses", name="budgets_movement_reverses_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_movement_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN", name="budgets_movement_grants"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Entry",
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
                    "position",
                    models.IntegerField(
                        db_comment="its place in the movement, from 1",
                        help_text="its place in the movement, from 1",
                    ),
                ),
                (
                    "seq",
                    models.BigIntegerField(
                        db_comment="its place in the bucket's history, from 1",
                        help_text="its place in the bucket's history, from 1",
                    ),
                ),
                (
                    "amount",
                    models.BigIntegerField(
                        db_comment="what the bucket got (+) or gave (-), in minor units",
                        help_text="what the bucket got (+) or gave (-), in minor units",
                    ),
                ),
                (
                    "balance_before",
                    models.BigIntegerField(
                        db_comment="what the bucket held, in minor units",
                        help_text="what the bucket held, in minor units",
                    ),
                ),
                (
                    "balance_after",
                    models.BigIntegerField(
                        db_comment="what it then held, in minor units",
                        help_text="what it then held, in minor units",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("filter", "Filter"),
                            ("hold_floor", "Hold Floor"),
                            ("capacity_limit", "Capacity Limit"),
                            ("remainder", "Remainder"),
                            ("direct", "Direct"),
                            ("overflow", "Overflow"),
                            ("source", "Source"),
                            ("withdrawn", "Withdrawn"),
                            ("reversal", "Reversal"),
                        ],
                        db_comment="why it got or gave that much",
                        help_text="why it got or gave that much",
                        max_length=20,
                    ),
                ),
                (
                    "became_full",
                    models.BooleanField(
                        db_comment="whether it reached its target by this",
                        default=False,
                        help_text="whether it reached its target by this",
                    ),
                ),
                (
                    "bucket",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="budgets.bucket",
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
                (
                    "movement",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="budgets.movement",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table_comment": "One bucket's before and after in a movement.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "movement", "position"),
                        name="budgets_entry_position_once",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "movement", "bucket"), name="budgets_entry_bucket_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "bucket", "seq"), name="budgets_entry_seq_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "balance_after",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("balance_before"), "+", models.F("amount")
                                ),
                            )
                        ),
                        name="budgets_entry_adds_up",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("balance_after__gte", 0),
                            ("balance_before__gte", 0),
                            models.Q(("amount", 0), _negated=True),
                            ("position__gt", 0),
                            ("seq__gt", 0),
                        ),
                        name="budgets_entry_signs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__in",
                                [
                                    "filter",
                                    "hold_floor",
                                    "capacity_limit",
                                    "remainder",
                                    "direct",
                                    "overflow",
                                    "source",
                                    "withdrawn",
                                    "reversal",
                                ],
                            )
                        ),
                        name="budgets_entry_reason",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        deferred=False,
                        function="budgets_entry_joins_its_movement",
                        name="budgets_entry_joins_its_movement",
                        when="AFTER INSERT",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        deferred=True,
                        function="budgets_entry_chains",
                        name="budgets_entry_chains",
                        when="AFTER INSERT",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_entry_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_entry_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="movement", name="budgets_entry_movement_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="bucket", name="budgets_entry_bucket_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_entry_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN", name="budgets_entry_grants"
                    ),
                ],
            },
        ),
    ]
