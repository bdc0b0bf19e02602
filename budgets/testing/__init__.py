"""The data-access objects of budgets in memory: for callers' own tests, without a database.

    ledger = MemoryLedger()
    household = ledger.budgets.create_budget("Household", "EUR")
    ledger.buckets.create_bucket(household, "Rent", filter=Claim(flat=725_00))

    pay_day(ledger.budgets, ledger.movements)

    assert ledger.buckets.get_by_name(household, "Rent").balance == 725_00

One ledger is one tenant's. No block is needed, no role is asked, and nobody else writes at the
same time. Rows are plain objects: one that is given to a verb is read anew, any other stays as it
was read, as with a database. tests/budgets/contract holds these and the managers to the same.

Never for production: nothing outside tests imports this, and a test of the architecture says so.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from budgets import interfaces
from budgets.testing.buckets import MemoryBuckets
from budgets.testing.budgets import MemoryBudgets
from budgets.testing.entries import MemoryEntries
from budgets.testing.profiles import MemoryImportProfiles
from budgets.testing.schedules import MemorySchedules
from budgets.testing.statements import MemoryStatements
from budgets.testing.store import Store
from budgets.testing.verbs import MemoryMovements


class MemoryLedger:
    """What one tenant's ledger is in production, in memory; `clock` says when it is now.

    `currency` is what the tenant has set for budgets whose founder names none.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        actor_id: UUID | None = None,
        request_id: str = "",
        currency: str | None = None,
    ) -> None:
        self._store = Store(clock, actor_id, request_id, currency)
        self._running = False
        self.budgets: interfaces.Budgets = MemoryBudgets(self._store)
        self.buckets: interfaces.Buckets = MemoryBuckets(self._store)
        self.movements: interfaces.Movements = MemoryMovements(self._store)
        self.entries: interfaces.Entries = MemoryEntries(self._store)
        self.schedules: interfaces.Schedules = MemorySchedules(self._store)
        self.statements: interfaces.Statements = MemoryStatements(self._store)
        self.import_profiles: interfaces.ImportProfiles = MemoryImportProfiles(self._store)

    def run[T](self, work: Callable[[], T]) -> T:
        """Do `work` as `run_for` does: when it raises, nothing it wrote stays.

        Raises RuntimeError inside another `run`.
        """
        if self._running:
            raise RuntimeError("run() cannot be retried inside another")
        self._running = True
        try:
            with self._store.all_or_nothing():
                return work()
        finally:
            self._running = False
