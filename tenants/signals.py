"""What follows a log-in: where it came from is noted, and a refused one is written down."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from tenants.models import LoginFailure
from tenants.sessions import SessionStore, ip_of


@receiver(user_login_failed)
def write_down(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Django has taken the password out of `credentials`."""
    email = credentials.get("username") or credentials.get("email") or ""
    LoginFailure.objects.record(email, ip_of(request) if request else None)


@receiver(user_logged_in)
def note(request: HttpRequest | None, **_: Any) -> None:
    """Note in the session where a log-in comes from; one without a request has no session."""
    session = getattr(request, "session", None)
    if request is not None and isinstance(session, SessionStore):
        session.note(request)
