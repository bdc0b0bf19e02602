"""`enter_tenant` says NULL for a tenant there is not, which Python refuses as UnknownTenant."""

from django.db import migrations

ENTER_TENANT = """
CREATE OR REPLACE FUNCTION enter_tenant(tenant uuid, actor uuid, request text, reader boolean)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    suspended boolean;
BEGIN
    PERFORM public.use_tenant(tenant);
    PERFORM public.name_actor(actor, request);
    SELECT t.suspended_at IS NOT NULL INTO suspended
    FROM public.tenants_tenant AS t WHERE t.id = tenant;
    IF reader OR suspended THEN
        SET LOCAL transaction_read_only = on;
    END IF;
    RETURN {answer};
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_readable_times_of_old_rows")]
    operations = [
        migrations.RunSQL(
            ENTER_TENANT.format(answer="suspended"),
            ENTER_TENANT.format(answer="coalesce(suspended, false)"),
        )
    ]
