"""What is set for the whole system, and for a tenant."""

import uuid

import django.db.models.deletion
import django.db.models.lookups
import uuid_utils.compat
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_sessions")]

    operations = [
        migrations.CreateModel(
            name="SystemSettings",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.UUID("00000000-0000-0000-0000-000000000001"),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "values",
                    models.JSONField(
                        db_comment="as its schema declares",
                        default=dict,
                        help_text="as its schema declares",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_comment="how often it was changed",
                        default=0,
                        help_text="how often it was changed",
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name_plural": "system settings",
                "db_table_comment": "What is set for the whole system; changed by `SystemSettings.objects.change` alone.",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("id", uuid.UUID("00000000-0000-0000-0000-000000000001"))
                        ),
                        name="tenants_systemsettings_once",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=("tenants.systemsettings", "updated_at"),
                        deferred=False,
                        function="tenants_record_global_change",
                        name="tenants_systemsettings_history",
                        when="AFTER INSERT OR DELETE OR UPDATE",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("values"),
                                    function="jsonb_typeof",
                                    output_field=models.TextField(),
                                ),
                                models.Value("object"),
                            )
                        ),
                        name="tenants_systemsettings_values_object",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantSettings",
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
                    "values",
                    models.JSONField(
                        db_comment="as its schema declares",
                        default=dict,
                        help_text="as its schema declares",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        db_comment="how often it was changed",
                        default=0,
                        help_text="how often it was changed",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "tenant settings",
                "db_table_comment": "What a tenant has set; changed by `TenantSettings.objects.change` alone.",
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="tenants_tenantsettings_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("values"),
                                    function="jsonb_typeof",
                                    output_field=models.TextField(),
                                ),
                                models.Value("object"),
                            )
                        ),
                        name="tenants_tenantsettings_values_object",
                    ),
                    tenants.schema.constraints.TenantKey(name="tenants_tenantsettings_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="tenants_tenantsettings_tenant_exists"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="tenants_tenantsettings_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, UPDATE, DELETE, MAINTAIN",
                        name="tenants_tenantsettings_grants",
                    ),
                    tenants.schema.constraints.RowTrigger(
                        args=("tenants.tenantsettings", "updated_at"),
                        deferred=False,
                        function="tenants_record_change",
                        name="tenants_tenantsettings_history",
                        when="AFTER INSERT OR DELETE OR UPDATE",
                    ),
                ],
            },
        ),
    ]
