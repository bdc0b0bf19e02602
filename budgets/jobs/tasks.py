"""Background work, by Django's own tasks framework; TASKS_BACKEND says who does it.

A task's first argument is the tenant's id: nothing is handed on implicitly. For a tenant that
there is not it ends as failed, by UnknownTenant. Enqueue outside of
any block, or on commit: the immediate backend runs the task on the spot, in blocks of its own.
"""

from collections import Counter
from typing import Any

from django.tasks import TaskContext, task
from django.utils import timezone

from budgets.jobs import scheduling
from tenants.context import attributed


@task(takes_context=True)
def run_schedules(context: "TaskContext[Any, Any]", tenant_id: str) -> dict[str, int]:
    """Run what is due for a tenant; how many due times had which outcome.

    Safe to enqueue twice. Raises, after the others have run, the errors of those that could not.
    """
    outcomes: Counter[str] = Counter()
    errors = []
    with attributed(request_id=f"task {context.task_result.id}"):
        for report in scheduling.run_due(tenant_id, timezone.now()):
            outcomes.update(run.outcome for run in report.runs)
            if report.error:
                report.error.add_note(f"schedule {report.schedule.pk}")
                errors.append(report.error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} schedules were not run", errors)
    return dict(outcomes)


@task
def run_all_schedules() -> int:
    """Enqueue `run_schedules` for every tenant that has something due; how many have."""
    tenant_ids = scheduling.tenants_with_due(timezone.now())
    for tenant_id in tenant_ids:
        run_schedules.enqueue(str(tenant_id))
    return len(tenant_ids)
