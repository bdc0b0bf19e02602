"""The managers of users: who there is, who may log in, who was deactivated and may come back.

    objects       the active users: what everybody asks
    all_objects   the deactivated ones too, for good or for now

Managers import no models: `apps.get_model` finds those of others.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast, override
from uuid import UUID

from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import make_password
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.context import acting_in_turn, inspecting
from tenants.errors import Conflict
from tenants.managers.arguments import typed
from tenants.managers.listed import ListedQuerySet
from tenants.postgres.retry import retried
from tenants.refusals import LastOwner, NotDeletable, UserPurged

if TYPE_CHECKING:
    from tenants.models import User


class UserQuerySet(ListedQuerySet["User"]):
    """Filters on users."""

    def active(self) -> Self:
        """Users who may log in."""
        return self.filter(deleted_at=None)

    def deactivated(self) -> Self:
        """Users who may not."""
        return self.exclude(deleted_at=None)

    def by_email(self, email: str) -> Self:
        """Users with that address, whatever its case."""
        if "\0" in email or not email.strip():  # nobody has that; purged users have none
            return self.none()
        return self.alias(folded=Lower("email")).filter(folded=email.strip().lower())

    def with_hash(self) -> Self:
        """With the hash of the password, which is read for a log-in and for a session."""
        return self.only(*(field.attname for field in self.model._meta.concrete_fields))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Raises NotDeletable: `User.objects.deactivate(user)` is the verb."""
        raise NotDeletable

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def purgeable(self, before: datetime) -> Self:
        """Users deactivated before then of whom there still is something to purge."""
        return self.filter(deleted_at__lt=before).exclude(email="")


_All = models.Manager.from_queryset(UserQuerySet)


class AllUsersManager(_All["User"]):
    """Every user, the deactivated ones too."""

    def named(self, said: str) -> "list[User]":
        """The users of that id or that address, the active one first."""
        try:
            rows = self.filter(pk=UUID(said))
        except ValueError:
            rows = self.by_email(said)
        return list(rows.order_by(F("deleted_at").desc(nulls_first=True), "pk"))


class UserManager(BaseUserManager["User"], _All["User"]):
    """The active users, who log in by e-mail."""

    @override
    def get_queryset(self) -> UserQuerySet:
        return cast(UserQuerySet, super().get_queryset()).active()

    @typed
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password nobody can log in as them.

        Raises UniqueBroken when an active user has the address.
        """
        user: User = self.model(email=self.normalize_email(email.strip()), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user who may see everything in the admin."""
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)

    def get_by_name(self, email: str) -> "User":
        """The active user with that address, whatever its case. Raises RowNotFound."""
        return self.by_email(email).get()

    def get_by_natural_key(self, email: str | None) -> "User":
        """The same with the hash: Django's log-in asks here."""
        return self.by_email(email or "").with_hash().get()

    async def aget_by_natural_key(self, email: str | None) -> "User":
        """See `get_by_natural_key`."""
        return await sync_to_async(self.get_by_natural_key)(email)

    def of_session(self, user_id: object) -> "User | None":
        """The active user of that id with the hash, for a session is good for one password."""
        return self.with_hash().get_or_none(pk=user_id)

    @typed
    def deactivate(self, user: "User | UUID") -> "User":
        """Take from a user all that they may do: no log-in, no session, no membership anywhere.

        One transaction over all their tenants, suspended ones too, outside of any block: it
        happens as a whole or not at all. What belongs to a member stays theirs. Safe to repeat;
        of a user whose row was marked by hand it ends the memberships too. Raises LastOwner,
        whose figure `tenants` has the slugs of all that would be left without an owner.
        """
        return _told(user, retried(lambda: self._deactivate(_id(user)), using=self.db))

    @typed
    def restore(self, user: "User | UUID") -> "User":
        """Let a user log in again, with the memberships that the deactivation ended.

        What had ended before stays so, and sessions do not come back. Outside of any block, as a
        whole or not at all, and safe to repeat. Raises UserPurged, and UniqueBroken when an active
        user has the address by now.
        """
        return _told(user, retried(lambda: self._restore(_id(user)), using=self.db))

    def purge(self, before: datetime, batch: int) -> int:
        """Forget who up to `batch` users were that were deactivated before then; how many.

        Addresses, names, rights and sessions go. The row stays, with its id: ledgers, histories
        and ended memberships name it.
        """
        with acting_in_turn(using=self.db):
            oldest = self._every().purgeable(before).order_by("deleted_at", "pk")[:batch]
            pks = list(oldest.select_for_update(no_key=True).values_list("pk", flat=True))
            for model, whose in self._attached():
                model._base_manager.filter(**{f"{whose}__in": pks}).delete()
            return self._every().filter(pk__in=pks).update(**_forgotten())

    def _every(self) -> UserQuerySet:
        """All users: this manager's own rows are the active ones."""
        return cast(UserQuerySet, super().get_queryset())

    def _locked(self, pk: UUID) -> "User":
        return self._every().select_for_update(no_key=True).get(pk=pk)

    def _deactivate(self, pk: UUID) -> "User":
        kept: list[str] = []
        with acting_in_turn(using=self.db) as turn:
            user = self._locked(pk)
            user.deleted_at = user.deleted_at or timezone.now()
            user.save(update_fields=["deleted_at", "updated_at"])
            # In one order, so that two deactivations wait for each other, and do not lock up.
            for tenant_id in sorted(_tenants().ids_of_user(pk)):
                with turn(tenant_id):
                    try:
                        _memberships().end(user, user.deleted_at)
                    except LastOwner:
                        kept += _tenants().slugs_of([tenant_id]).values()
            if kept:
                named = ", ".join(sorted(kept))
                raise LastOwner(
                    f"{user} is the last owner of {named}: make somebody else owner there first",
                    tenants=sorted(kept),
                )
            _sessions().revoke_all(user)
        return user

    def _restore(self, pk: UUID) -> "User":
        with inspecting(using=self.db):
            user = self._every().get(pk=pk)
            if (ended := user.deleted_at) is None:
                return user
            tenant_ids = _memberships().tenants_left(user, ended)
        with acting_in_turn(using=self.db) as turn:
            user = self._locked(pk)
            if user.deleted_at != ended:
                raise Conflict  # somebody else was faster: look again
            if not user.email:
                raise UserPurged
            user.deleted_at = None
            user.save(update_fields=["deleted_at", "updated_at"])
            for tenant_id in sorted(tenant_ids):
                with turn(tenant_id):
                    _memberships().resume(user, ended)
            _sessions().revoke_all(user)  # one that was begun while they were deactivated
        return user

    def _attached(self) -> "list[tuple[type[models.Model], str]]":
        """The global models whose rows go with a user, each with its key to them."""
        through = (self.model.groups.through, self.model.user_permissions.through)
        return [(model, "user") for model in (*through, _sessions().model)]


def _tenants() -> Any:
    return apps.get_model("tenants.Tenant").objects


def _sessions() -> Any:
    return apps.get_model("tenants.UserSession").objects


def _memberships() -> Any:
    return apps.get_model("tenants.Membership").objects


def _id(user: "User | UUID") -> UUID:
    return user if isinstance(user, UUID) else user.pk


def _told(given: "User | UUID", now: "User") -> "User":
    """The row as it is now; what the caller has in hand says so too."""
    if not isinstance(given, UUID):
        given.deleted_at, given.updated_at = now.deleted_at, now.updated_at
    return now


def _forgotten() -> dict[str, Any]:
    """What a purged user's row has instead."""
    return {
        **dict.fromkeys(("email", "first_name", "last_name", "avatar_url"), ""),
        **dict.fromkeys(("email_verified", "is_staff", "is_superuser"), False),
        "password": make_password(None),
        "last_login": None,
        "updated_at": timezone.now(),
    }
