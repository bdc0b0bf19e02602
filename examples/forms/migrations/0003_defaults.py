"""Defaults in the database, so that plain SQL and other programs can insert."""

from django.db import migrations

import tenants.schema.defaults


class Migration(migrations.Migration):
    dependencies = [
        ("forms", "0002_readable_times"),
        ("tenants", "0012_defaults"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="event",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="forms_event_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="form",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "status": "'draft'::character varying",
                    "updated_at": "now()",
                },
                name="forms_form_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="organization",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "homepage": "''::character varying",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="forms_organization_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "answers": "'{}'::jsonb",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="forms_submission_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "steps": "1",
                    "updated_at": "now()",
                },
                name="forms_workflow_defaults",
            ),
        ),
    ]
