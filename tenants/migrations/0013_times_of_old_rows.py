"""What rows older than their `created_at` or `updated_at` know of it from other columns.

In batches, each a transaction of its own: who writes such a row meanwhile waits for a batch at
most. Safe to break off and to run again.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations, transaction

UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)
BATCH = 10_000

# A session was last written when it was last seen, a change once. A slug is as old as its tenant.
KNOWN = {
    "tenants_usersession": {"updated_at": "t.last_seen_at"},
    "tenants_globalchange": {"updated_at": "t.created_at"},
    "tenants_loginfailure": {"created_at": "t.at", "updated_at": "t.at"},
    "tenants_systemsettings": {"created_at": "t.updated_at"},
    "tenants_tenantslug": dict.fromkeys(
        ["created_at", "updated_at"],
        "coalesce((SELECT created_at FROM tenants_tenant WHERE id = t.holder), now())",
    ),
}

FILL = """
UPDATE {table} AS t SET {told}
WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} = %s LIMIT %s))
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """Ask each table's old rows; the history is not told, for nobody changed anything."""
    for table, told in KNOWN.items():
        column, *_ = told
        statement = FILL.format(
            table=table,
            column=column,
            told=", ".join(f"{name} = {known}" for name, known in told.items()),
        )
        while _filled(schema_editor.connection, table, statement):
            pass


def _filled(connection: Any, table: str, statement: str) -> int:
    """How many rows one batch was of."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if table == "tenants_systemsettings":
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_history")
        cursor.execute(statement, [UNKNOWN, BATCH])
        rows: int = cursor.rowcount
        if table == "tenants_systemsettings":
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_history")
        return rows


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenants", "0012_defaults")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
