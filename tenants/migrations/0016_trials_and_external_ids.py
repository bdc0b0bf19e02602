"""Trials of a plan, and the directory of external ids with its look-up."""

import datetime

from django.db import migrations, models

import tenants.schema.constraints

# Like the other look-ups: SECURITY DEFINER, and ids only.
LOOK_UP = """
CREATE FUNCTION tenant_of_external_id(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT e.holder FROM public.tenants_tenantexternalid e WHERE e.external_id = wanted
$$;
REVOKE EXECUTE ON FUNCTION tenant_of_external_id(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_of_external_id(text) TO app
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0015_listings"),
    ]

    operations = [
        migrations.CreateModel(
            name="TenantExternalId",
            fields=[
                (
                    "external_id",
                    models.CharField(
                        db_comment="one tenant has it",
                        help_text="one tenant has it",
                        max_length=255,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "holder",
                    models.UUIDField(
                        db_comment="the tenant that has it", help_text="the tenant that has it"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "db_table_comment": "The directory of external ids, as `TenantSlug` is that of slugs; a tenant has one at most.",
            },
        ),
        migrations.AddField(
            model_name="tenant",
            name="external_id",
            field=models.CharField(
                blank=True,
                db_comment="what another system calls it, such as the organization of an identity provider",
                db_default="",
                default="",
                help_text="what another system calls it, such as the organization of an identity provider",
                max_length=255,
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="trial_ends_at",
            field=models.DateTimeField(
                blank=True,
                db_comment="until when the plan it tries counts; then its own does",
                help_text="until when the plan it tries counts; then its own does",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="trial_plan",
            field=models.CharField(
                blank=True,
                db_comment="the plan it tries, or tried last",
                db_default="",
                default="",
                help_text="the plan it tries, or tried last",
                max_length=40,
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("trial_ends_at", None), ("trial_plan", "")),
                    models.Q(
                        models.Q(("trial_plan", ""), _negated=True),
                        ("trial_ends_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="tenants_tenant_trial",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "trial_ends_at__gte",
                        datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.UTC),
                    ),
                    ("trial_ends_at__lt", datetime.datetime(2200, 1, 1, 0, 0, tzinfo=datetime.UTC)),
                ),
                name="tenants_tenant_trial_ends_at_readable",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenantexternalid",
            constraint=models.UniqueConstraint(
                fields=("holder",), name="tenants_tenantexternalid_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tenantexternalid",
            constraint=models.CheckConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                name="tenants_tenantexternalid_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenantexternalid",
            constraint=tenants.schema.constraints.RowSecurity(
                column="holder", name="tenants_tenantexternalid_isolation"
            ),
        ),
        migrations.RunSQL(LOOK_UP, "DROP FUNCTION tenant_of_external_id(text)"),
    ]
