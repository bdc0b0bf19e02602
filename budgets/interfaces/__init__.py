"""The data-access objects of budgets as callers see them: Protocols, and nothing to inherit.

A caller that is to be tested without a database takes them as plain arguments:

    def pay_day(budgets: Budgets, movements: Movements) -> MovementRow:
        budget = budgets.get_by_name("Household")
        return movements.deposit(budget, 2_500_00, key="salary-2026-11")

    run_for(tenant, lambda: pay_day(Budget.objects, Movement.objects))  # in production
    pay_day(ledger.budgets, ledger.movements)  # in a test: ledger = budgets.testing.MemoryLedger()

That the managers have these verbs, mypy checks in `budgets.interfaces.proof`; that both
implementations do the same, tests/budgets/contract.
"""

from budgets.interfaces.daos import Buckets, Budgets, Entries, Given, Movements
from budgets.interfaces.rows import (
    BucketRow,
    BucketsOf,
    BudgetRow,
    EntriesOf,
    EntryRow,
    LineRow,
    MovementRow,
    PlanRow,
    PreviewRow,
    StepRow,
)

__all__ = [
    "BucketRow",
    "Buckets",
    "BucketsOf",
    "BudgetRow",
    "Budgets",
    "Entries",
    "EntriesOf",
    "EntryRow",
    "Given",
    "LineRow",
    "MovementRow",
    "Movements",
    "PlanRow",
    "PreviewRow",
    "StepRow",
]
