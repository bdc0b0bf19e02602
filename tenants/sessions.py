"""Django's session store, over sessions that can be listed and revoked.

The setting SESSION_ENGINE names this module. Beside Django's columns a session has an id, because
its key is a secret, its user, and where and when it was last seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any, override

from asgiref.sync import sync_to_async
from django.conf import settings
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

# The stubs do not have the store's steps, nor our model.
_Store: Any = DatabaseStore


class SessionStore(_Store):  # type: ignore[misc]
    """Django's store in the database, over `UserSession`.

    `origin` is a request's address and user agent, which are written with the session.
    """

    origin: dict[str, Any]
    seen_at: datetime | None = None

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.origin = {}

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
        """Insert the session, or update it.

        Raises CreateError for a key that is taken, and SessionRevoked.
        """
        if self.session_key is None:
            self.create()
            return
        row = self._row(self._get_session(no_load=must_create))
        if must_create:
            self._insert(row)
        else:
            self.model.objects.renew(row, **self.origin)

    def create(self) -> None:
        """Insert a session with a new key and the data that was read or set.

        Raises SessionRevoked if the data was read from a session that was revoked since.
        """
        earlier = self.session_key if hasattr(self, "_session_cache") else None
        using = router.db_for_write(self.model)
        with transaction.atomic(using=using) if earlier else nullcontext():
            super().create()
            if earlier:
                with self._revoked_as(earlier):
                    self.model.objects.keep(earlier)

    def cycle_key(self) -> None:
        """Give the session a new key; the row keeps its id. Raises SessionRevoked."""
        data = self._session  # without a row for the key, reading removes the key
        if (earlier := self.session_key) is None:
            self.create()
            return
        self._session_key = self._get_new_session_key()
        row, now = self._row(data), timezone.now()
        with self._revoked_as(earlier):
            self.model.objects.renew(row, earlier=earlier, created_at=now, last_seen_at=now)
        self.modified = True

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session with that key, or this one. Safe to repeat."""
        if (key := session_key or self.session_key) is not None:
            self.model.objects.end(key)

    async def asave(self, must_create: bool = False) -> None:
        """See `save`."""
        await sync_to_async(self.save)(must_create)

    async def acreate(self) -> None:
        """See `create`."""
        await sync_to_async(self.create)()

    async def acycle_key(self) -> None:
        """See `cycle_key`."""
        await sync_to_async(self.cycle_key)()

    async def adelete(self, session_key: str | None = None) -> None:
        """See `delete`."""
        await sync_to_async(self.delete)(session_key)

    def record_origin(self, request: HttpRequest) -> None:
        """Keep where a log-in comes from, to write it with the session."""
        self.origin = origin_of(request)

    @property
    def is_due(self) -> bool:
        """Whether it was read, and was last seen a minute ago or earlier."""
        if self.seen_at is None or self.session_key is None:
            return False
        return timezone.now() - self.seen_at >= SEEN_EVERY

    def touch(self, request: HttpRequest) -> None:
        """Record that the session was seen, when that is due."""
        if self.is_due:
            self.seen_at = timezone.now()
            self.model.objects.seen(self.session_key, self.seen_at, **origin_of(request))

    def _row(self, data: dict[str, Any]) -> UserSession:
        row: UserSession = self.create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        return row

    @contextmanager
    def _revoked_as(self, earlier: str) -> Iterator[None]:
        """A revoked session keeps its key, which is good for nothing."""
        try:
            yield
        except UpdateError:
            self._session_key = earlier
            raise

    def _insert(self, row: "UserSession") -> None:
        for name, value in self.origin.items():
            setattr(row, name, value)
        try:
            self.model.objects.insert(row, using=router.db_for_write(self.model, instance=row))
        except IntegrityError as error:
            raise CreateError from error


def origin_of(request: HttpRequest) -> dict[str, Any]:
    """The address and the user agent of a request."""
    agent = str(request.META.get("HTTP_USER_AGENT", "")).replace("\0", "")[:300]
    return {"ip": ip_of(request), "user_agent": agent}


def ip_of(request: HttpRequest) -> str | None:
    """The address of the client, or None: the one that the outermost proxy recorded.

    The setting PROXIES is the number of proxies; with 0 it is the address of the connection. Only
    the entries of these proxies in X-Forwarded-For count, because a client can write the others.
    """
    proxies = getattr(settings, "PROXIES", 0)
    entries = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    forwarded = entries[-proxies].strip() if 0 < proxies <= len(entries) else ""
    return _address(forwarded) or _address(str(request.META.get("REMOTE_ADDR", "")))


def _address(text: str) -> str | None:
    address = text.partition("%")[0]  # without an IPv6 zone
    try:
        validate_ipv46_address(address)
    except ValidationError:
        return None
    return address
