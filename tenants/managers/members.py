"""The manager of memberships: who comes, what they may do, who goes.

Managers import no models: `apps.get_model` finds those of others.
"""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import UUID

from django.apps import apps
from django.db import models, transaction

from tenants.access import quotas
from tenants.access.roles import Role, require, verb
from tenants.context import current_actor_id
from tenants.errors import ConstraintBroken, ForeignKeyBroken
from tenants.managers.softdelete import SoftDeleteManager, SoftDeleteQuerySet
from tenants.refusals import (
    AlreadyMember,
    LastOwner,
    MemberInUse,
    NotAMember,
    UnknownRole,
    UserDeactivated,
)

if TYPE_CHECKING:
    from tenants.models import Membership, User


class MembershipQuerySet(SoftDeleteQuerySet["Membership"]):
    """Filters on memberships."""

    def owning(self) -> Self:
        """Memberships of owners."""
        return self.filter(role=Role.OWNER)

    def of_active_users(self) -> Self:
        """Memberships of users who have not been deactivated, by the verb or by hand."""
        return self.filter(user__deleted_at=None)

    def by_email(self, email: str) -> Self:
        """Memberships of live users with that address, whatever its case."""
        return self.filter(
            user__in=list(apps.get_model("tenants.User").objects.active().by_email(email))
        )


_Memberships = models.Manager.from_queryset(MembershipQuerySet)


class MembershipManager(_Memberships["Membership"], SoftDeleteManager["Membership"]):
    """The members of the tenant in force."""

    def of(self, user: "User") -> "Membership | None":
        """The user's membership, if they are a member; who is deactivated is none."""
        membership: Membership | None = self.of_active_users().filter(user=user).first()
        return membership

    def places(self) -> "models.QuerySet[Membership, Any]":
        """The ids of members, and of open invitations, each of which keeps a place."""
        invitations = apps.get_model("tenants.Invitation").objects.open()
        places = self.values("pk").union(invitations.values("pk"), all=True)
        return cast("models.QuerySet[Membership, Any]", places)

    @verb("members.invite")
    def join(self, user: "User", role: str) -> "Membership":
        """Make a user a member.

        Raises UnknownRole, AlreadyMember, UserDeactivated and QuotaReached.
        """
        membership: Membership = self.model(user=user, role=clean_role(role))
        _require_active(user)
        quotas.require("members")
        try:
            with transaction.atomic(using=self.db):  # a refusal leaves the block usable
                membership.save(force_insert=True)
        except ConstraintBroken as error:
            if error.constraint != "tenants_membership_user_once":
                raise
            raise AlreadyMember from error
        return membership

    @verb("members.invite")
    def admit(self, user: "User", role: str) -> "Membership":
        """Make a user a member; one who is a member already keeps the role they have.

        Raises UnknownRole, UserDeactivated and QuotaReached.
        """
        wanted = clean_role(role)
        _require_active(user)
        if (member := self.of(user)) is not None:
            return member
        try:
            return self.join(user, wanted)
        except AlreadyMember:  # somebody admitted them at the same time
            return self.get(user=user)

    def leave(self, membership: "Membership") -> None:
        """End a membership: one's own freely, another's as `members.remove`.

        An offer that was made to the member before ends too: it is no way back.

        A viewer's block cannot write: a viewer leaves in a block without a role.
        Raises NotAMember when it has ended before, LastOwner, and MemberInUse when something
        belongs to the member.
        """
        if membership.user_id != current_actor_id():
            require("members.remove")
        with transaction.atomic(using=self.db):
            self._require_another_owner(self._locked(membership))
            try:
                membership.delete()
            except ForeignKeyBroken as error:
                raise MemberInUse(str(error)) from error
            address = membership.user.email.strip().lower()
            apps.get_model("tenants.Invitation").objects.filter(
                email=address, accepted_at=None
            ).delete()

    @verb("members.change_role")
    def change_role(self, membership: "Membership", role: str) -> "Membership":
        """Give a member another role. Raises UnknownRole, NotAMember and LastOwner."""
        wanted = clean_role(role)
        with transaction.atomic(using=self.db):
            locked = self._locked(membership)
            if wanted != Role.OWNER:
                self._require_another_owner(locked)
            locked.role = wanted
            locked.save(update_fields=["role"])
        membership.role = wanted
        return locked

    def end(self, user: "User", when: datetime) -> None:
        """End the user's membership as of `when`, whatever is theirs: they were deactivated.

        For `User.objects.deactivate`, in the system's own block. Raises LastOwner.
        """
        for membership in self.filter(user=user):
            with suppress(NotAMember):  # who has left meanwhile
                self._require_another_owner(self._locked(membership))
                self.filter(pk=membership.pk).mark(when)

    def resume(self, user: "User", ended: datetime) -> None:
        """Make the membership live again that was ended then; unless there is another by now."""
        if not self.filter(user=user).exists():
            self._every().filter(user=user, deleted_at=ended).restore()

    def tenants_left(self, user: "User", ended: datetime) -> list[UUID]:
        """While inspecting: the tenants where the user's membership was ended then."""
        return list(
            self._every().filter(user=user, deleted_at=ended).values_list("tenant", flat=True)
        )

    def everywhere(self, user: "User") -> "list[Membership]":
        """While inspecting: the user's memberships of all tenants, ended ones too, with these."""
        return list(self._every().filter(user=user).select_related("tenant").order_by("pk"))

    def _every(self) -> MembershipQuerySet:
        """All memberships: this manager's own rows are the live ones."""
        return cast(MembershipQuerySet, super(SoftDeleteManager, self).get_queryset())

    def _locked(self, membership: "Membership") -> "Membership":
        """The membership under its lock, after those of all owners, always in one order.

        So two owners who leave at once wait for each other, and the second one sees it.
        """
        list(self.owning().select_for_update().order_by("pk"))
        found: Membership | None = self.filter(pk=membership.pk).select_for_update().first()
        if found is None:
            raise NotAMember
        return found

    def _require_another_owner(self, locked: "Membership") -> None:
        others = self.owning().of_active_users().exclude(pk=locked.pk)
        if locked.role == Role.OWNER and not others.exists():
            raise LastOwner


def _require_active(user: "User") -> None:
    """Raise UserDeactivated, as the row says and not what is in hand."""
    if not apps.get_model("tenants.User").objects.filter(pk=user.pk).exists():
        raise UserDeactivated(f"{user} is deactivated, or is not there")


def clean_role(name: str) -> Role:
    """The role of that name. Raises UnknownRole."""
    try:
        return Role(name)
    except ValueError as error:
        raise UnknownRole(f"there is no role {name!r}: say {', '.join(Role)}", role=name) from error
