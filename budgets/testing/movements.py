"""The verbs that move money, in memory: `MoneyVerbs` on a store."""

from typing import Any
from uuid import UUID

from budgets.managers.moneyverbs import MoneyVerbs
from budgets.testing.rows import Movement
from budgets.testing.verbs import MemoryDAO


class MemoryMovements(MemoryDAO, MoneyVerbs):
    """Moves money as MovementManager does."""

    def _answer(self, pk: UUID) -> Any:
        return self._store.answer(Movement, pk)
