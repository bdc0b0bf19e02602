"""What a tenant was granted, and how many rows it has, counted so that no two pass a quota."""

from typing import Any
from uuid import UUID

from django.db import connections, models

_GRANTED = """
SELECT t.plan, t.trial_plan, t.trial_ends_at, s.values -> 'quotas'
FROM tenants_tenant AS t
LEFT JOIN tenants_tenantsettings AS s ON s.tenant_id = t.id
WHERE t.id = %s
"""
_LOCK = "FOR NO KEY UPDATE OF t"
"""Foreign keys to the tenant do not wait for it: only who counts, and who changes the plan."""

type Granted = tuple[Any, ...]
"""The plan, the one on trial, when the trial ends, and the overrides as JSON text, if any."""


def granted(tenant_id: UUID, *, using: str) -> Granted:
    """What the tenant was granted; locks nothing."""
    with connections[using].cursor() as cursor:
        cursor.execute(_GRANTED, [tenant_id])
        [row] = cursor.fetchall()
    return tuple(row)


def granted_and_used(
    tenant_id: UUID, rows: "models.QuerySet[Any, Any]", *, lock: bool, using: str
) -> tuple[Granted, int]:
    """What the tenant was granted and how many rows there are: two statements, sent as one.

    Not one statement: that would wait for the lock, and count by its snapshot from before.
    """
    counted, values = rows.order_by().values("pk").query.get_compiler(using).as_sql()
    count = f"SELECT count(*) FROM ({counted}) AS counted"  # noqa: S608  # made by Django
    with connections[using].cursor() as cursor:
        cursor.execute(f"{_GRANTED} {_LOCK if lock else ''}; {count}", [tenant_id, *values])
        [row] = cursor.fetchall()
        cursor.nextset()
        [(used,)] = cursor.fetchall()
    return tuple(row), used


def rows_of(rows: "models.QuerySet[Any, Any]", field: str, parent: object) -> Any:
    """Those that point at the parent."""
    return rows.filter(**{field: parent})


def most_of_one(rows: "models.QuerySet[Any, Any]", field: str) -> int:
    """How many rows point at the one parent that has most."""
    counts = rows.values(field).annotate(n=models.Count("pk")).order_by("-n")
    return counts.values_list("n", flat=True).first() or 0
