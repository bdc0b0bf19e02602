"""Django's log-in, with look-ups that read the password's hash: a setting names this class."""

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

if TYPE_CHECKING:
    from tenants.models import User


class LogIn(ModelBackend):
    """Log-in by e-mail and password; deactivated users are not found.

    A request's user is read in one statement with the hash, because a session ends when the
    password changes.
    """

    def get_user(self, user_id: Any) -> "User | None":
        """The active user with that id, or None."""
        found: User | None = get_user_model().objects.of_session(user_id)
        return found

    async def aget_user(self, user_id: Any) -> "User | None":
        """See `get_user`."""
        return await sync_to_async(self.get_user)(user_id)
