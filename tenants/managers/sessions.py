"""Managers of sessions and of failed log-ins: global rows, written before a tenant is known."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.sessions.base_session import BaseSessionManager
from django.db import models
from django.utils import timezone

from tenants.listing.query import ListingQuery
from tenants.managers.contract import ContractQuerySet

if TYPE_CHECKING:
    from tenants.models import LoginFailure, User, UserSession

SEEN_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is: a session is written at most this often because of it."""

BATCH = 1000  # rows removed in one statement
LONGEST_EMAIL = 255
SECRETS = ("session_key", "session_data")
"""Columns of a session that are neither listed nor shown."""


class UserSessionQuerySet(ContractQuerySet["UserSession"]):
    """Filters on sessions; a listing leaves out the key and the data."""

    def _narrowed(self, query: ListingQuery) -> Self:
        return super()._narrowed(query).defer(*SECRETS)

    def live(self) -> Self:
        """Sessions that have not expired."""
        return self.filter(expire_date__gt=timezone.now())

    def expired(self) -> Self:
        """Sessions that have expired."""
        return self.filter(expire_date__lte=timezone.now())

    def seen_of(self, user: "User") -> Self:
        """A user's live sessions without the keys, as role inspector may read them."""
        return self.of(user).defer(*SECRETS)

    def of(self, user: "User") -> Self:
        """A user's live sessions, the last seen first."""
        return self.live().filter(user=user).order_by("-last_seen_at", "-id")


_Manager = models.Manager.from_queryset(UserSessionQuerySet)


class UserSessionManager(BaseSessionManager["UserSession"], _Manager["UserSession"]):
    """Revokes, renews and removes sessions."""

    def revoke(self, user: "User", session_id: UUID) -> bool:
        """Delete one of a user's sessions; False when there was none."""
        return bool(self.filter(user=user, pk=session_id).delete()[0])

    def revoke_all(self, user: "User", *, but: str | None = None) -> int:
        """Delete a user's sessions, except the one with the key `but`; how many."""
        return int(self.filter(user=user).exclude(session_key=but or "").delete()[0])

    def seen(self, session_key: str, now: datetime, **where: Any) -> None:
        """Record when and where a session was seen, at most every SEEN_EVERY."""
        rows = self.filter(session_key=session_key, last_seen_at__lte=now - SEEN_EVERY)
        rows.update(last_seen_at=now, **where)

    def renew(self, session: "UserSession", **where: Any) -> bool:
        """Update the data and the expiry of a session; False when it was deleted."""
        rows = self.filter(session_key=session.session_key)
        data, until = session.session_data, session.expire_date
        return bool(
            rows.update(session_data=data, expire_date=until, user_id=session.user_id, **where)
        )

    def clean(self) -> int:
        """Delete expired sessions, in batches; how many."""
        return _delete(self.expired())


_Failures = models.Manager.from_queryset(ContractQuerySet)


class LoginFailureManager(_Failures["LoginFailure"]):
    """Records failed log-ins: address, origin and time, never the password."""

    def record(self, email: str, ip: str | None) -> "LoginFailure":
        """Record a failed log-in; the address in lower case, cut to LONGEST_EMAIL characters."""
        address = str(email).replace("\0", "").strip().lower()[:LONGEST_EMAIL]
        return self.create(email=address, ip=ip)

    def clean(self, before: datetime) -> int:
        """Delete older failures, in batches; how many."""
        return _delete(self.filter(at__lt=before))


def _delete(rows: "models.QuerySet[UserSession] | models.QuerySet[LoginFailure]") -> int:
    total = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        total += rows.filter(pk__in=ids).delete()[0]
    return total
