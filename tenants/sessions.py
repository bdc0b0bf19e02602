"""Django's session store, over sessions that can be listed and revoked.

The setting SESSION_ENGINE names this module. Beside Django's columns a session has an id of its
own, for its key is a secret; whose it is; and where and when it was last seen.
"""

from datetime import datetime
from typing import Any, override

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db import IntegrityError, router, transaction
from django.http import HttpRequest
from django.utils import timezone

from tenants.managers.sessions import SEEN_EVERY
from tenants.models import UserSession

# What the stubs do not know of: the store's steps, and which model ours has.
_Store: Any = DatabaseStore


class SessionStore(_Store):  # type: ignore[misc]
    """Django's store in the database, over `UserSession`.

    `where` is what a request told: address and user agent, written with the session.
    """

    where: dict[str, Any]
    seen_at: datetime | None = None

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.where = {}

    @classmethod
    @override
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    def _get_session_from_db(self) -> UserSession | None:
        row: UserSession | None = super()._get_session_from_db()
        self.seen_at = row.last_seen_at if row else None
        return row

    async def _aget_session_from_db(self) -> UserSession | None:
        row: UserSession | None = await super()._aget_session_from_db()
        self.seen_at = row.last_seen_at if row else None
        return row

    def save(self, must_create: bool = False) -> None:
        """Insert the session, or update it. Raises CreateError for a key that is taken, and
        UpdateError when the session was revoked meanwhile."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)
        row = self.create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        if must_create:
            self._insert(row)
        elif not self.model.objects.renew(row, **self.where):
            raise UpdateError

    async def asave(self, must_create: bool = False) -> None:
        """See `save`."""
        await sync_to_async(self.save)(must_create)

    def note(self, request: HttpRequest) -> None:
        """Remember where a log-in comes from, to write it with the session."""
        self.where = where(request)

    @property
    def is_due(self) -> bool:
        """Whether it was read, and had not been seen for a minute or more."""
        if self.seen_at is None or self.session_key is None:
            return False
        return timezone.now() - self.seen_at >= SEEN_EVERY

    def touch(self, request: HttpRequest) -> None:
        """Note that the session was seen, when that is due."""
        if self.is_due:
            self.seen_at = timezone.now()
            self.model.objects.seen(self.session_key, self.seen_at, **where(request))

    def _insert(self, row: "UserSession") -> None:
        for name, value in self.where.items():
            setattr(row, name, value)
        using = router.db_for_write(self.model, instance=row)
        try:
            with transaction.atomic(using=using):
                row.save(force_insert=True, using=using)
        except IntegrityError as error:
            raise CreateError from error


def where(request: HttpRequest) -> dict[str, Any]:
    """The address and the user agent a request came from."""
    agent = str(request.META.get("HTTP_USER_AGENT", "")).replace("\0", "")[:300]
    return {"ip": ip_of(request), "user_agent": agent}


def ip_of(request: HttpRequest) -> str | None:
    """The address that connected to us, when there is one: no header a client may invent."""
    address = str(request.META.get("REMOTE_ADDR", "")).partition("%")[0]  # of IPv6, no zone
    try:
        validate_ipv46_address(address)
    except ValidationError:
        return None
    return address
