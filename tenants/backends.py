"""Django's log-in, told which look-ups read the hash of a password: the setting names it."""

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

if TYPE_CHECKING:
    from tenants.models import User


class LogIn(ModelBackend):
    """By e-mail and password; deactivated users are not found.

    A request's user comes in one statement with the hash, for a session is good for one password.
    """

    def get_user(self, user_id: Any) -> "User | None":
        """The active user of that id."""
        found: User | None = get_user_model().objects.of_session(user_id)
        return found

    async def aget_user(self, user_id: Any) -> "User | None":
        """See `get_user`."""
        return await sync_to_async(self.get_user)(user_id)
