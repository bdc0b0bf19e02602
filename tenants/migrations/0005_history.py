"""The history of changes: who changed what, written by triggers."""

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.context
import tenants.schema.constraints

# Written as owner, for role app may not write it. The row's own tenant is recorded, whatever
# the setting says. TG_ARGV: the model's label, and the columns that are left out. An UPDATE
# compares the ids; of a row that comes or goes, row_id tells it already. A row that gets another
# id says so under the id that it had.
RECORD = """
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    hidden text[] := string_to_array(TG_ARGV[1], ',') || CASE WHEN TG_OP = 'UPDATE' THEN ARRAY['tenant_id'] ELSE ARRAY['id', 'tenant_id'] END;
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    row_id uuid := coalesce(was, became) ->> 'id';
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
$$;
REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC
"""
_COLUMNS = "id, created_at, model, row_id, verb, before, after, actor_id, request_id"
_VALUES = """uuidv7(), clock_timestamp(), TG_ARGV[0], row_id, lower(TG_OP), before, after,
        nullif(current_setting('app.actor_id', true), '')::uuid,
        left(coalesce(current_setting('app.request_id', true), ''), 200)"""


def recorder(name: str, table: str, values: str) -> migrations.RunSQL:
    """Create the trigger function of that name, which nobody can call but its triggers."""
    create = RECORD.format(name=name, table=table, values=values)
    return migrations.RunSQL(create, f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_lookups")]

    operations = [
        recorder(
            "tenants_record_change",
            f"tenants_change ({_COLUMNS}, tenant_id, updated_at)",
            f"{_VALUES}, tenant, clock_timestamp()",
        ),
        recorder("tenants_record_global_change", f"tenants_globalchange ({_COLUMNS})", _VALUES),
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
                (
                    "model",
                    models.CharField(db_comment="app.model", help_text="app.model", max_length=100),
                ),
                (
                    "row_id",
                    models.UUIDField(
                        db_comment="the changed row's id", help_text="the changed row's id"
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[("insert", "Insert"), ("update", "Update"), ("delete", "Delete")],
                        db_comment="insert, update or delete",
                        help_text="insert, update or delete",
                        max_length=6,
                    ),
                ),
                (
                    "before",
                    models.JSONField(
                        db_comment="columns that changed, as they were",
                        help_text="columns that changed, as they were",
                        null=True,
                    ),
                ),
                (
                    "after",
                    models.JSONField(
                        db_comment="columns that changed, as they became",
                        help_text="columns that changed, as they became",
                        null=True,
                    ),
                ),
                (
                    "request_id",
                    models.CharField(
                        blank=True,
                        db_comment="on whose request, if it was said",
                        help_text="on whose request, if it was said",
                        max_length=200,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        db_comment="the user in whose name, if it was said",
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
                "db_table_comment": "A change of a tenant's row; role app can read it and nothing else.",
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["tenant", "model", "row_id", "created_at"],
                        name="tenants_change_row",
                    ),
                    models.Index(fields=["tenant", "created_at"], name="tenants_change_at"),
                ],
                "constraints": [
                    tenants.schema.constraints.TenantKey(name="tenants_change_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="tenants_change_tenant_exists"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="tenants_change_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, MAINTAIN", name="tenants_change_grants"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GlobalChange",
            fields=[
                (
                    "model",
                    models.CharField(db_comment="app.model", help_text="app.model", max_length=100),
                ),
                (
                    "row_id",
                    models.UUIDField(
                        db_comment="the changed row's id", help_text="the changed row's id"
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[("insert", "Insert"), ("update", "Update"), ("delete", "Delete")],
                        db_comment="insert, update or delete",
                        help_text="insert, update or delete",
                        max_length=6,
                    ),
                ),
                (
                    "before",
                    models.JSONField(
                        db_comment="columns that changed, as they were",
                        help_text="columns that changed, as they were",
                        null=True,
                    ),
                ),
                (
                    "after",
                    models.JSONField(
                        db_comment="columns that changed, as they became",
                        help_text="columns that changed, as they became",
                        null=True,
                    ),
                ),
                (
                    "request_id",
                    models.CharField(
                        blank=True,
                        db_comment="on whose request, if it was said",
                        help_text="on whose request, if it was said",
                        max_length=200,
                    ),
                ),
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
                        db_comment="the user in whose name, if it was said",
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
            options={
                "db_table_comment": "A change of a row that belongs to no tenant.",
                "indexes": [
                    models.Index(
                        fields=["model", "row_id", "created_at"], name="tenants_globalchange_row"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=tenants.schema.constraints.RowTrigger(
                args=("tenants.user", "updated_at,password,last_login"),
                deferred=False,
                function="tenants_record_global_change",
                name="tenants_user_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddConstraint(
            model_name="tenant",
            constraint=tenants.schema.constraints.RowTrigger(
                args=("tenants.tenant", "updated_at"),
                deferred=False,
                function="tenants_record_change",
                name="tenants_tenant_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=tenants.schema.constraints.RowTrigger(
                args=("tenants.membership", "updated_at"),
                deferred=False,
                function="tenants_record_change",
                name="tenants_membership_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=tenants.schema.constraints.RowTrigger(
                args=("tenants.invitation", "updated_at,token_hash"),
                deferred=False,
                function="tenants_record_change",
                name="tenants_invitation_history",
                when="AFTER INSERT OR DELETE OR UPDATE",
            ),
        ),
    ]
