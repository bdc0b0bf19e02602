"""The keys of a budget: one space for movements, changes of rules, schedules and undone imports.

A verb asks here under the budget's lock, before it does anything else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, Self
from uuid import UUID

from django.db import connections

from budgets.errors import KeyReused
from tenants.context import current_tenant_id

_KEPT = (
    ("budgets_movement", "key", "request_hash"),
    ("budgets_bucketversion", "key", "request_hash"),
    ("budgets_schedule", "key", "request_hash"),
    ("budgets_scheduleversion", "key", "request_hash"),
    ("budgets_statement", "undo_key", "'undo:' || id"),
)
"""Where a key is kept: the table, its column, and the fingerprint of what was asked."""

USED = " UNION ALL ".join(
    f"SELECT budget_id, {key}, {request}, id FROM {table}"  # noqa: S608  # the names above
    f" WHERE tenant_id = %(tenant)s AND budget_id = ANY(%(budgets)s::uuid[])"
    f" AND {key} = ANY(%(keys)s::text[])"
    for table, key, request in _KEPT
)


class Keys:
    """What was asked under which key of which budget, and the id of the row that answered it."""

    def __init__(self, used: Iterable[tuple[UUID, str, str, UUID]] = ()) -> None:
        self._used: defaultdict[tuple[UUID, str], dict[str, UUID]] = defaultdict(dict)
        for row in used:
            self.take(*row)

    @classmethod
    def read(cls, db: str, budgets: Collection[UUID], keys: Iterable[str | None]) -> Self:
        """Those of the keys that the budgets have used: one statement, or none."""
        asked = sorted({key for key in keys if key is not None})
        if not asked or not budgets:
            return cls()
        values: dict[str, Any] = {
            "tenant": current_tenant_id(),
            "budgets": list(budgets),
            "keys": asked,
        }
        with connections[db].cursor() as cursor:
            cursor.execute(USED, values)
            return cls(cursor.fetchall())

    @property
    def answers(self) -> list[UUID]:
        """The ids of all rows that answered, of whatever table."""
        return [pk for requests in self._used.values() for pk in requests.values()]

    def answer(self, budget: UUID, key: str | None, request: str) -> UUID | None:
        """The id of the row that answered this request before; None when the key is new.

        Raises KeyReused when the key was used for another request.
        """
        if key is None or (requests := self._used.get((budget, key))) is None:
            return None
        if request not in requests:
            raise KeyReused(f"key {key!r} was used before, for another request", key=key)
        return requests[request]

    def take(self, budget: UUID, key: str | None, request: str, answer: UUID) -> None:
        """Remember what a request was answered; one without a key is forgotten."""
        if key is not None:
            self._used[budget, key][request] = answer

    def copy(self) -> "Keys":
        """The same as it is now, whatever is taken later."""
        taken = self._used.items()
        return Keys((*where, request, pk) for where, by in taken for request, pk in by.items())
