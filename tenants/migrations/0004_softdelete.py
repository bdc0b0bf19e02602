"""A membership that ends is marked deleted; look-ups see the live ones."""

import django.db.models.manager
from django.db import migrations, models

OF_USER = """
CREATE OR REPLACE FUNCTION tenants_of_user(wanted uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
SELECT m.tenant_id FROM public.tenants_membership m WHERE m.user_id = wanted{live}
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_history"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="membership",
            options={"base_manager_name": "all_objects"},
        ),
        migrations.AlterModelManagers(
            name="membership",
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("all_objects", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="tenants_membership_user_once",
        ),
        migrations.AddField(
            model_name="membership",
            name="deleted_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("tenant", "user"),
                name="tenants_membership_user_once",
            ),
        ),
        migrations.RunSQL(
            OF_USER.format(live=" AND m.deleted_at IS NULL"), OF_USER.format(live="")
        ),
    ]
