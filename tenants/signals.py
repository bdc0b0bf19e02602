"""Records where a log-in came from, and failed log-ins."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from tenants.models import LoginFailure
from tenants.sessions import SessionStore, ip_of


@receiver(user_login_failed)
def record_failure(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record a failed log-in, but not a refused one: the password was not checked.

    Django has removed the password from `credentials`.
    """
    email = credentials.get("username") or credentials.get("email") or ""
    ip = ip_of(request) if request else None
    if not LoginFailure.objects.wait_of(email, ip):
        LoginFailure.objects.record(email, ip)


@receiver(user_logged_in)
def record_origin(request: HttpRequest | None, **_: Any) -> None:
    """Keep in the session where a log-in comes from; without a request there is no session."""
    session = getattr(request, "session", None)
    if request is not None and isinstance(session, SessionStore):
        session.record_origin(request)
