"""Managers of sessions and of failed log-ins: global rows, written before a tenant is known."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.contrib.sessions.base_session import BaseSessionManager
from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.access.limits import Limit
from tenants.access.login_limits import limit_of, network_of, plain_ip, typed_address
from tenants.listing.query import ListingQuery
from tenants.managers.contract import ContractQuerySet

if TYPE_CHECKING:
    from tenants.models import LoginFailure, User, UserSession

SEEN_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is: a session is written at most this often because of it."""

BATCH = 1000  # rows removed in one statement
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


class LoginFailureQuerySet(ContractQuerySet["LoginFailure"]):
    """Filters on failures; the manager has the verbs."""

    def of_address(self, email: object) -> Self:
        """Failures of one e-mail address."""
        return self.alias(folded=Lower("email")).filter(folded=typed_address(email))

    def of_network(self, ip: str) -> Self:
        """Failures from the network of an IP address."""
        first, last = network_of(ip)
        return self.filter(ip__gte=first, ip__lte=last)

    def reaching(self, limit: Limit, now: datetime) -> "models.QuerySet[Any, Any]":
        """The time of the failure that reached the limit, and the limit's seconds; or no row."""
        newest = self.filter(at__gt=now - timedelta(seconds=limit.seconds)).order_by("-at")
        return newest.values_list("at", Value(limit.seconds))[limit.uses - 1 : limit.uses]


_Failures = models.Manager.from_queryset(LoginFailureQuerySet)


class LoginFailureManager(_Failures["LoginFailure"]):
    """Records failed log-ins: address, origin and time, never the password."""

    def record(self, email: str, ip: str | None) -> "LoginFailure":
        """Record a failed log-in; the address in lower case, cut to LONGEST_EMAIL characters."""
        return self.create(email=typed_address(email), ip=ip and str(plain_ip(ip)))

    def wait_of(self, email: object, ip: str | None, now: datetime | None = None) -> int:
        """The seconds for which a log-in with that address from that IP address is refused, or 0.

        One statement. Without an IP address the limits of networks do not count.
        """
        now = now or timezone.now()
        rows = self.of_address(email).reaching(limit_of("address"), now)
        if ip is not None:
            both = self.of_address(email).of_network(ip)
            rows = rows.union(
                self.of_network(ip).reaching(limit_of("network"), now),
                both.reaching(limit_of("address and network"), now),
                all=True,
            )
        left = (at + timedelta(seconds=seconds) - now for at, seconds in rows)
        return max((max(1, round(each.total_seconds())) for each in left), default=0)

    def clean(self, before: datetime) -> int:
        """Delete older failures, in batches; how many."""
        return _delete(self.filter(at__lt=before))


def _delete(rows: "models.QuerySet[UserSession] | models.QuerySet[LoginFailure]") -> int:
    total = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        total += rows.filter(pk__in=ids).delete()[0]
    return total
