"""Import profiles: how the statements of an account are read."""

import datetime

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints
import tenants.schema.defaults
import tenants.schema.fields
import tenants.schema.searches


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0022_statement_balances"),
        ("tenants", "0022_secrets"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportProfile",
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
                    "account",
                    models.CharField(
                        blank=True,
                        db_comment="account of the files; empty for files that name none",
                        help_text="account of the files; empty for files that name none",
                        max_length=200,
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("ofx", "OFX or QFX"),
                            ("csv", "CSV"),
                            ("qif", "QIF"),
                            ("camt053", "camt.053"),
                            ("mt940", "MT940"),
                        ],
                        db_comment="format of the files; ofx for OFX and QFX",
                        help_text="format of the files; ofx for OFX and QFX",
                        max_length=10,
                    ),
                ),
                (
                    "header",
                    models.JSONField(
                        blank=True,
                        db_comment="JSON array: names of the columns; empty for files that are no table",
                        default=list,
                        help_text="JSON array: names of the columns; empty for files that are no table",
                    ),
                ),
                (
                    "options",
                    models.JSONField(
                        blank=True,
                        db_comment="JSON object: options of import_statement, columns by their role",
                        default=dict,
                        help_text="JSON object: options of import_statement, columns by their role",
                    ),
                ),
                (
                    "budget",
                    tenants.schema.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="import_profiles",
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
                "db_table_comment": "The options of the last import of an account, which the next import uses.",
                "select_on_save": True,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["tenant", "account", "id"], name="budgets_importprofile_account"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "account"), name="budgets_importprofile_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("format__in", ["ofx", "csv", "qif", "camt053", "mt940"])
                        ),
                        name="budgets_importprofile_format",
                    ),
                    tenants.schema.constraints.TenantKey(name="budgets_importprofile_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="budgets_importprofile_tenant_exists"
                    ),
                    tenants.schema.constraints.TenantReference(
                        field="budget", name="budgets_importprofile_budget_same_tenant"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="budgets_importprofile_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, UPDATE (format, header, options, updated_at), DELETE",
                        name="budgets_importprofile_grants",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=("budgets.importprofile", "updated_at"),
                        deferred=False,
                        function="tenants_record_change",
                        name="budgets_importprofile_history",
                        when="AFTER INSERT OR DELETE OR UPDATE",
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
                        name="budgets_importprofile_created_at_readable",
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
                        name="budgets_importprofile_updated_at_readable",
                    ),
                    tenants.schema.defaults.Defaults(
                        columns={
                            "account": "''::character varying",
                            "created_at": "now()",
                            "header": "'[]'::jsonb",
                            "id": "uuidv7()",
                            "options": "'{}'::jsonb",
                            "updated_at": "now()",
                        },
                        name="budgets_importprofile_defaults",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(  # undone, it drops its function, which a dropped table leaves
            model_name="importprofile",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("account",), name="budgets_importprofile_search"
            ),
        ),
    ]
