"""Buckets, and the versions of their rules."""

import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints
import tenants.schema.fields


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0002_budgets"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Bucket",
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
                ("name", models.CharField(max_length=200)),
                (
                    "priority",
                    models.IntegerField(
                        blank=True,
                        db_comment="0 is served first; none for money buckets and closed ones",
                        help_text="0 is served first; none for money buckets and closed ones",
                        null=True,
                    ),
                ),
                (
                    "filter_flat",
                    models.BigIntegerField(
                        blank=True,
                        db_comment="what it asks of arriving money, in minor units; or a share",
                        help_text="what it asks of arriving money, in minor units; or a share",
                        null=True,
                    ),
                ),
                (
                    "filter_share",
                    models.IntegerField(
                        blank=True,
                        db_comment="what it asks of arriving money, in parts per million; or a flat sum",
                        help_text="what it asks of arriving money, in parts per million; or a flat sum",
                        null=True,
                    ),
                ),
                (
                    "hold_flat",
                    models.BigIntegerField(
                        blank=True,
                        db_comment="the least it keeps, in minor units; or a share, or no hold",
                        help_text="the least it keeps, in minor units; or a share, or no hold",
                        null=True,
                    ),
                ),
                (
                    "hold_share",
                    models.IntegerField(
                        blank=True,
                        db_comment="the least it keeps, in parts per million of what arrives",
                        help_text="the least it keeps, in parts per million of what arrives",
                        null=True,
                    ),
                ),
                (
                    "target",
                    models.BigIntegerField(
                        blank=True,
                        db_comment="when it is full, in minor units; none is unlimited",
                        help_text="when it is full, in minor units; none is unlimited",
                        null=True,
                    ),
                ),
                (
                    "locked",
                    models.BooleanField(
                        db_comment="whether cascades pass it by",
                        default=False,
                        help_text="whether cascades pass it by",
                    ),
                ),
                (
                    "archived_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="when it was closed; none while it is open",
                        help_text="when it was closed; none while it is open",
                        null=True,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("envelope", "Envelope"), ("money", "Money")],
                        db_comment="envelope, or money: where the rest goes",
                        default="envelope",
                        help_text="envelope, or money: where the rest goes",
                        max_length=8,
                    ),
                ),
                (
                    "balance",
                    models.BigIntegerField(
                        db_comment="what it holds, in minor units: its last entry's balance_after",
                        default=0,
                        help_text="what it holds, in minor units: its last entry's balance_after",
                    ),
                ),
                (
                    "version",
                    models.IntegerField(
                        db_comment="how many versions of its rules there have been",
                        default=0,
                        help_text="how many versions of its rules there have been",
                    ),
                ),
                (
                    "last_seq",
                    models.BigIntegerField(
                        db_comment="how many entries it has had",
                        default=0,
                        help_text="how many entries it has had",
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
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="buckets",
                        to="budgets.budget",
                    ),
                ),
            ],
            options={
                "db_table_comment": "An envelope, or the one money bucket of a budget, where the rest of a deposit lands.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("tenant", "budget", "priority"),
                        name="budgets_bucket_priority_once",
                    ),
                    models.UniqueConstraint(
                        models.F("tenant"),
                        models.F("budget"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("archived_at", None)),
                        name="budgets_bucket_open_name_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "money")),
                        fields=("tenant", "budget"),
                        name="budgets_bucket_one_money",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "envelope"),
                            models.Q(
                                ("archived_at", None),
                                ("filter_flat", None),
                                ("filter_share", None),
                                ("hold_flat", None),
                                ("hold_share", None),
                                ("kind", "money"),
                                ("locked", False),
                                ("priority", None),
                                ("target", None),
                            ),
                            _connector="OR",
                        ),
                        name="budgets_bucket_money_is_plain",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "money"),
                            models.Q(
                                ("filter_flat__gte", 0),
                                ("filter_flat__isnull", False),
                                ("filter_share", None),
                            ),
                            models.Q(
                                ("filter_flat", None),
                                ("filter_share__gte", 0),
                                ("filter_share__isnull", False),
                                ("filter_share__lte", 1000000),
                            ),
                            _connector="OR",
                        ),
                        name="budgets_bucket_filter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("hold_flat", None), ("hold_share", None)),
                            models.Q(("hold_flat__gte", 0), ("hold_share", None)),
                            models.Q(
                                ("hold_flat", None),
                                ("hold_share__gte", 0),
                                ("hold_share__lte", 1000000),
                            ),
                            _connector="OR",
                        ),
                        name="budgets_bucket_hold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target", None), ("target__gte", 0), _connector="OR"),
                        name="budgets_bucket_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "money"),
                            models.Q(
                                ("archived_at", None),
                                ("priority__gte", 0),
                                ("priority__isnull", False),
                            ),
                            models.Q(
                                ("archived_at__isnull", False), ("balance", 0), ("priority", None)
                            ),
                            _connector="OR",
                        ),
                        name="budgets_bucket_priority",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("balance__gte", 0)), name="budgets_bucket_balance"
                    ),
                    tenants.schema.constraints.RowTrigger(
                        deferred=True,
                        function="budgets_bucket_is_its_last_entry",
                        name="budgets_bucket_is_its_last_entry",
                        when="AFTER INSERT OR UPDATE OF balance, last_seq",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_bucket_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_bucket_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_bucket_budget_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_bucket_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN, UPDATE (name, priority, filter_flat, filter_share, hold_flat, hold_share, target, locked, archived_at, balance, version, last_seq, updated_at)",
                        name="budgets_bucket_grants",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BucketVersion",
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
                ("name", models.CharField(max_length=200)),
                (
                    "priority",
                    models.IntegerField(
                        blank=True,
                        db_comment="0 is served first; none for money buckets and closed ones",
                        help_text="0 is served first; none for money buckets and closed ones",
                        null=True,
                    ),
                ),
                (
                    "filter_flat",
                    models.BigIntegerField(
                        blank=True,
                        db_comment="what it asks of arriving money, in minor units; or a share",
                        help_text="what it asks of arriving money, in minor units; or a share",
                        null=True,
                    ),
                ),
                (
                    "filter_share",
                    models.IntegerField(
                        blank=True,
                        db_comment="what it asks of arriving money, in parts per million; or a flat sum",
                        help_text="what it asks of arriving money, in parts per million; or a flat sum",
                        null=True,
                    ),
                ),
                (
                    "hold_flat",
                    models.BigIntegerField(
                        blank=True,
                        db_comment="the least it keeps, in minor units; or a share, or no hold",
                        help_text="the least it keeps, in minor units; or a share, or no hold",
                        null=True,
                    ),
                ),
                (
                    "hold_share",
                    models.IntegerField(
                        blank=True,
                        db_comment="the least it keeps, in parts per million of what arrives",
                        help_text="the least it keeps, in parts per million of what arrives",
                        null=True,
                    ),
                ),
                (
                    "target",
                    models.BigIntegerField(
                        blank=True,
                        db_comment="when it is full, in minor units; none is unlimited",
                        help_text="when it is full, in minor units; none is unlimited",
                        null=True,
                    ),
                ),
                (
                    "locked",
                    models.BooleanField(
                        db_comment="whether cascades pass it by",
                        default=False,
                        help_text="whether cascades pass it by",
                    ),
                ),
                (
                    "archived_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="when it was closed; none while it is open",
                        help_text="when it was closed; none while it is open",
                        null=True,
                    ),
                ),
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
                    "version",
                    models.IntegerField(
                        db_comment="counts the bucket's versions, from 1",
                        help_text="counts the bucket's versions, from 1",
                    ),
                ),
                (
                    "from_seq",
                    models.BigIntegerField(
                        db_comment="the first movement it governs",
                        help_text="the first movement it governs",
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        db_comment="what was done to the bucket",
                        help_text="what was done to the bucket",
                        max_length=20,
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
                    "bucket",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
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
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="budgets.budget",
                    ),
                ),
            ],
            options={
                "db_table_comment": "A bucket's rules from one movement on; written once, at every change of them.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "bucket", "version"), name="budgets_bucketversion_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "key"), name="budgets_bucketversion_key_once"
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_bucketversion_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_bucketversion_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_bucketversion_budget_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="bucket", name="budgets_bucketversion_bucket_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_bucketversion_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN", name="budgets_bucketversion_grants"
                    ),
                ],
            },
        ),
    ]
