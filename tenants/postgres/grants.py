"""The privileges of the roles on global tables, Django's tables included: an explicit list.

The privileges on tenants' tables are in migrations (`tenants.schema.constraints.Grants`).
"""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

READ = "SELECT"
WRITE = "SELECT, INSERT, UPDATE, DELETE"

# UPDATE is by column where DELETE is not granted. UPDATE, DELETE or MAINTAIN on a table allows
# LOCK TABLE, in a READ ONLY block too, which would block every tenant.
APP: dict[str, str] = {
    "django_migrations": READ,
    "django_content_type": READ,
    "auth_permission": READ,
    "auth_group": WRITE,
    "auth_group_permissions": WRITE,
    "django_admin_log": "SELECT, INSERT",
    "django_tasks_database_dbtaskresult": WRITE,
    "tenants_user": (
        "SELECT, INSERT, UPDATE (password, last_login, is_superuser, email, first_name, last_name,"
        " avatar_url, email_verified, is_staff, created_at, updated_at, deleted_at)"
    ),
    "tenants_user_groups": WRITE,
    "tenants_user_user_permissions": WRITE,
    "tenants_tenantslug": "INSERT",
    "tenants_tenantexternalid": "SELECT, INSERT, DELETE",
    "tenants_usersession": WRITE,
    "tenants_loginfailure": "SELECT, INSERT, DELETE",
    "tenants_systemsettings": 'SELECT, INSERT, UPDATE ("values", version, created_at, updated_at)',
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
"""Columns that inspector may not read; it reads all other columns of these tables."""


def app_grants() -> dict[str, str]:
    """The privileges of role app on global tables: those in APP, and those that apps declare.

    An app declares them in its AppConfig: `app_privileges = {"notes_colour": "SELECT"}`.
    """
    declared = (getattr(config, "app_privileges", {}) for config in apps.get_app_configs())
    return {table: rights for each in (APP, *declared) for table, rights in each.items()}


def grant_global_tables(*, using: str, **_: Any) -> None:
    """Grant the listed privileges on the tables that exist; safe to repeat."""
    with connections[using].cursor() as cursor:
        for grant in [*global_grants(cursor), *sequence_grants(cursor)]:
            cursor.execute(grant)


def global_grants(cursor: CursorWrapper) -> Iterator[str]:
    """The listed privileges as GRANT statements, for the tables that exist."""
    present = set(cursor.db.introspection.table_names(cursor))
    rights = app_grants()
    for table in rights.keys() & present:
        columns = _columns_of(cursor, table)
        yield f'GRANT {_with_columns(rights[table], columns)} ON "{table}" TO app'
    for table in present.intersection(INSPECTOR):
        yield f'GRANT SELECT ON "{table}" TO inspector'
    for table in SECRET_COLUMNS.keys() & present:
        readable = sorted(_columns_of(cursor, table) - SECRET_COLUMNS[table])
        listed = ", ".join(f'"{column}"' for column in readable)
        yield f'GRANT SELECT ({listed}) ON "{table}" TO inspector'


def _columns_of(cursor: CursorWrapper, table: str) -> set[str]:
    cursor.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [table],
    )
    return {row[0] for row in cursor.fetchall()}


def _with_columns(rights: str, columns: set[str]) -> str:
    """The privileges without the columns that the table lacks: those of later migrations."""

    def kept(listed: re.Match[str]) -> str:
        names = listed[1].split(", ")
        return f"({', '.join(name for name in names if name.strip('"') in columns)})"

    return re.sub(r"\((.*?)\)", kept, rights)


def sequence_grants(cursor: CursorWrapper) -> Iterator[str]:
    """GRANT statements for the sequences of the tables that app fills; `loaddata` sets them."""
    introspection = cursor.db.introspection
    rights = app_grants()
    for table in rights.keys() & set(introspection.table_names(cursor)):
        if "INSERT" in rights[table]:
            for sequence in introspection.get_sequences(cursor, table):
                yield f'GRANT UPDATE ON SEQUENCE "{sequence["name"]}" TO app'


def granted_to_app(table: str, *, using: str = DEFAULT_DB_ALIAS) -> set[str]:
    """The privileges of role app on a table or any of its columns, from the catalog."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM pg_class, aclexplode(relacl)"
            " WHERE oid = %(table)s::regclass AND grantee = 'app'::regrole"
            " UNION SELECT privilege_type FROM pg_attribute, aclexplode(attacl)"
            " WHERE attrelid = %(table)s::regclass AND grantee = 'app'::regrole",
            {"table": table},
        )
        return {row[0] for row in cursor.fetchall()}
