"""What a budgeting product keeps: budgets, buckets and their rules, movements and entries."""

from budgets.models.budgets import Bucket, BucketVersion, Budget
from budgets.models.ledger import Entry, Movement
from budgets.models.schedules import Schedule, ScheduleRun, ScheduleVersion, Terms
from budgets.models.shared import Request, Rules
from budgets.models.statements import Statement, StatementLine

__all__ = [
    "Bucket",
    "BucketVersion",
    "Budget",
    "Entry",
    "Movement",
    "Request",
    "Rules",
    "Schedule",
    "ScheduleRun",
    "ScheduleVersion",
    "Statement",
    "StatementLine",
    "Terms",
]
