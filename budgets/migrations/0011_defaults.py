"""Defaults in the database, so that plain SQL and other programs can insert."""

from django.conf import settings
from django.db import migrations

import tenants.schema.defaults


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0010_movement_seq"),
        ("tenants", "0012_defaults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="bucket",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "balance": "0",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "kind": "'envelope'::character varying",
                    "last_seq": "0",
                    "locked": "false",
                    "updated_at": "now()",
                    "version": "0",
                },
                name="budgets_bucket_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketversion",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "locked": "false",
                    "memo": "''::character varying",
                    "metadata": "'{}'::jsonb",
                    "request_id": "''::character varying",
                    "updated_at": "now()",
                },
                name="budgets_bucketversion_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "deposited": "0",
                    "id": "uuidv7()",
                    "last_seq": "0",
                    "updated_at": "now()",
                    "version": "0",
                    "withdrawn": "0",
                },
                name="budgets_budget_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "became_full": "false",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="budgets_entry_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "memo": "''::character varying",
                    "metadata": "'{}'::jsonb",
                    "request_id": "''::character varying",
                    "source": "''::character varying",
                    "updated_at": "now()",
                },
                name="budgets_movement_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "catch_up": "'all'::character varying",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "memo": "''::character varying",
                    "metadata": "'{}'::jsonb",
                    "request_id": "''::character varying",
                    "updated_at": "now()",
                },
                name="budgets_schedule_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="schedulerun",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="budgets_schedulerun_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "decisions": "'{}'::jsonb",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="budgets_statement_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="budgets_statementline_defaults",
            ),
        ),
    ]
