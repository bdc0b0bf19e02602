"""Managers of sessions and of failed log-ins: global, for both come before any tenant."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.sessions.base_session import BaseSessionManager
from django.db import models
from django.utils import timezone

from tenants.listing.asked import Asked
from tenants.managers.listed import ListedQuerySet

if TYPE_CHECKING:
    from tenants.models import LoginFailure, User, UserSession

SEEN_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is: it costs a write at most this often."""

BATCH = 1000  # rows removed in one statement
LONGEST_EMAIL = 255
SECRETS = ("session_key", "session_data")
"""What of a session is neither listed nor shown."""


class UserSessionQuerySet(ListedQuerySet["UserSession"]):
    """Filters on sessions; what is listed comes without the key and the data."""

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

    def renew(self, session: "UserSession", **where: Any) -> bool:
        """Write the data and the expiry of a session that there is; False for one that is gone."""
        rows = self.filter(session_key=session.session_key)
        data, until = session.session_data, session.expire_date
        return bool(
            rows.update(session_data=data, expire_date=until, user_id=session.user_id, **where)
        )

    def clean(self) -> int:
        """Remove what has expired, in batches; how many there were."""
        return _removed(self.expired())


class LoginFailureQuerySet(ListedQuerySet["LoginFailure"]):
    """Failures; the manager has the verbs."""


_Failures = models.Manager.from_queryset(LoginFailureQuerySet)


class LoginFailureManager(_Failures["LoginFailure"]):
    """Log-ins that failed: which address was tried, from where, when; never which password."""

    def record(self, email: str, ip: str | None) -> "LoginFailure":
        """Write one down; the address folded, and cut where it is too long to be one."""
        address = str(email).replace("\0", "").strip().lower()[:LONGEST_EMAIL]
        return self.create(email=address, ip=ip)

    def clean(self, before: datetime) -> int:
        """Remove what is older, in batches; how many there were."""
        return _removed(self.filter(at__lt=before))


def _removed(rows: "models.QuerySet[UserSession] | models.QuerySet[LoginFailure]") -> int:
    total = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        total += rows.filter(pk__in=ids).delete()[0]
    return total
