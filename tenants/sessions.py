"""Sessions that can be listed and revoked, and log-ins that failed.

The setting SESSION_ENGINE names this module. Beside Django's columns a session has an id of its
own, for its key is a secret; whose it is; and where and when it was last seen.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, override
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import BaseSessionManager
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db import IntegrityError, models, router, transaction
from django.http import HttpRequest
from django.utils import timezone

from tenants.listing.asked import Asked
from tenants.listing.queryset import ListedQuerySet

if TYPE_CHECKING:
    from tenants.models import LoginFailure, User, UserSession

SEEN_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is: it costs a write at most this often."""

BATCH = 1000  # rows removed in one statement
LONGEST_EMAIL = 255
SECRETS = ("session_key", "session_data")
"""What of a session is neither listed nor shown."""


class UserSessionQuerySet(ListedQuerySet["UserSession"]):
    """Filters are adjectives; what is listed comes without the key and the data."""

    def _narrowed(self, asked: Asked) -> Self:
        return super()._narrowed(asked).defer(*SECRETS)

    def live(self) -> Self:
        """Sessions that have not expired."""
        return self.filter(expire_date__gt=timezone.now())

    def expired(self) -> Self:
        """Sessions that are of no use any more."""
        return self.filter(expire_date__lte=timezone.now())

    def seen_of(self, user: "User") -> Self:
        """The same without the keys, as role inspector may read them."""
        return self.of(user).defer(*SECRETS)

    def of(self, user: "User") -> Self:
        """A user's live sessions, the last seen first."""
        return self.live().filter(user=user).order_by("-last_seen_at", "-id")


_Manager = models.Manager.from_queryset(UserSessionQuerySet)


class UserSessionManager(BaseSessionManager["UserSession"], _Manager["UserSession"]):
    """Sessions; global, for they are there before any tenant is."""

    def revoke(self, user: "User", session_id: UUID) -> bool:
        """End one of a user's sessions; whether there was one."""
        return bool(self.filter(user=user, pk=session_id).delete()[0])

    def revoke_all(self, user: "User", *, but: str | None = None) -> int:
        """End a user's sessions, all or all but that of the key `but`; how many there were."""
        return int(self.filter(user=user).exclude(session_key=but or "").delete()[0])

    def seen(self, session_key: str, now: datetime, **where: Any) -> None:
        """Note when and where it was seen, unless that was noted just now."""
        rows = self.filter(session_key=session_key, last_seen_at__lte=now - SEEN_EVERY)
        rows.update(last_seen_at=now, **where)

    def clean(self) -> int:
        """Remove what has expired, in batches; how many there were."""
        return _removed(self.expired())


class LoginFailureQuerySet(ListedQuerySet["LoginFailure"]):
    """Failures; the manager has the verbs."""


_Failures = models.Manager.from_queryset(LoginFailureQuerySet)


class LoginFailureManager(_Failures["LoginFailure"]):
    """Log-ins that failed: which address was tried, from where, when; never which password."""

    def record(self, email: str, request: HttpRequest | None) -> "LoginFailure":
        """Write one down; the address folded, and cut where it is too long to be one."""
        address = str(email).replace("\0", "").strip().lower()[:LONGEST_EMAIL]
        return self.create(email=address, ip=ip_of(request) if request else None)

    def clean(self, before: datetime) -> int:
        """Remove what is older, in batches; how many there were."""
        return _removed(self.filter(at__lt=before))


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
    def get_model_class(cls) -> "type[UserSession]":
        from tenants.models import UserSession

        return UserSession

    def _get_session_from_db(self) -> "UserSession | None":
        row: UserSession | None = super()._get_session_from_db()
        self.seen_at = row.last_seen_at if row else None
        return row

    async def _aget_session_from_db(self) -> "UserSession | None":
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
        elif not self.model.objects.filter(session_key=row.session_key).update(
            session_data=row.session_data,
            expire_date=row.expire_date,
            user_id=row.user_id,
            **self.where,
        ):
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


def _removed(rows: "models.QuerySet[Any]") -> int:
    total = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        total += rows.filter(pk__in=ids).delete()[0]
    return total
