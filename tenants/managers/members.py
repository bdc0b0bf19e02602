"""Memberships: who is a member of a tenant, in which role.

Managers import no models: `apps.get_model` finds those of others.
"""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import UUID

from django.apps import apps
from django.db import models

from tenants.access.roles import Role, require, statements_of_a_verb, verb
from tenants.context import current_actor_id
from tenants.errors import ForeignKeyBroken
from tenants.managers.softdelete import SoftDeleteManager, SoftDeleteQuerySet
from tenants.managers.verbs import Verbs
from tenants.refusals import (
    AlreadyMember,
    LastOwner,
    MemberInUse,
    NoMembership,
    NotAMember,
    UnknownRole,
    UserDeactivated,
)

if TYPE_CHECKING:
    from tenants.models import Membership, User


class MembershipVerbs(Verbs):
    """Adds members, changes their roles and removes them."""

    if TYPE_CHECKING:
        model: "type[Membership]"

        def of(self, user: "User | UUID") -> "Membership | None":
            """The live membership of an active user."""

        def _lock(self, **equal: Any) -> "Membership | None":
            """A live membership, locked together with those of all owners."""

        def _has_other_owner(self, membership: "Membership") -> bool:
            """Whether another active user is an owner."""

        def _mark_deleted(self, membership: "Membership", when: datetime | None = None) -> None:
            """Delete it softly; at a given time even when rows point at it."""

        def _ended(self, user: "User", when: datetime) -> "list[Membership]":
            """The user's memberships that were deleted at that time."""

        def _restore(self, membership: "Membership") -> None:
            """Make it live again."""

    def role_of(self, user: "User | UUID") -> str:
        """The role of a member. Raises NoMembership.

        >>> print(Membership.objects.role_of(ana))
        owner
        """
        if (membership := self.of(user)) is None:
            raise NoMembership
        return membership.role

    @verb("members.invite")
    def join(self, user: "User", role: str) -> "Membership":
        """Add a user as a member with the role "owner", "editor", "viewer" or "service".

        Not safe to repeat: a second call raises AlreadyMember; `admit` is. Raises UnknownRole,
        UserDeactivated and QuotaReached.

        >>> print(Membership.objects.join(ben, "viewer").role)
        viewer
        """
        membership = self.model(user=user, role=clean_role(role))
        self._require_active(user)
        self._require_quota("members")
        self._create_once(membership, "tenants_membership_user_once", AlreadyMember)
        return membership

    @verb("members.invite")
    def admit(self, user: "User", role: str) -> "Membership":
        """Add a user as a member; a member keeps the role they have. Safe to repeat.

        Raises UnknownRole, UserDeactivated and QuotaReached.

        >>> print(*(Membership.objects.admit(ben, role).role for role in ("viewer", "editor")))
        viewer viewer
        """
        wanted = clean_role(role)
        self._require_active(user)
        if (member := self.of(user)) is not None:
            return member
        try:
            return self.join(user, wanted)
        except AlreadyMember:  # another transaction added them at the same time
            return cast("Membership", self.of(user))

    def leave(self, membership: "Membership") -> None:
        """End a membership, and delete open invitations to the member's address.

        Members end their own membership; to end another needs the verb `members.remove`. A viewer
        leaves in a block without a role, because a viewer's block cannot write. Not safe to
        repeat. Raises NotAMember when it has ended before, LastOwner, and MemberInUse when
        something belongs to the member.

        >>> Membership.objects.leave(Membership.objects.join(ben, "viewer"))
        >>> Membership.objects.of(ben) is None
        True
        """
        if membership.user_id != current_actor_id():
            require("members.remove")
        with statements_of_a_verb(), self._all_or_nothing():
            self._require_other_owner(self._locked(pk=membership.pk))
            try:
                self._mark_deleted(membership)
            except ForeignKeyBroken as error:
                raise MemberInUse(str(error)) from error
            self._other("Invitation").withdraw(membership.user.email)

    @verb("members.change_role")
    def change_role(self, membership: "Membership", role: str) -> "Membership":
        """Give a member another role. Safe to repeat.

        Raises UnknownRole, NotAMember and LastOwner.

        >>> member = Membership.objects.join(ben, "viewer")
        >>> print(Membership.objects.change_role(member, "editor").role)
        editor
        """
        wanted = clean_role(role)
        with self._all_or_nothing():
            locked = self._locked(pk=membership.pk)
            if wanted != Role.OWNER:
                self._require_other_owner(locked)
            locked.role = wanted
            self._save_row(locked, "role")
        membership.role = wanted
        return locked

    def end(self, user: "User", when: datetime) -> None:
        """End the user's membership at a given time, whatever belongs to it.

        Only `User.objects.deactivate` calls it. Raises LastOwner.
        """
        with suppress(NotAMember):  # they left meanwhile
            locked = self._locked(user_id=user.pk)
            self._require_other_owner(locked)
            self._mark_deleted(locked, when)

    def resume(self, user: "User", ended: datetime) -> None:
        """Restore the membership that ended at that time, unless the user has another now."""
        if self.of(user) is None:
            for membership in self._ended(user, ended):
                self._restore(membership)

    def tenants_left(self, user: "User", ended: datetime) -> list[UUID]:
        """The tenants where the user's membership ended at that time; while inspecting."""
        return [cast(UUID, membership.tenant_id) for membership in self._ended(user, ended)]

    def _locked(self, **equal: Any) -> "Membership":
        """Raises NotAMember when no live membership matches."""
        if (found := self._lock(**equal)) is None:
            raise NotAMember
        return found

    def _require_other_owner(self, locked: "Membership") -> None:
        if locked.role == Role.OWNER and not self._has_other_owner(locked):
            raise LastOwner

    def _require_active(self, user: "User") -> None:
        """Raise UserDeactivated by the stored row, which may differ from the caller's."""
        if not self._other("User").is_active(user.pk):
            raise UserDeactivated(f"{user} is deactivated, or does not exist")


class MembershipQuerySet(SoftDeleteQuerySet["Membership"]):
    """Filters on memberships."""

    def owning(self) -> Self:
        """Memberships of owners."""
        return self.filter(role=Role.OWNER)

    def of_active_users(self) -> Self:
        """Memberships of users who are not deactivated, by the verb or by hand."""
        return self.filter(user__deleted_at=None)

    def by_email(self, email: str) -> Self:
        """Memberships of active users with that address; case does not matter."""
        return self.filter(
            user__in=list(apps.get_model("tenants.User").objects.active().by_email(email))
        )


_Memberships = models.Manager.from_queryset(MembershipQuerySet)


class MembershipManager(
    MembershipVerbs, _Memberships["Membership"], SoftDeleteManager["Membership"]
):
    """The members of the tenant in force."""

    def of(self, user: "User | UUID") -> "Membership | None":
        """The membership of an active user, or None.

        >>> Membership.objects.of(ana).role, Membership.objects.of(ben)
        ('owner', None)
        """
        membership: Membership | None = self.of_active_users().filter(user=user).first()
        return membership

    def counted(self) -> "models.QuerySet[Membership, Any]":
        """What the quota `members` counts: the ids of members and of open invitations."""
        invitations = apps.get_model("tenants.Invitation").objects.open()
        both = self.values("pk").union(invitations.values("pk"), all=True)
        return cast("models.QuerySet[Membership, Any]", both)

    def everywhere(self, user: "User") -> "list[Membership]":
        """The user's live and ended memberships of all tenants; while inspecting."""
        return list(self._every().filter(user=user).select_related("tenant").order_by("pk"))

    def _every(self) -> MembershipQuerySet:
        """Live and ended memberships."""
        return cast(MembershipQuerySet, super(SoftDeleteManager, self).get_queryset())

    def _lock(self, **equal: Any) -> "Membership | None":
        # Always in one order: of two owners who leave at once, the second sees the first go.
        list(self.owning().select_for_update().order_by("pk"))
        found: Membership | None = self.filter(**equal).select_for_update().first()
        return found

    def _has_other_owner(self, membership: "Membership") -> bool:
        return self.owning().of_active_users().exclude(pk=membership.pk).exists()

    def _mark_deleted(self, membership: "Membership", when: datetime | None = None) -> None:
        if when is None:
            membership.delete()
        else:
            self.filter(pk=membership.pk).mark_deleted(when)

    def _ended(self, user: "User", when: datetime) -> "list[Membership]":
        return list(self._every().filter(user=user, deleted_at=when))

    def _restore(self, membership: "Membership") -> None:
        membership.restore()


def clean_role(name: str) -> Role:
    """The role with that name. Raises UnknownRole."""
    try:
        return Role(name)
    except ValueError as error:
        raise UnknownRole(f"there is no role {name!r}: say {', '.join(Role)}", role=name) from error
