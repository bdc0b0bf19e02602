"""Schedules that tests make, and workers that meet."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.db import connection, connections

from budgets.models import Budget, Schedule
from tenants.context import acting_for, run_for
from tenants.models import Tenant

JANUARY = datetime(2026, 1, 31, 8, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 28, 8, tzinfo=UTC)
MARCH = datetime(2026, 3, 31, 7, tzinfo=UTC)  # summer time has begun
APRIL = datetime(2026, 4, 30, 7, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
"""Three due times have come."""

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def pay_day(budget: Budget, **changes: Any) -> Schedule:
    """A schedule for the last day of every month at nine, in Berlin."""
    said: dict[str, Any] = {
        "name": "Salary",
        "amount": 100,
        "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1",
        "starts": datetime(2026, 1, 1, 9),
        "time_zone": "Europe/Berlin",
    }
    return Schedule.objects.create_schedule(budget, **said | changes)


def daily(budget: Budget, **changes: Any) -> Schedule:
    """A schedule for every day at midnight UTC, from 2026 on."""
    said = {"rrule": "FREQ=DAILY", "starts": datetime(2026, 1, 1), "time_zone": "UTC"}
    return pay_day(budget, **said | changes)


def outcomes(schedule: Schedule) -> list[tuple[datetime, str]]:
    """What became of each due time, in order."""
    return list(schedule.runs.order_by("due_at").values_list("due_at", "outcome"))


def at_once(tenant: Tenant, lock: Callable[[], object], *works: Callable[[], Any]) -> list[Any]:
    """What each of `works`, a transaction each, answers or raises when all waited for a lock.

    `lock` takes it; so each of them has read what it likes before any of them changes anything.
    """

    def alone(work: Callable[[], Any]) -> Any:
        try:
            return run_for(tenant, work)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as threads:
        with acting_for(tenant):
            lock()
            answers = [threads.submit(alone, work) for work in works]
            until_waiting(len(works))
        return [answer.result(timeout=20) for answer in answers]


def until_waiting(many: int) -> None:
    """Return when so many sessions wait for a lock."""
    end = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if cursor.fetchone()[0] >= many:
                return
            time.sleep(0.005)
    raise AssertionError(f"{many} did not meet at the lock")
