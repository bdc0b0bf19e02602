"""The quota terms and the usage of a tenant, counted safely under concurrent writes."""

from typing import Any
from uuid import UUID

from django.db import connections, models

_QUOTA_TERMS = """
SELECT t.plan, t.trial_plan, t.trial_ends_at, s.values -> 'quotas'
FROM tenants_tenant AS t
LEFT JOIN tenants_tenantsettings AS s ON s.tenant_id = t.id
WHERE t.id = %s
"""
_LOCK = "FOR NO KEY UPDATE OF t"
"""Only other counts and changes of the plan wait for this lock; foreign keys do not."""

type QuotaTerms = tuple[Any, ...]
"""The plan, the trial's plan, the end of the trial, and the overrides as JSON text or None."""


def quota_terms(tenant_id: UUID, *, using: str) -> QuotaTerms:
    """The quota terms of the tenant; locks nothing."""
    with connections[using].cursor() as cursor:
        cursor.execute(_QUOTA_TERMS, [tenant_id])
        [row] = cursor.fetchall()
    return tuple(row)


def quota_terms_and_usage(
    tenant_id: UUID, rows: "models.QuerySet[Any, Any]", *, lock: bool, using: str
) -> tuple[QuotaTerms, int]:
    """The quota terms of the tenant and the number of its rows, by two statements.

    A single statement would wait for the lock and then count by its older snapshot.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(f"{_QUOTA_TERMS} {_LOCK if lock else ''}", [tenant_id])
        [row] = cursor.fetchall()
    return tuple(row), rows.order_by().count()


def rows_of(rows: "models.QuerySet[Any, Any]", field: str, parent: object) -> Any:
    """The rows that point at the parent."""
    return rows.filter(**{field: parent})


def most_of_one(rows: "models.QuerySet[Any, Any]", field: str) -> int:
    """The number of rows of the parent that has the most."""
    counts = rows.values(field).annotate(n=models.Count("pk")).order_by("-n")
    return counts.values_list("n", flat=True).first() or 0
