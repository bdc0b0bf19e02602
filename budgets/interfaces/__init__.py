"""The data-access objects of budgets as callers see them: Protocols, and nothing to inherit.

A caller that is to be tested without a database takes them as plain arguments:

    def pay_day(budgets: Budgets, movements: Movements) -> MovementRow:
        budget = budgets.get_by_name("Household")
        return movements.deposit(budget, 2_500_00, key="salary-2026-11")

    run_for(tenant, lambda: pay_day(Budget.objects, Movement.objects))  # in production
    pay_day(ledger.budgets, ledger.movements)  # in a test: ledger = budgets.testing.MemoryLedger()

tests/budgets/contract holds both implementations to the same: mypy that they have these verbs,
and the tests that the verbs do the same.
"""

from budgets.interfaces.daos import (
    AnyRow,
    Buckets,
    Budgets,
    Entries,
    ImportProfiles,
    Movements,
    Schedules,
    Statements,
)
from budgets.interfaces.rows import (
    BucketRow,
    BucketsOf,
    BudgetRow,
    EntriesOf,
    EntryRow,
    ImportProfileRow,
    MovementRow,
    ScheduleRow,
    ScheduleRunRow,
    StatementRow,
)

__all__ = [
    "AnyRow",
    "BucketRow",
    "Buckets",
    "BucketsOf",
    "BudgetRow",
    "Budgets",
    "Entries",
    "EntriesOf",
    "EntryRow",
    "ImportProfileRow",
    "ImportProfiles",
    "MovementRow",
    "Movements",
    "ScheduleRow",
    "ScheduleRunRow",
    "Schedules",
    "StatementRow",
    "Statements",
]
