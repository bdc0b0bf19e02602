"""Managers of memberships and invitations: who comes, what they may do, who goes.

Managers import no models: `apps.get_model` finds those of others.
"""

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self, cast
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone

from tenants.context import current_actor_id, run_for
from tenants.errors import ConstraintBroken, ForeignKeyBroken, UnknownTenant
from tenants.managers import TenantManager, TenantQuerySet
from tenants.preferences import MOST_INVITATION_DAYS
from tenants.refusals import (
    AlreadyInvited,
    AlreadyMember,
    BadEmail,
    BadExpiry,
    InvitationForAnother,
    InvitationInvalid,
    LastOwner,
    MemberInUse,
    NotAMember,
    UnknownRole,
    UserDeactivated,
)
from tenants.roles import Role, require, verb
from tenants.softdelete import SoftDeleteManager, SoftDeleteQuerySet

if TYPE_CHECKING:
    from tenants.models import Invitation, Membership, User


class MembershipQuerySet(SoftDeleteQuerySet["Membership"]):
    """Filters are adjectives."""

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

    @verb("members.invite")
    def join(self, user: "User", role: str) -> "Membership":
        """Make a user a member. Raises UnknownRole, AlreadyMember and UserDeactivated."""
        membership: Membership = self.model(user=user, role=_role(role))
        _require_active(user)
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

        Raises UnknownRole and UserDeactivated.
        """
        _require_active(user)
        membership: Membership
        membership, _ = self.get_or_create(user=user, defaults={"role": _role(role)})
        return membership

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
        wanted = _role(role)
        with transaction.atomic(using=self.db):
            locked = self._locked(membership)
            if wanted != Role.OWNER:
                self._require_another_owner(locked)
            locked.role = wanted
            locked.save(update_fields=["role", "updated_at"])
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


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    """Filters are adjectives."""

    def open(self) -> Self:
        """Invitations that can still be taken."""
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def lapsed(self) -> Self:
        """Invitations nobody took in time."""
        return self.filter(accepted_at=None, expires_at__lte=timezone.now())


_Invitations = models.Manager.from_queryset(InvitationQuerySet)


class InvitationManager(_Invitations["Invitation"], TenantManager["Invitation"]):
    """Offers of membership. Of a token only the SHA-256 is kept: it is shown once."""

    @verb("members.invite")
    def invite(
        self, email: str, role: str, *, expires_in: timedelta | None = None
    ) -> "tuple[Invitation, str]":
        """Offer `email` a membership; the invitation, and the token to send to that address.

        It is good for `expires_in`, or as long as the system's settings say; not for longer than
        those could (MOST_INVITATION_DAYS). Raises BadEmail, BadExpiry, UnknownRole, AlreadyMember,
        RateLimited, and AlreadyInvited while an offer to the address is open: who lost the token
        revokes it first.
        """
        address, wanted = folded(email), _role(role)
        _require_open_for_a_while(expires_in)
        if apps.get_model("tenants.Membership").objects.by_email(address).exists():
            raise AlreadyMember(f"{address} is a member already")
        self.lapsed().filter(email=address).delete()
        if expires_in is None:
            days = apps.get_model("tenants.SystemSettings").objects.current().values.invitation_days
            expires_in = timedelta(days=days)
        token = secrets.token_urlsafe(32)
        invitation: Invitation = self.model(
            email=address,
            role=wanted,
            token_hash=digest(token),
            expires_at=timezone.now() + expires_in,
        )
        try:
            with transaction.atomic(using=self.db):  # a refusal leaves the block usable
                invitation.save(force_insert=True)
        except ConstraintBroken as error:
            if error.constraint != "tenants_invitation_pending_once":
                raise
            raise AlreadyInvited from error
        return invitation, token

    def accept(self, token: str, user: "User") -> "Membership":
        """Become a member by the token; outside any block, for the token says which tenant's.

        It works once, whoever tries at the same time. Raises InvitationInvalid, the same for a
        token that never was, was used or revoked or has expired; InvitationForAnother when it
        was sent to another address; AlreadyMember.
        """
        hashed = digest(token)
        try:
            tenant_id = apps.get_model("tenants.Tenant").objects.id_of_invitation(hashed)
        except UnknownTenant as error:
            raise InvitationInvalid from error
        return run_for(tenant_id, lambda: self._take(hashed, user), actor=user)

    @verb("members.invite")
    def revoke(self, invitation: "Invitation") -> None:
        """Take back an offer nobody has taken yet. Raises InvitationInvalid."""
        if not self.filter(pk=invitation.pk, accepted_at=None).delete()[0]:
            raise InvitationInvalid

    def _take(self, hashed: str, user: "User") -> "Membership":
        """Within the tenant's block; who waited for the lock finds it used."""
        offers = self.filter(token_hash=hashed, accepted_at=None).select_for_update()
        invitation: Invitation | None = offers.first()
        if invitation is None or invitation.expires_at <= timezone.now():
            raise InvitationInvalid
        if not user.is_active or user.email.strip().lower() != invitation.email.lower():
            raise InvitationForAnother
        membership: Membership = apps.get_model("tenants.Membership").objects.join(
            user, invitation.role
        )
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at", "updated_at"])
        return membership


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(str(token).encode(errors="replace")).hexdigest()


def folded(email: str) -> str:
    """An address as invitations keep it. Raises BadEmail."""
    address = str(email).strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadEmail(f"{email!r} is no e-mail address", email=email) from error
    return address


def _require_open_for_a_while(expires_in: timedelta | None) -> None:
    longest = timedelta(days=MOST_INVITATION_DAYS)
    if expires_in is not None and not timedelta() < expires_in <= longest:
        raise BadExpiry(f"an invitation is open for at most {longest.days} days, not {expires_in}")


def _require_active(user: "User") -> None:
    """Raise UserDeactivated, as the row says and not what is in hand."""
    if not apps.get_model("tenants.User").objects.filter(pk=user.pk).exists():
        raise UserDeactivated(f"{user} is deactivated, or is not there")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError as error:
        raise UnknownRole(f"there is no role {name!r}: say {', '.join(Role)}", role=name) from error
