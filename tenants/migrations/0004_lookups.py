"""The three look-ups that cross tenants: SECURITY DEFINER, each returning ids only."""

from django.db import migrations

_HEAD = """
CREATE FUNCTION {signature}
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
{body}
$$;
REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {name} TO app
"""

OF_SLUG = "SELECT s.holder FROM public.tenants_tenantslug s WHERE s.slug = wanted"
OF_USER = "SELECT m.tenant_id FROM public.tenants_membership m WHERE m.user_id = wanted AND m.deleted_at IS NULL"
OF_INVITATION = """SELECT i.tenant_id FROM public.tenants_invitation i
WHERE i.token_hash = wanted AND i.accepted_at IS NULL AND i.expires_at > now()
ORDER BY i.created_at LIMIT 1"""


def look_up(name: str, returns: str, body: str) -> migrations.RunSQL:
    """Create a look-up that only role app may call."""
    signature = f"{name.replace('(', '(wanted ')} RETURNS {returns}"
    create = _HEAD.format(signature=signature, name=name, body=body)
    return migrations.RunSQL(create, f"DROP FUNCTION {name}")


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_tenants")]
    operations = [
        look_up("tenant_of_slug(text)", "uuid", OF_SLUG),
        look_up("tenants_of_user(uuid)", "SETOF uuid", OF_USER),
        look_up("tenant_of_invitation(text)", "uuid", OF_INVITATION),
    ]
