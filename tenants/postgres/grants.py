"""Who may do what with the global tables, Django's own included: an explicit list.

Tenants' tables carry their grants in their migrations (`tenants.constraints.Grants`).
"""

from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

READ = "SELECT"
WRITE = "SELECT, INSERT, UPDATE, DELETE"

APP: dict[str, str] = {
    "django_migrations": READ,
    "django_content_type": READ,
    "auth_permission": READ,
    "auth_group": WRITE,
    "auth_group_permissions": WRITE,
    "django_session": WRITE,
    "django_admin_log": "SELECT, INSERT",
    "django_tasks_database_dbtaskresult": WRITE,
    "tenants_user": "SELECT, INSERT, UPDATE",
    "tenants_user_groups": WRITE,
    "tenants_user_user_permissions": WRITE,
    "tenants_tenantslug": "INSERT",
    "tenants_globalchange": READ,
}
INSPECTOR = (
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "tenants_user_groups",
    "tenants_user_user_permissions",
    "tenants_tenantslug",
    "tenants_globalchange",
)
SECRET_COLUMNS = {"tenants_user": {"password"}}
"""Tables of which inspector reads all columns but these."""


def grant_global_tables(*, using: str, **_: Any) -> None:
    """Grant what the lists say on the tables there are; safe to repeat."""
    with connections[using].cursor() as cursor:
        for grant in [*global_grants(cursor), *sequence_grants(cursor)]:
            cursor.execute(grant)


def global_grants(cursor: CursorWrapper) -> Iterator[str]:
    """What the lists say, as statements, for the tables there are."""
    present = set(cursor.db.introspection.table_names(cursor))
    for table in APP.keys() & present:
        yield f'GRANT {APP[table]} ON "{table}" TO app'
    for table in present.intersection(INSPECTOR):
        yield f'GRANT SELECT ON "{table}" TO inspector'
    for table in SECRET_COLUMNS.keys() & present:
        cursor.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        readable = sorted({row[0] for row in cursor.fetchall()} - SECRET_COLUMNS[table])
        listed = ", ".join(f'"{column}"' for column in readable)
        yield f'GRANT SELECT ({listed}) ON "{table}" TO inspector'


def sequence_grants(cursor: CursorWrapper) -> Iterator[str]:
    """Leave to set the sequences of the tables that app fills: `loaddata` sets them on."""
    introspection = cursor.db.introspection
    for table in APP.keys() & set(introspection.table_names(cursor)):
        if "INSERT" in APP[table]:
            for sequence in introspection.get_sequences(cursor, table):
                yield f'GRANT UPDATE ON SEQUENCE "{sequence["name"]}" TO app'


def granted_to_app(table: str, *, using: str = DEFAULT_DB_ALIAS) -> set[str]:
    """The privileges role app has on a table or any column of it, as the catalog has them."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM pg_class, aclexplode(relacl)"
            " WHERE oid = %(table)s::regclass AND grantee = 'app'::regrole"
            " UNION SELECT privilege_type FROM pg_attribute, aclexplode(attacl)"
            " WHERE attrelid = %(table)s::regclass AND grantee = 'app'::regrole",
            {"table": table},
        )
        return {row[0] for row in cursor.fetchall()}
