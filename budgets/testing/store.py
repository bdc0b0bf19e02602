"""Where the rows of a ledger in memory are kept, and what every verb does first."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from budgets.errors import UnknownBudget
from budgets.keywords import strict
from budgets.managers.keys import Keys
from budgets.managers.requests import RequestOptions, require_expected
from budgets.testing.rows import Budget, Row
from tenants.context import request_id_of
from tenants.errors import RowNotFound
from tenants.managers.arguments import typed


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
        self._keys = Keys()

    def find[R: Row](self, kind: type[R], pk: UUID) -> R | None:
        """The row as it is now, None when there is none."""
        row = self._rows[kind].get(pk)
        return copy(row)

    def get[R: Row](self, kind: type[R], pk: UUID) -> R:
        """The row as it is now. Raises RowNotFound for a row of another ledger."""
        if (row := self.find(kind, pk)) is None:
            raise RowNotFound(f"this ledger has no {kind.__name__.lower()} {pk}")
        return row

    def renew(self, row: Any) -> None:
        """Read a row in hand anew. Raises RowNotFound."""
        vars(row).update(vars(self.get(type(row), row.pk)))

    def all[R: Row](self, kind: type[R]) -> list[R]:
        """Every row of a kind, the oldest first."""
        return [copy(row) for row in self._rows[kind].values()]

    def put(self, *rows: Row) -> None:
        """Write rows as they are now."""
        for row in rows:
            self._rows[type(row)][row.pk] = kept = copy(row)
            kept.repeated = False

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What the block raises undoes what it wrote; rows in hand stay as they are."""
        rows = {kind: dict(table) for kind, table in self._rows.items()}
        keys = self._keys.copy()
        try:
            yield
        except BaseException:
            self._rows = defaultdict(dict, rows)
            self._keys = keys
            raise

    def answer(self, budget: Budget, key: str | None, row: Row, request: str) -> None:
        """Remember what a request with a key was answered."""
        self._keys.take(budget.pk, key, request, row.pk)

    def answered[R: Row](
        self, kind: type[R], budget: Budget, key: str | None, request: str
    ) -> R | None:
        """The row an earlier request with the key was answered. Raises KeyReused for another."""
        if (pk := self._keys.answer(budget.pk, key, request)) is None:
            return None
        row = self.get(kind, pk)
        row.repeated = True
        return row


class Verbs:
    """A data-access object of a store; it refuses unknown keywords and arguments of other types."""

    def __init_subclass__(cls, *, reads: bool = False) -> None:
        for name, method in list(vars(cls).items()):
            if not name.startswith("_"):
                checked = typed(method, Given=Row)
                setattr(cls, name, checked if reads else strict(checked))

    def __init__(self, store: Store) -> None:
        self._store = store

    def _found(self, budget: Any) -> Budget:
        """The budget as it is now. Raises UnknownBudget for one of another ledger."""
        if (now := self._store.find(Budget, budget.pk)) is None:
            raise UnknownBudget("there is no such budget here")
        return now

    def _begin[R: Row](
        self, kind: type[R], budget: Any, request: str, options: RequestOptions
    ) -> R | None:
        """Read the budget anew, and return the row an earlier request with the key was answered."""
        self._store.renew(budget)
        earlier = self._store.answered(kind, budget, options.get("key"), request)
        if earlier is None:
            require_expected(budget, options.get("expect"))
        return earlier
