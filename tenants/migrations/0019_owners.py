"""A tenant that has had an owner keeps one: checked at COMMIT, whoever takes the last one away."""

from django.db import migrations

import tenants.schema.constraints

KEEPS = """
CREATE FUNCTION tenants_membership_keeps_an_owner() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF OLD.role <> 'owner' OR OLD.deleted_at IS NOT NULL THEN
        RETURN NULL;
    END IF;
    -- Two transactions that each take one of two owners away: the second waits here for the
    -- first, and its next statement sees what the first has done.
    PERFORM 1 FROM public.tenants_tenant t WHERE t.id = OLD.tenant_id FOR NO KEY UPDATE;
    PERFORM 1 FROM public.tenants_membership m
    WHERE m.tenant_id = OLD.tenant_id AND m.role = 'owner' AND m.deleted_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tenant % would have no owner', OLD.tenant_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'tenants_membership_keeps_an_owner',
                HINT = 'make somebody else an owner first';
    END IF;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION tenants_membership_keeps_an_owner() FROM PUBLIC
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0018_plain_table_comments")]
    operations = [
        migrations.RunSQL(KEEPS, "DROP FUNCTION tenants_membership_keeps_an_owner()"),
        migrations.AddConstraint(
            model_name="membership",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=True,
                function="tenants_membership_keeps_an_owner",
                name="tenants_membership_keeps_an_owner",
                when="AFTER DELETE OR UPDATE OF role, deleted_at",
            ),
        ),
    ]
