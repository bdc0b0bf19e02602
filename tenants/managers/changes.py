"""The managers of the history of changes, which triggers write."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self, cast, override
from uuid import UUID

from django.db import connections, models

from tenants.context import current_tenant_id
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.visibility import OfTheSystem
from tenants.schema.history import Recording, recording_of

if TYPE_CHECKING:
    from tenants.models import Change, GlobalChange  # noqa: F401  # in strings below


def _of_row[Q: "models.QuerySet[Any, Any]"](
    rows: Q, model: type[models.Model], row_id: UUID | str
) -> Q:
    """The changes of one row, latest first, with their actors."""
    found = rows.filter(model=model._meta.label_lower, row_id=row_id)
    return found.select_related("actor").defer("actor__password").order_by("-created_at", "-id")


class ChangeQuerySet(TenantQuerySet["Change"]):
    """Filters on changes."""

    def of(self, model: type[models.Model], row_id: UUID | str) -> Self:
        """The changes of one row, latest first."""
        return _of_row(self, model, row_id)

    def of_tenant(self, tenant_id: UUID) -> Self:
        """The changes of one tenant's rows, in a block of `inspecting()`."""
        return self.filter(tenant=tenant_id)

    def dumped(self, ids: Collection[Any] = ()) -> Self:
        """All changes but those of the tenant's own row, which is not dumped either."""
        return super().dumped(ids).exclude(model="tenants.tenant")

    def forget(self, request_id: str) -> None:
        """Delete the changes of one request: for `loaddata` of a fixture with its own history."""
        self.filter(request_id=request_id).delete()


_Changes = models.Manager.from_queryset(ChangeQuerySet)

_MISMATCHES = """
WITH changes AS MATERIALIZED (
    SELECT row_id, verb, before, after FROM tenants_change
    WHERE tenant_id = %(tenant)s AND model = %(label)s
), lives AS (
    SELECT row_id, greatest(1, count(*) FILTER (WHERE verb = 'insert')
        - count(*) FILTER (WHERE verb = 'delete')) AS times
    FROM changes GROUP BY row_id
), rows AS (
    SELECT t.id, to_jsonb(t) AS columns FROM {table} AS t WHERE t.{tenant_column} = %(tenant)s
), given (row_id, key, value, times) AS (
    SELECT c.row_id, k.key, k.value, 1 FROM changes AS c, jsonb_each(c.after) AS k
    UNION ALL
    SELECT c.row_id, k.key, k.value, -1 FROM changes AS c, jsonb_each(c.before) AS k
    UNION ALL
    SELECT r.id, k.key, k.value, -l.times
    FROM rows AS r JOIN lives AS l ON l.row_id = r.id, jsonb_each(r.columns) AS k
)
SELECT row_id FROM given WHERE key = ANY(%(columns)s) AND EXISTS (SELECT FROM rows)
GROUP BY row_id, key, CASE WHEN key = ANY(%(moments)s)
    THEN to_jsonb((value #>> '{{}}')::timestamptz) ELSE value END
HAVING sum(times) > 0
UNION
SELECT id FROM rows
WHERE %(inserts)s AND NOT EXISTS (
    SELECT FROM changes AS c WHERE c.row_id = rows.id AND c.verb = 'insert'
)
UNION
SELECT row_id FROM changes
WHERE (verb = 'insert') <> (before IS NULL) OR (verb = 'delete') <> (after IS NULL)
ORDER BY 1
"""
"""The rows that differ from their changes.

Each value that a change gave was taken by a later change, or the row has it. The values are
counted and not ordered by time, because the clock of a server may be set back. A row that was
loaded before its history was has two insertions. A model without rows differs in none: a fixture
may leave it out, and still have its history.
"""


class ChangeManager(_Changes["Change"], TenantManager["Change"]):
    """The history of the tenant's rows."""

    def mismatches(self, model: type[models.Model]) -> list[UUID]:
        """The ids of the rows of a model that differ from their changes, in the tenant in force.

        Also rows that were deleted without a change, and changes that contradict each other.
        A model without a history has none.

        >>> Change.objects.mismatches(Membership)
        []
        """
        recording = recording_of(model)
        if recording is None:
            return []
        with connections[self.db].cursor() as cursor:
            cursor.execute(*_statement(model, recording))
            return [row_id for (row_id,) in cursor.fetchall()]


def _statement(model: Any, recording: Recording) -> tuple[str, dict[str, Any]]:
    """The query of `mismatches`, with its values."""
    fields = [
        field
        for field in model._meta.local_concrete_fields
        if field.column not in (*recording.without, "id", "tenant_id")
    ]
    moments = [field.column for field in fields if isinstance(field, models.DateTimeField)]
    values = {
        "tenant": current_tenant_id(),
        "label": recording.label,
        "columns": [field.column for field in fields],
        "moments": moments,
        "inserts": recording.inserts,
    }
    quoted = {"table": model._meta.db_table, "tenant_column": model.tenant_attname}
    return _MISMATCHES.format(**quoted), values


class GlobalChangeQuerySet(models.QuerySet["GlobalChange"]):
    """Filters on global changes."""

    def of(self, model: type[models.Model], row_id: UUID | str) -> Self:
        """The changes of one row, latest first."""
        return _of_row(self, model, row_id)


_GlobalChanges = models.Manager.from_queryset(GlobalChangeQuerySet)


class GlobalChangeManager(_GlobalChanges["GlobalChange"]):
    """The history of rows that belong to no tenant; blocks with a role do not see it."""

    @override
    def get_queryset(self) -> GlobalChangeQuerySet:
        return cast(GlobalChangeQuerySet, super().get_queryset()).filter(OfTheSystem())
