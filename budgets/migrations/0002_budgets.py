"""Budgets, found by a part of their name too."""

import django.db.models.deletion
import django.db.models.functions.text
import uuid_utils.compat
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints
import tenants.schema.fields
import tenants.schema.searches


class Migration(migrations.Migration):
    dependencies = [("budgets", "0001_commit_checks")]

    operations = [
        migrations.CreateModel(
            name="Budget",
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
                    "currency",
                    models.CharField(
                        db_comment="ISO 4217, fixed from the beginning",
                        help_text="ISO 4217, fixed from the beginning",
                        max_length=3,
                    ),
                ),
                (
                    "exponent",
                    models.SmallIntegerField(
                        db_comment="decimals of the currency", help_text="decimals of the currency"
                    ),
                ),
                (
                    "version",
                    models.BigIntegerField(
                        db_comment="counts every change of it or of its buckets",
                        default=0,
                        help_text="counts every change of it or of its buckets",
                    ),
                ),
                (
                    "last_seq",
                    models.BigIntegerField(
                        db_comment="how many movements it has had",
                        default=0,
                        help_text="how many movements it has had",
                    ),
                ),
                (
                    "deposited",
                    models.BigIntegerField(
                        db_comment="what came in, in minor units, since the beginning",
                        default=0,
                        help_text="what came in, in minor units, since the beginning",
                    ),
                ),
                (
                    "withdrawn",
                    models.BigIntegerField(
                        db_comment="what went out, in minor units, since the beginning",
                        default=0,
                        help_text="what went out, in minor units, since the beginning",
                    ),
                ),
                (
                    "last_recorded_at",
                    models.DateTimeField(
                        db_comment="when its last movement was recorded",
                        help_text="when its last movement was recorded",
                        null=True,
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
                    "owner",
                    tenants.schema.fields.TenantForeignKey(
                        blank=True,
                        db_comment="whose plan it is, if anybody's",
                        help_text="whose plan it is, if anybody's",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="tenants.membership",
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
                "db_table_comment": "One owner's plan in one currency; the row to lock before moving its money.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "owner"], name="budgets_budget_owner")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("tenant"),
                        django.db.models.functions.text.Lower("name"),
                        condition=models.Q(("archived_at", None)),
                        name="budgets_budget_open_name_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                        name="budgets_budget_currency",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("exponent__gte", 0), ("exponent__lte", 4)),
                        name="budgets_budget_exponent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deposited__gte", models.F("withdrawn")),
                            ("last_seq__gte", 0),
                            ("withdrawn__gte", 0),
                        ),
                        name="budgets_budget_totals",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_budget_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_budget_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="owner", name="budgets_budget_owner_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_budget_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, MAINTAIN, UPDATE (name, owner_id, version, last_seq, deposited, withdrawn, last_recorded_at, archived_at, updated_at)",
                        name="budgets_budget_grants",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=(
                            "budgets.budget",
                            "updated_at,version,last_seq,deposited,withdrawn,last_recorded_at",
                        ),
                        deferred=False,
                        function="tenants_record_change",
                        name="budgets_budget_history",
                        when="AFTER INSERT OR DELETE OR UPDATE OF name, owner_id, archived_at",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("name",), name="budgets_budget_search"
            ),
        ),
    ]
