"""No live row under a deleted one: PostgreSQL refuses it (`tenants.schema.live_parents`)."""

from django.db import migrations

import tenants.schema.live_parents


class Migration(migrations.Migration):
    dependencies = [
        ("forms", "0004_grants"),
        ("tenants", "0020_grants"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="submission",
            constraint=tenants.schema.live_parents.LiveParent(
                cascades=True, field="form", name="forms_submission_form_live", soft=True
            ),
        ),
        migrations.AddConstraint(
            model_name="workflow",
            constraint=tenants.schema.live_parents.LiveParent(
                cascades=False, field="form", name="forms_workflow_form_live", soft=False
            ),
        ),
    ]
