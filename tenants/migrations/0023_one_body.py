"""`enter_tenant` sets all that a block begins with by one EXECUTE, without calls of functions."""

from django.db import migrations

ENTER_TENANT = """
CREATE OR REPLACE FUNCTION enter_tenant(tenant uuid, actor uuid, request text, reader boolean)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    suspended boolean;
BEGIN
    {settings}
    SELECT t.suspended_at IS NOT NULL INTO suspended
    FROM public.tenants_tenant AS t WHERE t.id = tenant;
    IF reader OR suspended THEN
        SET LOCAL transaction_read_only = on;
    END IF;
    RETURN suspended;
END
$$
"""

# SET LOCAL, not set_config(): Citus never sends the latter to its workers.
AT_ONCE = """EXECUTE pg_catalog.format(
        'SET LOCAL app.tenant_id = %L; SET LOCAL app.actor_id = %L; SET LOCAL app.request_id = %L',
        tenant, coalesce(actor::text, ''), request);"""
BY_FUNCTIONS = """PERFORM public.use_tenant(tenant);
    PERFORM public.name_actor(actor, request);"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0022_secrets")]
    operations = [
        migrations.RunSQL(
            ENTER_TENANT.format(settings=AT_ONCE), ENTER_TENANT.format(settings=BY_FUNCTIONS)
        )
    ]
