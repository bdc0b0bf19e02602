"""The data-access objects: each writes its own table, and none imports a model at run time."""

from budgets.managers.buckets import BucketManager
from budgets.managers.budgets import BudgetManager
from budgets.managers.entries import EntryManager
from budgets.managers.movements import MovementManager
from budgets.managers.profiles import ImportProfileManager
from budgets.managers.schedules import ScheduleManager, ScheduleRunManager
from budgets.managers.statements import StatementLineManager, StatementManager
from budgets.managers.versions import BucketVersionManager, ScheduleVersionManager

__all__ = [
    "BucketManager",
    "BucketVersionManager",
    "BudgetManager",
    "EntryManager",
    "ImportProfileManager",
    "MovementManager",
    "ScheduleManager",
    "ScheduleRunManager",
    "ScheduleVersionManager",
    "StatementLineManager",
    "StatementManager",
]
