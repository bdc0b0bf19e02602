"""Managers of sessions and of failed log-ins: global rows, written before a tenant is known."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, cast, override
from uuid import UUID

from django.apps import apps
from django.contrib.sessions.base_session import BaseSessionManager
from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.access.limits import Limit
from tenants.access.login_limits import limit_of, network_of, plain_ip, typed_address
from tenants.access.roles import require, statements_of_a_verb
from tenants.context import current_actor_id, current_role, current_tenant_id
from tenants.errors import NotAllowed
from tenants.listing.query import ListingQuery
from tenants.managers.contract import ContractQuerySet
from tenants.managers.visibility import OfTheSystem, Revocable
from tenants.refusals import SessionRevoked

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
    """Revokes, renews and removes sessions.

    A block with a role sees the sessions that it may revoke, and writes none without these verbs.
    """

    @override
    def get_queryset(self) -> UserSessionQuerySet:
        return cast(UserSessionQuerySet, super().get_queryset()).filter(Revocable("user"))

    def revoke(self, user: "User", session_id: UUID) -> bool:
        """Delete one of a user's sessions; False when there was none. Safe to repeat.

        In a block with a role users revoke their own sessions, and owners those of a user who is a
        member of this tenant and of no other. Raises NotAllowed.

        >>> UserSession.objects.revoke(ana, ana.pk)
        False
        """
        self._require_revocable(user)
        with statements_of_a_verb():
            return bool(self.filter(user=user, pk=session_id).delete()[0])

    def revoke_all(self, user: "User", *, but: str | None = None) -> int:
        """Delete a user's sessions, except the one with the key `but`; how many. Safe to repeat.

        Raises NotAllowed, as `revoke` does.

        >>> UserSession.objects.revoke_all(ana)
        0
        """
        self._require_revocable(user)
        total = 0
        with statements_of_a_verb():
            rows = self.filter(user=user).exclude(session_key=but or "")
            # Repeated, because a request may have copied one of them meanwhile: `create()`.
            while count := int(rows.all().delete()[0]):
                total += count
        return total

    def seen(self, session_key: str, now: datetime, **where: Any) -> None:
        """Record when and where a session was seen, at most every SEEN_EVERY."""
        rows = self.filter(session_key=session_key, last_seen_at__lte=now - SEEN_EVERY)
        with statements_of_a_verb():
            rows.update(last_seen_at=now, **where)

    def insert(self, session: "UserSession", *, using: str) -> None:
        """Write a new session. Raises UniqueBroken for a key that is taken."""
        with statements_of_a_verb(), transaction.atomic(using=using):
            session.save(force_insert=True, using=using)

    def renew(self, session: "UserSession", *, earlier: str | None = None, **where: Any) -> None:
        """Update a session, which keeps its row when its key was the `earlier` one.

        Raises SessionRevoked.
        """
        names = ("session_key", "session_data", "expire_date", "user_id")
        values = {name: getattr(session, name) for name in names}
        with statements_of_a_verb():
            rows = self.filter(session_key=earlier or session.session_key)
            if not rows.update(**values, **where):
                raise SessionRevoked

    def keep(self, session_key: str) -> None:
        """Keep the session until the transaction ends. Raises SessionRevoked."""
        if not self.filter(session_key=session_key).select_for_update(no_key=True).exists():
            raise SessionRevoked

    def end(self, session_key: str) -> None:
        """Delete the session with that key, if there is one: its holder logs out."""
        with statements_of_a_verb():
            self.filter(session_key=session_key).delete()

    def clean(self) -> int:
        """Delete expired sessions, in batches; how many."""
        return _delete(self.expired())

    def _require_revocable(self, user: "User") -> None:
        """Raise NotAllowed in a block whose role may not revoke the sessions of that user."""
        role = current_role()
        if role is None or user.pk == current_actor_id():
            return
        require("sessions.revoke")
        if apps.get_model("tenants.Tenant").objects.ids_of_user(user) != [current_tenant_id()]:
            raise NotAllowed(
                "sessions.revoke for users who are not members of this tenant alone", role
            )


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
    """Records failed log-ins: address, origin and time, never the password.

    Blocks with a role do not see them.
    """

    @override
    def get_queryset(self) -> LoginFailureQuerySet:
        return self._every().filter(OfTheSystem())

    def record(self, email: str, ip: str | None) -> "LoginFailure":
        """Record a failed log-in; the address in lower case, cut to LONGEST_EMAIL characters."""
        return self.create(email=typed_address(email), ip=ip and str(plain_ip(ip)))

    def wait_of(self, email: object, ip: str | None, now: datetime | None = None) -> int:
        """The seconds for which a log-in with that address from that IP address is refused, or 0.

        One statement. Without an IP address the limits of networks do not count.
        """
        now = now or timezone.now()
        every = self._every()
        rows = every.of_address(email).reaching(limit_of("address"), now)
        if ip is not None:
            both = every.of_address(email).of_network(ip)
            rows = rows.union(
                every.of_network(ip).reaching(limit_of("network"), now),
                both.reaching(limit_of("address and network"), now),
                all=True,
            )
        left = (at + timedelta(seconds=seconds) - now for at, seconds in rows)
        return max((max(1, round(each.total_seconds())) for each in left), default=0)

    def _every(self) -> LoginFailureQuerySet:
        return cast(LoginFailureQuerySet, super().get_queryset())

    def clean(self, before: datetime) -> int:
        """Delete older failures, in batches; how many."""
        return _delete(self.filter(at__lt=before))


def _delete(rows: "models.QuerySet[UserSession] | models.QuerySet[LoginFailure]") -> int:
    total = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        total += rows.filter(pk__in=ids).delete()[0]
    return total
