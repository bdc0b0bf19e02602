"""Background work, by both backends: on the spot, and through a queue in the database."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.tasks import TaskResultStatus, default_task_backend
from django.test import override_settings
from django.utils import timezone

from budgets.cascade import MAX_MINOR
from budgets.jobs import audit, scheduling, tasks
from budgets.models import Movement, Schedule, ScheduleRun
from tenants.context import acting_for
from tenants.errors import UnknownTenant
from tenants.models import Tenant
from tenants.purging import BadAge
from tenants.tasks import purge_deleted
from tests.budgets.paydays import NOW, daily
from tests.factories import BudgetFactory

PROJECT = Path(__file__).parent.parent.parent
THREE = "FREQ=DAILY;COUNT=3"
"""Due long ago."""


@pytest.fixture
def schedule(tenant) -> Schedule:
    with acting_for(tenant):
        return daily(BudgetFactory(), rrule=THREE)


class TestOnTheSpot:
    def test_a_task_runs_what_is_due_for_its_tenant(self, tenant, other, schedule):
        with acting_for(other):
            daily(BudgetFactory(), rrule=THREE)

        result = tasks.run_schedules.enqueue(str(tenant.pk))

        assert result.return_value == {"deposited": 3}
        with acting_for(tenant):
            assert Movement.objects.count() == 3
            [request] = set(Movement.objects.values_list("request_id", flat=True))
            assert request == f"task {result.id}"
        with acting_for(other):
            assert not Movement.objects.exists()

    def test_what_a_suspended_tenant_has_stays_due(self, tenant, schedule):
        Tenant.objects.suspend(tenant)
        assert tenant.pk not in scheduling.tenants_with_due(timezone.now())

        Tenant.objects.reactivate(tenant)
        assert tenant.pk in scheduling.tenants_with_due(timezone.now())

    def test_enqueueing_it_twice_deposits_once(self, tenant, schedule):
        results = [tasks.run_schedules.enqueue(str(tenant.pk)) for _ in range(2)]

        assert [result.return_value for result in results] == [{"deposited": 3}, {}]
        assert list(audit.breaks_of(tenant)) == []

    def test_one_that_is_refused_keeps_no_other_from_running_and_fails_the_task(
        self, tenant, schedule
    ):
        with acting_for(tenant):
            full = BudgetFactory()
            Movement.objects.deposit(full, MAX_MINOR)
            stuck = daily(full, starts=daily(full).starts.replace(year=2025), name="Stuck")

        result = tasks.run_schedules.enqueue(str(tenant.pk))

        assert result.status == TaskResultStatus.FAILED
        assert f"schedule {stuck.pk}" in result.errors[0].traceback
        with acting_for(tenant):
            assert ScheduleRun.objects.filter(schedule=schedule).count() == 3
            assert not ScheduleRun.objects.filter(schedule=stuck).exists()

    @pytest.mark.parametrize("task", [tasks.run_schedules, purge_deleted], ids=lambda t: t.name)
    @pytest.mark.parametrize("named", [str(UUID(int=1)), "rivera", ""])
    def test_for_a_tenant_there_is_not_it_fails(self, committed, task, named):
        result = task.enqueue(named)

        assert result.status == TaskResultStatus.FAILED
        assert result.errors[0].exception_class is UnknownTenant

    @pytest.mark.parametrize("days", [-1, 10**9, "x", None])
    def test_for_an_age_there_is_not_it_fails(self, tenant, days):
        result = purge_deleted.enqueue(str(tenant.pk), days)

        assert result.status == TaskResultStatus.FAILED
        assert result.errors[0].exception_class is BadAge

    def test_inside_a_block_it_is_refused(self, tenant, schedule):
        with acting_for(tenant):
            result = tasks.run_schedules.enqueue(str(tenant.pk))

            assert result.errors[0].exception_class is RuntimeError
            assert not Movement.objects.exists()

    def test_every_tenant_with_something_due_gets_a_task_of_its_own(self, tenant, other, schedule):
        dummy = {"default": {"BACKEND": "django.tasks.backends.dummy.DummyBackend"}}
        with override_settings(TASKS=dummy):
            count = tasks.run_all_schedules.call()
            enqueued = [result.args for result in default_task_backend.results]  # type: ignore[attr-defined]

        assert len(enqueued) == count
        assert enqueued.count([str(tenant.pk)]) == 1
        assert [str(other.pk)] not in enqueued

    def test_paused_and_ended_schedules_are_no_reason_for_a_task(self, tenant, schedule):
        assert tenant.pk in scheduling.tenants_with_due(NOW)

        with acting_for(tenant):
            Schedule.objects.pause(schedule)

        assert tenant.pk not in scheduling.tenants_with_due(NOW)


# -- The queue --------------------------------------------------------------------------------


def environment(**more: str) -> dict[str, str]:
    """What a process needs to log in to the tests' database, as app and as owner."""
    return {
        **os.environ,
        "DATABASE_URL": url(settings.DATABASES["default"]),
        "OWNER_DATABASE_URL": url(settings.OWNER_DATABASE),
        "TASKS_BACKEND": "database",
        **more,
    }


def url(config: dict[str, Any] | None) -> str:
    assert config is not None
    login = ":".join(quote(config[name], safe="") for name in ("USER", "PASSWORD") if config[name])
    at = f"{config['HOST']}:{config['PORT']}" if config["HOST"] else ""
    host = config["OPTIONS"].get("host")
    query = f"?{urlencode({'host': host, 'port': config['PORT'] or 5432})}" if host else ""
    return f"postgresql://{login}@{at}/{config['NAME']}{query}"


def manage(*command: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=PROJECT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=90,
    )


def worker() -> "subprocess.Popen[str]":
    """A worker that ends when the queue is empty."""
    command = ["manage.py", "db_worker", "--batch", "--no-reload", "--no-startup-delay"]
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def queued(tenant: Tenant) -> list[tuple[str, dict[str, int] | None]]:
    """The status and the answer of each task of a tenant; read as app, as the worker does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, return_value FROM django_tasks_database_dbtaskresult"
            " WHERE args_kwargs -> 'args' ->> 0 = %s ORDER BY enqueued_at",
            [str(tenant.pk)],
        )
        return [(status, json.loads(value or "null")) for status, value in cursor.fetchall()]


def test_two_workers_of_the_queue_run_each_due_time_once(tenant, schedule):
    migrated = manage("migrate", "django_tasks_database", "--verbosity", "0")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    for _ in range(2):
        enqueued = manage("run_schedules", "--tenant", tenant.slug, "--enqueue")
        assert (enqueued.returncode, enqueued.stdout) == (0, "1 tasks enqueued\n")
    with acting_for(tenant):
        assert not Movement.objects.exists()
    assert [status for status, _ in queued(tenant)] == ["READY", "READY"]

    workers = [worker(), worker()]
    said = [each.communicate(timeout=90)[0] for each in workers]

    assert [each.returncode for each in workers] == [0, 0], said
    answers = queued(tenant)
    assert [status for status, _ in answers] == ["SUCCESSFUL", "SUCCESSFUL"], said
    assert sorted(len(answer or {}) for _, answer in answers) == [0, 1]
    with acting_for(tenant):
        assert ScheduleRun.objects.count() == Movement.objects.count() == 3
    assert list(audit.breaks_of(tenant)) == []


def test_a_backend_there_is_not_is_refused_in_one_line():
    refused = manage("check", TASKS_BACKEND="redis")

    assert refused.returncode == 2
    assert refused.stderr == (
        "error [misconfigured]: TASKS_BACKEND must be immediate or database, not 'redis'\n"
    )
