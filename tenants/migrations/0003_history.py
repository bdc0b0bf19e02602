"""The history of changes; the actor and the request of a block; suspension."""

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.constraints
import tenants.context

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

# Written as owner, for role app may not write it. The row's own tenant is recorded, whatever
# the setting says. TG_ARGV: the model's label, and the columns that are left out.
RECORD = """
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    hidden text[] := string_to_array(TG_ARGV[1], ',') || ARRAY['id', 'tenant_id'];
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    row_id uuid := coalesce(became, was) ->> 'id';
    tenant uuid := coalesce(coalesce(became, was) ->> 'tenant_id', row_id::text);
    before jsonb := was - hidden;
    after jsonb := became - hidden;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, after -> o.key)
        INTO before, after
        FROM jsonb_each(before) AS o WHERE o.value IS DISTINCT FROM after -> o.key;
        IF before IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO public.{table}
    VALUES ({values});
    RETURN NULL;
END
$$
"""
_COLUMNS = "id, created_at, model, row_id, verb, before, after, actor_id, request_id"
_VALUES = """uuidv7(), clock_timestamp(), TG_ARGV[0], row_id, lower(TG_OP), before, after,
        nullif(current_setting('app.actor_id', true), '')::uuid,
        left(coalesce(current_setting('app.request_id', true), ''), 200)"""
RECORD_CHANGE = RECORD.format(
    name="tenants_record_change",
    table=f"tenants_change ({_COLUMNS}, tenant_id, updated_at)",
    values=f"{_VALUES}, tenant, clock_timestamp()",
)
RECORD_GLOBAL_CHANGE = RECORD.format(
    name="tenants_record_global_change",
    table=f"tenants_globalchange ({_COLUMNS})",
    values=_VALUES,
)

GRANT = """
REVOKE EXECUTE ON FUNCTION name_actor(uuid, text), enter_tenant(uuid, uuid, text, boolean),
    tenants_record_change(), tenants_record_global_change() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION name_actor(uuid, text), enter_tenant(uuid, uuid, text, boolean) TO app
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tenants", "0002_lookups"),
    ]

    operations = [
        migrations.RunSQL(NAME_ACTOR, "DROP FUNCTION name_actor(uuid, text)"),
        migrations.RunSQL(ENTER_TENANT, "DROP FUNCTION enter_tenant(uuid, uuid, text, boolean)"),
        migrations.RunSQL(RECORD_CHANGE, "DROP FUNCTION tenants_record_change()"),
        migrations.RunSQL(RECORD_GLOBAL_CHANGE, "DROP FUNCTION tenants_record_global_change()"),
        migrations.RunSQL(GRANT, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("model", models.CharField(help_text="app.model", max_length=100)),
                ("row_id", models.UUIDField(help_text="the changed row's id")),
                (
                    "verb",
                    models.CharField(
                        choices=[("insert", "Insert"), ("update", "Update"), ("delete", "Delete")],
                        max_length=6,
                    ),
                ),
                (
                    "before",
                    models.JSONField(help_text="columns that changed, as they were", null=True),
                ),
                (
                    "after",
                    models.JSONField(help_text="columns that changed, as they became", null=True),
                ),
                ("request_id", models.CharField(blank=True, max_length=200)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="the user in whose name, if it was said",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=tenants.context.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="GlobalChange",
            fields=[
                ("model", models.CharField(help_text="app.model", max_length=100)),
                ("row_id", models.UUIDField(help_text="the changed row's id")),
                (
                    "verb",
                    models.CharField(
                        choices=[("insert", "Insert"), ("update", "Update"), ("delete", "Delete")],
                        max_length=6,
                    ),
                ),
                (
                    "before",
                    models.JSONField(help_text="columns that changed, as they were", null=True),
                ),
                (
                    "after",
                    models.JSONField(help_text="columns that changed, as they became", null=True),
                ),
                ("request_id", models.CharField(blank=True, max_length=200)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="the user in whose name, if it was said",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="tenant",
            name="suspended_at",
            field=models.DateTimeField(
                blank=True, help_text="since when it can be read and not written", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=tenants.constraints.RowTrigger(
                args=("tenants.invitation", "updated_at,token_hash"),
                deferred=False,
                function="tenants_record_change",
                name="tenants_invitation_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=tenants.constraints.RowTrigger(
                args=("tenants.membership", "updated_at"),
                deferred=False,
                function="tenants_record_change",
                name="tenants_membership_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=tenants.constraints.RowTrigger(
                args=("tenants.tenant", "updated_at"),
                deferred=False,
                function="tenants_record_change",
                name="tenants_tenant_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=tenants.constraints.RowTrigger(
                args=("tenants.user", "updated_at,password,last_login"),
                deferred=False,
                function="tenants_record_global_change",
                name="tenants_user_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["tenant", "model", "row_id", "created_at"], name="tenants_change_row"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["tenant", "created_at"], name="tenants_change_at"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=tenants.constraints.TenantKey(name="tenants_change_pkey"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=tenants.constraints.TenantReference(
                field="tenant", name="tenants_change_tenant_exists"
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=tenants.constraints.RowSecurity(
                column="tenant_id", name="tenants_change_isolation"
            ),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=tenants.constraints.Grants(
                app="SELECT, MAINTAIN", name="tenants_change_grants"
            ),
        ),
        migrations.AddIndex(
            model_name="globalchange",
            index=models.Index(
                fields=["model", "row_id", "created_at"], name="tenants_globalchange_row"
            ),
        ),
    ]
