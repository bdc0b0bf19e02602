"""What schedules said before they were changed, and when somebody ended one."""

import datetime

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints
import tenants.schema.fields


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0013_listings"),
        ("tenants", "0016_trials_and_external_ids"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ScheduleVersion",
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
                ("name", models.CharField(max_length=255)),
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
                    "until",
                    models.DateTimeField(
                        db_comment="the last moment it governs: later due times are others'",
                        help_text="the last moment it governs: later due times are others'",
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        db_comment="what was then done to the schedule",
                        help_text="what was then done to the schedule",
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
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedule_versions",
                        to="budgets.budget",
                    ),
                ),
                (
                    "schedule",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
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
                "db_table_comment": "What a schedule said of its due times up to a moment; written once, at every change of it.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "schedule", "until"), name="budgets_scheduleversion_once"
                    ),
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "key"), name="budgets_scheduleversion_key_once"
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_scheduleversion_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_scheduleversion_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_scheduleversion_budget_same_tenant"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="schedule", name="budgets_scheduleversion_schedule_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_scheduleversion_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN", name="budgets_scheduleversion_grants"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "created_at__gte",
                                datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                            (
                                "created_at__lt",
                                datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                        ),
                        name="budgets_scheduleversion_created_at_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "updated_at__gte",
                                datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                            (
                                "updated_at__lt",
                                datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                        ),
                        name="budgets_scheduleversion_updated_at_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "effective_at__gte",
                                datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                            (
                                "effective_at__lt",
                                datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                        ),
                        name="budgets_scheduleversion_effective_at_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "paused_at__gte",
                                datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                            (
                                "paused_at__lt",
                                datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                        ),
                        name="budgets_scheduleversion_paused_at_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "until__gte",
                                datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                            (
                                "until__lt",
                                datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                            ),
                        ),
                        name="budgets_scheduleversion_until_readable",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="schedule",
            name="budgets_schedule_grants",
        ),
        migrations.RemoveConstraint(
            model_name="schedule",
            name="budgets_schedule_history",
        ),
        migrations.AddField(
            model_name="schedule",
            name="ended_at",
            field=models.DateTimeField(
                blank=True,
                db_comment="when somebody ended it; none where its rule does",
                help_text="when somebody ended it; none where its rule does",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_at", None), ("next_due_at", None), _connector="OR"),
                name="budgets_schedule_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT, INSERT, MAINTAIN, UPDATE (name, amount, rrule, starts_on, starts_at, time_zone, catch_up, paused_at, ended_at, next_due_at, updated_at)",
                name="budgets_schedule_grants",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=tenants.schema.constraints.RowTrigger(
                args=("budgets.schedule", "updated_at,next_due_at"),
                deferred=False,
                function="tenants_record_change",
                name="budgets_schedule_history",
                when="AFTER INSERT OR DELETE OR UPDATE OF name, amount, rrule, starts_on, starts_at, time_zone, catch_up, paused_at, ended_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "ended_at__gte",
                        datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                    ),
                    (
                        "ended_at__lt",
                        datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC),
                    ),
                ),
                name="budgets_schedule_ended_at_readable",
            ),
        ),
    ]
