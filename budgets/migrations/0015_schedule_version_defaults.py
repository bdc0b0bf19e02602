"""Defaults of the columns of schedules' versions, in the database."""

from django.conf import settings
from django.db import migrations

import tenants.schema.defaults


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0014_schedule_versions"),
        ("tenants", "0016_trials_and_external_ids"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="scheduleversion",
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
                name="budgets_scheduleversion_defaults",
            ),
        ),
    ]
