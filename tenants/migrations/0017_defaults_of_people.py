"""Defaults of the columns that people and external ids got, in the database."""

from django.db import migrations

import tenants.schema.defaults


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tenants", "0016_trials_and_external_ids"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="user",
            name="tenants_user_defaults",
        ),
        migrations.AddConstraint(
            model_name="tenantexternalid",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "updated_at": "now()"},
                name="tenants_tenantexternalid_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "avatar_url": "''::text",
                    "created_at": "now()",
                    "email_verified": "false",
                    "first_name": "''::character varying",
                    "id": "uuidv7()",
                    "is_staff": "false",
                    "is_superuser": "false",
                    "last_name": "''::character varying",
                    "updated_at": "now()",
                },
                name="tenants_user_defaults",
            ),
        ),
    ]
