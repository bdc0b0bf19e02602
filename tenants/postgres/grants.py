"""Who may do what with the global tables, Django's own included: an explicit list.

Tenants' tables carry their grants in their migrations (`tenants.schema.constraints.Grants`).
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
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
    "django_admin_log": "SELECT, INSERT",
    "django_tasks_database_dbtaskresult": WRITE,
    "tenants_user": "SELECT, INSERT, UPDATE",
    "tenants_user_groups": WRITE,
    "tenants_user_user_permissions": WRITE,
    "tenants_tenantslug": "INSERT",
    "tenants_tenantexternalid": "SELECT, INSERT, DELETE",
    "tenants_usersession": WRITE,
    "tenants_loginfailure": "SELECT, INSERT, DELETE",
    "tenants_systemsettings": "SELECT, INSERT, UPDATE",
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
    "tenants_tenantexternalid",
    "tenants_loginfailure",
    "tenants_systemsettings",
    "tenants_globalchange",
)
SECRET_COLUMNS = {
    "tenants_user": {"password"},
    "tenants_usersession": {"session_key", "session_data"},
}
"""Tables of which inspector reads all columns but these."""


def app_grants() -> dict[str, str]:
    """What role app may do with global tables: these, and what other apps declare.

    An app says it in its AppConfig: `app_privileges = {"notes_colour": "SELECT"}`.
    """
    declared = (getattr(config, "app_privileges", {}) for config in apps.get_app_configs())
    return {table: what for given in (APP, *declared) for table, what in given.items()}


def grant_global_tables(*, using: str, **_: Any) -> None:
    """Grant what the lists say on the tables there are; safe to repeat."""
    with connections[using].cursor() as cursor:
        for grant in [*global_grants(cursor), *sequence_grants(cursor)]:
            cursor.execute(grant)


def global_grants(cursor: CursorWrapper) -> Iterator[str]:
    """What the lists say, as statements, for the tables there are."""
    present = set(cursor.db.introspection.table_names(cursor))
    given = app_grants()
    for table in given.keys() & present:
        yield f'GRANT {given[table]} ON "{table}" TO app'
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
    given = app_grants()
    for table in given.keys() & set(introspection.table_names(cursor)):
        if "INSERT" in given[table]:
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
