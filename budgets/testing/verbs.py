"""What every data-access object in memory has in common."""

from budgets.managers.moneyverbs import MoneyVerbs
from budgets.testing.rows import Row
from budgets.testing.store import Store
from budgets.testing.writer import MemoryWriter
from tenants.managers.arguments import typed


class MemoryDAO:
    """A data-access object of a store: its verbs ask no role, and refuse what those of managers do.

    MemoryDAO that it inherits are those of the managers (`MoneyVerbs`, `RuleVerbs`, `BudgetVerbs`).
    """

    def __init_subclass__(cls) -> None:
        for name in dir(cls):
            method = getattr(cls, name)
            if not name.startswith("_") and callable(method):
                bare = method.__wrapped__ if hasattr(method, "verb") else method
                setattr(cls, name, typed(bare, AnyRow=Row, **Row.kinds))

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def _writer(self) -> MemoryWriter:
        return MemoryWriter(self._store)

    @property
    def _movements(self) -> MoneyVerbs:
        return MemoryMovements(self._store)


class MemoryMovements(MemoryDAO, MoneyVerbs):
    """Moves money as MovementManager does."""
