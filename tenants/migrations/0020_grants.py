"""Role app may lock fewer tables, and functions search the temporary schema last."""

from django.db import migrations

from tenants.schema.constraints import Grants
from tenants.schema.operations import RevokeMaintain, name_pg_temp_last

# `tenants.postgres.grants` grants the same after every migrate; here it is in one transaction, so
# that no write is refused meanwhile.
BY_COLUMN = """
REVOKE UPDATE ON tenants_user, tenants_systemsettings FROM app;
GRANT UPDATE (password, last_login, is_superuser, email, first_name, last_name, avatar_url,
    email_verified, is_staff, created_at, updated_at, deleted_at) ON tenants_user TO app;
GRANT UPDATE ("values", version, created_at, updated_at) ON tenants_systemsettings TO app
"""
WHOLE = """
REVOKE UPDATE ON tenants_user, tenants_systemsettings FROM app;
GRANT UPDATE ON tenants_user, tenants_systemsettings TO app
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0019_owners")]
    operations = [
        RevokeMaintain(),
        name_pg_temp_last(),
        migrations.RemoveConstraint(model_name="tenant", name="tenants_tenant_grants"),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=Grants(
                app="SELECT, INSERT, UPDATE (slug, name, plan, trial_plan, trial_ends_at, external_id, suspended_at, created_at, updated_at)",
                name="tenants_tenant_grants",
            ),
        ),
        migrations.RunSQL(BY_COLUMN, WHOLE),
    ]
