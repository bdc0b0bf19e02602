"""Where the rows of a ledger in memory are kept."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from budgets.errors import UnknownBudget
from budgets.managers.keys import Keys
from budgets.testing.rows import Budget, Row
from tenants.context.tenancy import request_id_of
from tenants.errors import RowNotFound


class Store:
    """Rows by kind and id. What goes in and what comes out is a copy."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        actor_id: UUID | None,
        request_id: str,
        currency: str | None,
    ) -> None:
        self.currency = currency
        self.clock, self.actor_id, self.request_id = clock, actor_id, request_id_of(request_id)
        self._rows: defaultdict[type[Row], dict[UUID, Any]] = defaultdict(dict)
        self.keys = Keys()

    def find[R: Row](self, kind: type[R], pk: UUID) -> R | None:
        """The row as it is now, None when there is none."""
        row = self._rows[kind].get(pk)
        return copy(row)

    def get[R: Row](self, kind: type[R], pk: UUID) -> R:
        """The row as it is now. Raises RowNotFound for a row of another ledger."""
        if (row := self.find(kind, pk)) is None:
            raise RowNotFound(f"this ledger has no {kind.__name__.lower()} {pk}")
        return row

    def budget(self, pk: UUID) -> Budget:
        """A budget as it is now. Raises UnknownBudget for one of another ledger."""
        if (row := self.find(Budget, pk)) is None:
            raise UnknownBudget("there is no such budget here")
        return row

    def renew(self, row: Any) -> None:
        """Read a row in hand anew. Raises RowNotFound."""
        vars(row).update(vars(self.get(type(row), row.pk)))

    def all[R: Row](self, kind: type[R], **equal: Any) -> list[R]:
        """Every row of a kind, the oldest first."""
        return [
            copy(row)
            for row in self._rows[kind].values()
            if all(getattr(row, name) == value for name, value in equal.items())
        ]

    def put(self, *rows: Row) -> None:
        """Write rows as they are now."""
        for row in rows:
            self._rows[type(row)][row.pk] = kept = copy(row)
            kept.repeated = False

    def remove(self, row: Row) -> None:
        """Delete a row, which may be gone."""
        self._rows[type(row)].pop(row.pk, None)

    def answer[R: Row](self, kind: type[R], pk: UUID) -> R:
        """The row that an earlier request was answered, as it is now."""
        row = self.get(kind, pk)
        row.repeated = True
        return row

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What the block raises undoes what it wrote; rows in hand stay as they are."""
        rows = {kind: dict(table) for kind, table in self._rows.items()}
        keys = self.keys.copy()
        try:
            yield
        except BaseException:
            self._rows = defaultdict(dict, rows)
            self.keys = keys
            raise
