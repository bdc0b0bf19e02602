"""Background work of the system itself, by Django's own tasks framework."""

from datetime import timedelta

from django.tasks import task
from django.utils import timezone

from tenants.models import LoginFailure, SystemSettings, UserSession


@task
def clean_sessions() -> dict[str, int]:
    """Remove expired sessions, and failed log-ins older than the settings say; how many of each.

    Safe to repeat, and at any time.
    """
    days = SystemSettings.objects.current().values.login_failure_days
    return {
        "sessions": UserSession.objects.clean(),
        "login_failures": LoginFailure.objects.clean(timezone.now() - timedelta(days=days)),
    }
