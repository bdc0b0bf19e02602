"""Tasks: of a tenant, whose id is the first argument, and of the system."""

from datetime import timedelta
from typing import Any

from django.tasks import TaskContext, task
from django.utils import timezone

from tenants import purging
from tenants.context import attributed
from tenants.models import LoginFailure, SystemSettings, Tenant, UserSession


@task(takes_context=True)
def purge_deleted(
    context: "TaskContext[Any, Any]", tenant_id: str, days: int = purging.DAYS
) -> dict[str, int]:
    """Delete for good what the tenant deleted more than `days` ago; safe to enqueue twice."""
    with attributed(request_id=f"task {context.task_result.id}"):
        return purging.purge(tenant_id, days=days)


@task
def purge_all_deleted(days: int = purging.DAYS) -> int:
    """Enqueue `purge_deleted` for every tenant that is not suspended; how many."""
    tenant_ids = Tenant.objects.every_id(writable=True)
    for tenant_id in tenant_ids:
        purge_deleted.enqueue(str(tenant_id), days)
    return len(tenant_ids)


@task
def purge_users(days: int = purging.DAYS) -> int:
    """Delete personal data of users deactivated more than `days` ago; safe to repeat."""
    return purging.purge_users(days=days)


@task
def clean_sessions() -> dict[str, int]:
    """Delete expired sessions, and failed log-ins older than the settings allow; how many of each.

    Safe to repeat.
    """
    settings = SystemSettings.objects.current()
    kept = timedelta(days=settings.values.login_failure_days)
    return {
        "sessions": UserSession.objects.clean(),
        "login_failures": LoginFailure.objects.clean(timezone.now() - kept),
    }
