"""The models of budgets: budgets, buckets, the ledger, schedules and statements."""

from budgets.models.budgets import Bucket, Budget
from budgets.models.ledger import Entry, Movement
from budgets.models.profiles import ImportProfile
from budgets.models.schedules import Schedule, ScheduleRun, ScheduleVersion, Terms
from budgets.models.shared import RequestColumns, Rules
from budgets.models.statements import Statement, StatementLine
from budgets.models.versions import BucketVersion

__all__ = [
    "Bucket",
    "BucketVersion",
    "Budget",
    "Entry",
    "ImportProfile",
    "Movement",
    "RequestColumns",
    "Rules",
    "Schedule",
    "ScheduleRun",
    "ScheduleVersion",
    "Statement",
    "StatementLine",
    "Terms",
]
