"""Defaults in the database; `created_at` and `updated_at` on the tables that lacked one.

Old rows say 1970, which takes no time however many they are; the next migration asks what they
know of themselves.
"""

from datetime import UTC, datetime

from django.db import migrations, models

import tenants.schema.defaults

UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tenants", "0011_unknown_tenants"),
    ]

    operations = [
        migrations.AddField(
            model_name="globalchange",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="loginfailure",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="loginfailure",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="systemsettings",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="tenantslug",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="tenantslug",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="usersession",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, default=UNKNOWN),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "request_id": "''::character varying",
                    "updated_at": "now()",
                },
                name="tenants_change_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="globalchange",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "request_id": "''::character varying",
                    "updated_at": "now()",
                },
                name="tenants_globalchange_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="tenants_invitation_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="loginfailure",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "at": "now()",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="tenants_loginfailure_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="tenants_membership_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="systemsettings",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "'00000000-0000-0000-0000-000000000001'::uuid",
                    "updated_at": "now()",
                    "values": "'{}'::jsonb",
                    "version": "0",
                },
                name="tenants_systemsettings_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="tenants_tenant_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenantsettings",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                    "values": "'{}'::jsonb",
                    "version": "0",
                },
                name="tenants_tenantsettings_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenantslug",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "updated_at": "now()"},
                name="tenants_tenantslug_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "avatar_url": "''::character varying",
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
        migrations.AddConstraint(
            model_name="usersession",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "last_seen_at": "now()",
                    "updated_at": "now()",
                    "user_agent": "''::character varying",
                },
                name="tenants_usersession_defaults",
            ),
        ),
    ]
