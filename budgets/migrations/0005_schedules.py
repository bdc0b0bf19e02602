"""Deposits that fall due again and again."""

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
        ("budgets", "0004_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
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
                ("name", models.CharField(max_length=200)),
                (
                    "amount",
                    models.BigIntegerField(
                        db_comment="what each deposit brings, in minor units",
                        help_text="what each deposit brings, in minor units",
                    ),
                ),
                (
                    "rrule",
                    models.CharField(
                        db_comment="RFC 5545, without DTSTART",
                        help_text="RFC 5545, without DTSTART",
                        max_length=500,
                        verbose_name="rule",
                    ),
                ),
                (
                    "starts_on",
                    models.DateField(
                        db_comment="a day in its time zone", help_text="a day in its time zone"
                    ),
                ),
                (
                    "starts_at",
                    models.TimeField(
                        db_comment="what a clock there shows", help_text="what a clock there shows"
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        db_comment="an IANA name", help_text="an IANA name", max_length=100
                    ),
                ),
                (
                    "catch_up",
                    models.CharField(
                        choices=[("all", "All"), ("last", "Last"), ("none", "None")],
                        db_comment="what becomes of due times nobody ran in time: all, last or none are run",
                        default="all",
                        help_text="what becomes of due times nobody ran in time: all, last or none are run",
                        max_length=4,
                    ),
                ),
                (
                    "paused_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="since when nothing is run; none while it is active",
                        help_text="since when nothing is run; none while it is active",
                        null=True,
                    ),
                ),
                (
                    "next_due_at",
                    models.DateTimeField(
                        db_comment="the first due time that has no run; none when it has ended",
                        help_text="the first due time that has no run; none when it has ended",
                        null=True,
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
                        related_name="schedules",
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
                "db_table_comment": "A deposit that falls due again and again; its memo and metadata are each deposit's.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("next_due_at__isnull", False), ("paused_at", None)),
                        fields=["tenant", "next_due_at"],
                        name="budgets_schedule_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("tenant"),
                        models.F("budget"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("next_due_at__isnull", False)),
                        name="budgets_schedule_name_once",
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "key"), name="budgets_schedule_key_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gt", 0),
                            models.Q(("name", ""), _negated=True),
                            models.Q(("time_zone", ""), _negated=True),
                        ),
                        name="budgets_schedule_amount",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rrule__regex",
                                "^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[-+,0-9A-Z]+)*$",
                            )
                        ),
                        name="budgets_schedule_rrule",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("catch_up__in", ["all", "last", "none"])),
                        name="budgets_schedule_catch_up",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_schedule_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_schedule_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_schedule_budget_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_schedule_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN, UPDATE (paused_at, next_due_at, updated_at)",
                        name="budgets_schedule_grants",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=("budgets.schedule", "updated_at,next_due_at"),
                        deferred=False,
                        function="tenants_record_change",
                        name="budgets_schedule_history",
                        when="AFTER INSERT OR DELETE OR UPDATE OF paused_at",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduleRun",
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
                    "due_at",
                    models.DateTimeField(
                        db_comment="when it fell due", help_text="when it fell due"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("deposited", "Deposited"),
                            ("skipped", "Skipped"),
                            ("missed", "Missed"),
                        ],
                        db_comment="deposited, skipped beforehand, or missed",
                        help_text="deposited, skipped beforehand, or missed",
                        max_length=9,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        db_comment="the user who ran it, if known",
                        db_constraint=False,
                        db_index=False,
                        help_text="the user who ran it, if known",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "movement",
                    tenants.schema.fields.TenantForeignKey(
                        db_comment="the deposit, where one was made",
                        help_text="the deposit, where one was made",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedule_runs",
                        to="budgets.movement",
                    ),
                ),
                (
                    "schedule",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="budgets.schedule",
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
                "db_table_comment": "What became of one due time of a schedule; written once.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "schedule", "due_at"), name="budgets_schedulerun_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "movement"), name="budgets_schedulerun_movement_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("movement__isnull", False), ("outcome", "deposited")),
                            models.Q(("movement", None), ("outcome__in", ["skipped", "missed"])),
                            _connector="OR",
                        ),
                        name="budgets_schedulerun_outcome",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_schedulerun_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_schedulerun_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="schedule", name="budgets_schedulerun_schedule_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="movement", name="budgets_schedulerun_movement_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_schedulerun_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN", name="budgets_schedulerun_grants"
                    ),
                ],
            },
        ),
    ]
