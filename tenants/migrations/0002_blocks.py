"""What a block enters PostgreSQL with: its tenant, its actor, its request."""

from django.db import migrations

CURRENT_TENANT = """
CREATE FUNCTION current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
-- After a transaction the setting is '', not NULL: hence nullif.
RETURN nullif(pg_catalog.current_setting('app.tenant_id', true), '')::uuid
"""

# SET LOCAL, not set_config(): Citus never sends the latter to its workers.
USE_TENANT = """
CREATE FUNCTION use_tenant(tenant uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE pg_catalog.format('SET LOCAL app.tenant_id = %L', tenant);
END
$$
"""

NAME_ACTOR = """
CREATE FUNCTION name_actor(actor uuid, request text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    EXECUTE pg_catalog.format('SET LOCAL app.actor_id = %L', coalesce(actor::text, ''));
    EXECUTE pg_catalog.format('SET LOCAL app.request_id = %L', request);
END
$$
"""

# One round trip for all that a block begins with. A transaction that has become READ ONLY
# stays so: PostgreSQL lets nobody take it back after the first query.
ENTER_TENANT = """
CREATE FUNCTION enter_tenant(tenant uuid, actor uuid, request text, reader boolean)
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
    RETURN coalesce(suspended, false);
END
$$
"""

GRANT = """
REVOKE EXECUTE ON FUNCTION current_tenant(), use_tenant(uuid), name_actor(uuid, text),
    enter_tenant(uuid, uuid, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION current_tenant() TO app, inspector;
GRANT EXECUTE ON FUNCTION use_tenant(uuid), name_actor(uuid, text),
    enter_tenant(uuid, uuid, text, boolean) TO app
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_users")]
    operations = [
        migrations.RunSQL(CURRENT_TENANT, "DROP FUNCTION current_tenant()"),
        migrations.RunSQL(USE_TENANT, "DROP FUNCTION use_tenant(uuid)"),
        migrations.RunSQL(NAME_ACTOR, "DROP FUNCTION name_actor(uuid, text)"),
        migrations.RunSQL(ENTER_TENANT, "DROP FUNCTION enter_tenant(uuid, uuid, text, boolean)"),
        migrations.RunSQL(GRANT, migrations.RunSQL.noop),
    ]
