"""Django's log-in, which reads the password's hash and refuses after too many failures."""

import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from tenants.models import LoginFailure, User
from tenants.sessions import ip_of

logger = logging.getLogger(__name__)


class LogIn(ModelBackend):
    """Log-in by e-mail and password; deactivated users are not found.

    A request's user is read in one statement with the hash, because a session ends when the
    password changes.
    """

    def authenticate(
        self, request: HttpRequest | None, username: Any = None, password: Any = None, **kwargs: Any
    ) -> Any:
        """The user; None for a wrong password.

        Raises PermissionDenied after too many failures (`tenants.access.login_limits`), without a
        check of the password. `request.login_wait` then has the seconds to wait.
        """
        email = kwargs.get("email") if username is None else username
        if wait := LoginFailure.objects.wait_of(email or "", ip_of(request) if request else None):
            logger.warning("a log-in was refused after too many failures")
            if request is not None:
                request.login_wait = wait  # type: ignore[attr-defined]
            raise PermissionDenied
        return super().authenticate(request, username=username, password=password, **kwargs)

    async def aauthenticate(
        self, request: HttpRequest | None, username: Any = None, password: Any = None, **kwargs: Any
    ) -> Any:
        """See `authenticate`."""
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)

    def get_user(self, user_id: Any) -> User | None:
        """The active user with that id, or None."""
        found: User | None = get_user_model().objects.of_session(user_id)
        return found

    async def aget_user(self, user_id: Any) -> User | None:
        """See `get_user`."""
        return await sync_to_async(self.get_user)(user_id)
