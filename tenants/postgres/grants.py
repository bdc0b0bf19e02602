"""Who may do what with the global tables, Django's own included: an explicit list.

Tenants' tables carry their grants in their migrations (`tenants.constraints.Grants`).
"""

from typing import Any

from django.db import connections

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
    "tenants_user": "SELECT, INSERT, UPDATE",
    "tenants_user_groups": WRITE,
    "tenants_user_user_permissions": WRITE,
    "tenants_tenantslug": "INSERT",
}
INSPECTOR = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
             "tenants_user_groups", "tenants_user_user_permissions", "tenants_tenantslug")
SECRET_COLUMNS = {"tenants_user": {"password"}}
"""Tables of which inspector reads all columns but these."""


def grant_global_tables(*, using: str, **_: Any) -> None:
    """Grant what the lists say on the tables there are; safe to repeat."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        for table in APP.keys() & present:
            cursor.execute(f'GRANT {APP[table]} ON "{table}" TO app')
        for table in present.intersection(INSPECTOR):
            cursor.execute(f'GRANT SELECT ON "{table}" TO inspector')
        for table in SECRET_COLUMNS.keys() & present:
            columns = connection.introspection.get_table_description(cursor, table)
            readable = sorted({column.name for column in columns} - SECRET_COLUMNS[table])
            listed = ", ".join(f'"{column}"' for column in readable)
            cursor.execute(f'GRANT SELECT ({listed}) ON "{table}" TO inspector')
