"""What of budgets is counted: how many each plan allows is in `tenants.access.plans`.

What has ended does not count: archived budgets, closed buckets, schedules with nothing to come.
Nor does a budget's money bucket, which comes with it. Imports count in the month (UTC) in which
they were begun, those that were undone included: going on with one is no other.
"""

from typing import Any

from django.apps import apps
from django.utils import timezone

from tenants.access.quotas import Quota, declare


def _rows(model: str) -> Any:
    """The manager of a model, which has it in force when it is asked."""
    return apps.get_model("budgets", model).objects


def _imports() -> Any:
    month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _rows("Statement").begun_since(month)


declare(
    Quota("budgets", lambda: _rows("Budget").open(), "archive a budget"),
    Quota(
        "buckets_per_budget", lambda: _rows("Bucket").envelopes(), "close a bucket", each="budget"
    ),
    Quota("schedules", lambda: _rows("Schedule").live(), "end a schedule"),
    Quota("imports_per_month", _imports, "wait for the next month"),
)
