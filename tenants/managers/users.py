"""Users: who exists, who may log in, who was deactivated and can be restored.

    objects       the active users
    all_objects   active and deactivated users

Managers import no models: `apps.get_model` finds those of others.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast, override
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.context import acting_in_turn
from tenants.errors import Conflict
from tenants.managers.contract import ContractQuerySet
from tenants.managers.verbs import Verbs
from tenants.managers.visibility import OfFormerMembers, OfMembers
from tenants.postgres.retry import retried
from tenants.refusals import LastOwner, NotDeletable, UserPurged

if TYPE_CHECKING:
    from tenants.models import User


class UserVerbs(Verbs):
    """Creates, deactivates and restores users."""

    if TYPE_CHECKING:
        model: "type[User]"

        def _get(self, pk: UUID) -> "User":
            """An active or a deactivated user. Raises RowNotFound."""

        def _lock(self, pk: UUID) -> "User":
            """The same, locked."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password nobody can log in as that user.

        Not safe to repeat: raises UniqueBroken when an active user has the address, whatever its
        case. Raises ValidationError for what cannot be an address or another field.

        >>> User.objects.create_user("Eva@Example.com", first_name="Eva").email
        'Eva@example.com'
        """
        address = BaseUserManager.normalize_email(email.strip())
        user = self.model(email=address, **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
        self._create_row(user)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user who sees everything in the admin. Raises as `create_user` does.

        >>> admin = User.objects.create_superuser("eva@example.com", "correct horse")
        >>> admin.is_staff, admin.is_superuser, admin.check_password("correct horse")
        (True, True, True)
        """
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)

    def deactivate(self, user: "User | UUID") -> "User":
        """End a user's log-in, sessions and memberships, outside of blocks.

        One transaction over all tenants of the user, suspended ones too: all of it happens, or
        nothing. What belongs to a member stays theirs. Safe to repeat; for a user who was marked
        by hand it ends the memberships. Raises LastOwner, with all slugs of tenants that would
        have no owner in the figure `tenants`.

        >>> # outside of blocks
        >>> User.objects.deactivate(ben).is_active
        False
        """
        return _refreshed(user, retried(lambda: self._deactivate(_pk_of(user)), using=self.db))

    def restore(self, user: "User | UUID") -> "User":
        """Let a user log in again, with the memberships that the deactivation ended.

        Outside of blocks, all of it or nothing. Other memberships and sessions do not come back.
        Safe to repeat. Raises UserPurged, and UniqueBroken when an active user now has the address.

        >>> # outside of blocks
        >>> deactivated = User.objects.deactivate(ben)
        >>> User.objects.restore(ben).is_active
        True
        """
        return _refreshed(user, retried(lambda: self._restore(_pk_of(user)), using=self.db))

    def _deactivate(self, pk: UUID) -> "User":
        tenants, without_owner = self._other("Tenant"), []
        with self._blocks.acting_in_turn(using=self.db) as turn:
            user = self._lock(pk)
            user.deleted_at = user.deleted_at or timezone.now()
            self._save_row(user, "deleted_at")
            # In one order: two deactivations wait for each other, and do not deadlock.
            for tenant_id in sorted(tenants.ids_of_user(pk)):
                with turn(tenant_id):
                    try:
                        self._other("Membership").end(user, user.deleted_at)
                    except LastOwner:
                        without_owner += tenants.slugs_of([tenant_id]).values()
            if without_owner:
                raise LastOwner(
                    f"{user} is the last owner of {', '.join(sorted(without_owner))}:"
                    " make somebody else owner there first",
                    tenants=sorted(without_owner),
                )
            self._other("UserSession").revoke_all(user)
        return user

    def _restore(self, pk: UUID) -> "User":
        memberships = self._other("Membership")
        with self._blocks.inspecting(using=self.db):
            user = self._get(pk)
            if (ended := user.deleted_at) is None:
                return user
            tenant_ids = memberships.tenants_left(user, ended)
        with self._blocks.acting_in_turn(using=self.db) as turn:
            user = self._lock(pk)
            if user.deleted_at != ended:
                raise Conflict  # another transaction changed it: try again
            if not user.email:
                raise UserPurged
            user.deleted_at = None
            self._save_row(user, "deleted_at")
            for tenant_id in sorted(tenant_ids):
                with turn(tenant_id):
                    memberships.resume(user, ended)
            self._other("UserSession").revoke_all(user)  # one that began meanwhile
        return user


class UserQuerySet(ContractQuerySet["User"]):
    """Filters on users."""

    def active(self) -> Self:
        """Users who may log in."""
        return self.filter(deleted_at=None)

    def deactivated(self) -> Self:
        """Users who may not log in."""
        return self.exclude(deleted_at=None)

    def by_email(self, email: str) -> Self:
        """Users with that address; case does not matter. None for an empty one: purged users."""
        if "\0" in email or not email.strip():
            return self.none()
        return self.alias(folded=Lower("email")).filter(folded=email.strip().lower())

    def with_hash(self) -> Self:
        """The same users with the hash of the password, which only log-ins and sessions need."""
        return self.only(*(field.attname for field in self.model._meta.concrete_fields))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Raises NotDeletable: `User.objects.deactivate(user)` is the verb."""
        raise NotDeletable

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def purgeable(self, before: datetime) -> Self:
        """Users deactivated before then whose personal data is still stored."""
        return self.filter(deleted_at__lt=before).exclude(email="")


_All = models.Manager.from_queryset(UserQuerySet)


class AllUsersManager(_All["User"]):
    """Active and deactivated users; in a block with a role those who are or were members."""

    @override
    def get_queryset(self) -> UserQuerySet:
        return cast(UserQuerySet, super().get_queryset()).filter(OfFormerMembers("pk"))

    def by_id_or_email(self, text: str) -> "list[User]":
        """The users with that id or that address, the active one first."""
        try:
            rows = self.filter(pk=UUID(text))
        except ValueError:
            rows = self.by_email(text)
        return list(rows.order_by(F("deleted_at").desc(nulls_first=True), "pk"))


class UserManager(UserVerbs, BaseUserManager["User"], _All["User"]):
    """The active users, who log in by e-mail; in a block with a role the members."""

    @override
    def get_queryset(self) -> UserQuerySet:
        return self._every().active().filter(OfMembers("pk"))

    def get_by_name(self, email: str) -> "User":
        """The active user with that address; case does not matter. Raises RowNotFound.

        >>> User.objects.get_by_name(ana.email.upper()) == ana
        True
        """
        return self.by_email(email).get()

    def is_active(self, pk: UUID) -> bool:
        """Whether an active user has that id, a member or not."""
        return self._every().active().filter(pk=pk).exists()

    def tenant_ids(self, user: "User") -> list[UUID]:
        """The ids of the tenants that an active user is a member of; none of a deactivated user."""
        looked_up = Func("pk", function="tenants_of_user", output_field=models.UUIDField())
        return list(self.filter(pk=user.pk).values_list(looked_up, flat=True))

    def get_by_natural_key(self, email: str | None) -> "User":
        """The same with the hash, for Django's log-in."""
        return self.by_email(email or "").with_hash().get()

    async def aget_by_natural_key(self, email: str | None) -> "User":
        """See `get_by_natural_key`."""
        return await sync_to_async(self.get_by_natural_key)(email)

    def of_session(self, user_id: object) -> "User | None":
        """The active user with that id and the hash, which a session is checked against."""
        return self.with_hash().get_or_none(pk=user_id)

    def purge(self, before: datetime, batch: int) -> int:
        """Delete personal data of up to `batch` users deactivated before then; how many.

        Addresses, names, rights and sessions go. The row stays, because ledgers, histories and
        ended memberships name its id.
        """
        through = (self.model.groups.through, self.model.user_permissions.through)
        with acting_in_turn(using=self.db):
            oldest = self._every().purgeable(before).order_by("deleted_at", "pk")[:batch]
            pks = list(oldest.select_for_update(no_key=True).values_list("pk", flat=True))
            for model in (*through, self._other("UserSession").model):
                model._base_manager.filter(user__in=pks).delete()
            return self._every().filter(pk__in=pks).update(**_without_personal_data())

    def _every(self) -> UserQuerySet:
        """Active and deactivated users."""
        return cast(UserQuerySet, super().get_queryset())

    def _get(self, pk: UUID) -> "User":
        return self._every().get(pk=pk)

    def _lock(self, pk: UUID) -> "User":
        return self._every().select_for_update(no_key=True).get(pk=pk)


def _pk_of(user: "User | UUID") -> UUID:
    return user if isinstance(user, UUID) else user.pk


def _refreshed(given: "User | UUID", stored: "User") -> "User":
    """The stored row, after its times were copied to the caller's instance."""
    if not isinstance(given, UUID):
        given.deleted_at, given.updated_at = stored.deleted_at, stored.updated_at
    return stored


def _without_personal_data() -> dict[str, Any]:
    """The values of a purged user's row."""
    return {
        **dict.fromkeys(("email", "first_name", "last_name", "avatar_url"), ""),
        **dict.fromkeys(("email_verified", "is_staff", "is_superuser"), False),
        "password": make_password(None),
        "last_login": None,
        "updated_at": timezone.now(),
    }


def make_inspectors() -> Group:
    """The group whose members see everything in the admin and change nothing. Safe to repeat.

    Creates the group, or gives it the permissions that were added since.
    """
    group, _ = Group.objects.get_or_create(name="Inspectors")
    group.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return group
