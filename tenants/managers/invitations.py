"""Invitations: offers of a membership, each accepted once, by the holder of its token.

Managers import no models: `apps.get_model` finds those of others.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils import timezone

from tenants.access.preferences import MOST_INVITATION_DAYS
from tenants.access.roles import verb
from tenants.errors import UnknownTenant
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.members import clean_role
from tenants.managers.verbs import Verbs
from tenants.refusals import (
    AlreadyInvited,
    AlreadyMember,
    BadEmail,
    BadExpiry,
    InvitationForAnother,
    InvitationInvalid,
)

if TYPE_CHECKING:
    from tenants.models import Invitation, Membership, User


class InvitationVerbs(Verbs):
    """Offers memberships, and accepts and revokes the offers."""

    if TYPE_CHECKING:
        model: "type[Invitation]"

        def _pending(self, **equal: Any) -> "list[Invitation]":
            """The invitations that nobody has accepted, expired ones too, locked."""

        def _delete(self, invitation: "Invitation") -> None:
            """Delete it for good."""

    @verb("members.invite")
    def invite(
        self, email: str, role: str, *, expires_in: timedelta | None = None
    ) -> "tuple[Invitation, str]":
        """Offer a membership; the invitation, and the token to send to that address.

        Only the token's SHA-256 is stored. The offer is open for `expires_in`, at most
        MOST_INVITATION_DAYS, by default as long as the system's settings say, and counts as a
        member while it is open. Not safe to repeat: while an offer to the address is open, raises
        AlreadyInvited; revoke it first. Raises BadEmail, BadExpiry, UnknownRole, AlreadyMember,
        RateLimited and QuotaReached.

        >>> invitation, token = Invitation.objects.invite("New@example.com", "viewer")
        >>> print(invitation.email, invitation.role, len(token))
        new@example.com viewer 43
        """
        address, wanted = clean_email(email), clean_role(role)
        _require_expiry(expires_in)
        if self._other("Membership").by_email(address):
            raise AlreadyMember(f"{address} is a member already")
        for earlier in self._pending(email=address):
            if earlier.expires_at <= timezone.now():
                self._delete(earlier)
        if expires_in is None:
            days = self._other("SystemSettings").current().values.invitation_days
            expires_in = timedelta(days=days)
        self._require_quota("members")
        token = _new_token()
        invitation = self.model(
            email=address,
            role=wanted,
            token_hash=_digest(token),
            expires_at=timezone.now() + expires_in,
        )
        self._create_once(invitation, "tenants_invitation_pending_once", AlreadyInvited)
        return invitation, token

    def accept(self, token: str, user: "User") -> "Membership":
        """Make the user a member, outside of blocks: the token says of which tenant.

        A token works once, even for two requests at once. Raises InvitationInvalid, with the same
        message for an unknown, used, revoked or expired token; InvitationForAnother when the
        user's address is another; AlreadyMember; QuotaReached.

        >>> # outside of blocks
        >>> with acting_for(tenant):
        ...     _, token = Invitation.objects.invite(ben.email, "editor")
        >>> print(Invitation.objects.accept(token, ben).role)
        editor
        """
        hashed = _digest(token)
        try:
            tenant_id = self._other("Tenant").id_of_invitation(hashed)
        except UnknownTenant as error:
            raise InvitationInvalid from error
        membership: Membership = self._blocks.run_for(
            tenant_id, lambda: self._accept(hashed, user), actor=user
        )
        return membership

    @verb("members.invite")
    def reissue(self, invitation: "Invitation") -> str:
        """A new token for an open offer: for one that was lost, or whose hash a dump left out.

        The earlier token ends; address, role and expiry stay. Each call makes another token.
        Raises InvitationInvalid for an offer that was accepted or has expired, and RateLimited.

        >>> invitation, earlier = Invitation.objects.invite("new@example.com", "viewer")
        >>> token = Invitation.objects.reissue(invitation)
        >>> len(token), token == earlier
        (43, False)
        """
        pending = self._pending(pk=invitation.pk)
        if not pending or pending[0].expires_at <= timezone.now():
            raise InvitationInvalid
        token = _new_token()
        pending[0].token_hash = _digest(token)
        self._save_row(pending[0], "token_hash")
        return token

    @verb("members.invite")
    def revoke(self, invitation: "Invitation") -> None:
        """Delete an offer that nobody has accepted. Raises InvitationInvalid, also when repeated.

        >>> invitation, _ = Invitation.objects.invite("new@example.com", "viewer")
        >>> Invitation.objects.revoke(invitation)
        """
        pending = self._pending(pk=invitation.pk)
        if not pending:
            raise InvitationInvalid
        self._delete(pending[0])

    def withdraw(self, email: str) -> None:
        """Delete an offer to somebody who leaves. Only `Membership.objects.leave` calls it."""
        for invitation in self._pending(email=email.strip().lower()):
            self._delete(invitation)

    def _accept(self, token_hash: str, user: "User") -> "Membership":
        pending = self._pending(token_hash=token_hash)
        if not pending or pending[0].expires_at <= timezone.now():
            raise InvitationInvalid
        invitation = pending[0]
        if not user.is_active or user.email.strip().lower() != invitation.email.lower():
            raise InvitationForAnother
        # First, because the quota counts open invitations and members.
        invitation.accepted_at = timezone.now()
        self._save_row(invitation, "accepted_at")
        membership: Membership = self._other("Membership").join(user, invitation.role)
        return membership


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    """Filters on invitations."""

    def open(self) -> Self:
        """Invitations that can still be accepted."""
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def lapsed(self) -> Self:
        """Invitations that nobody accepted in time."""
        return self.filter(accepted_at=None, expires_at__lte=timezone.now())


_Invitations = models.Manager.from_queryset(InvitationQuerySet)


class InvitationManager(InvitationVerbs, _Invitations["Invitation"], TenantManager["Invitation"]):
    """The invitations of the tenant in force."""

    def _pending(self, **equal: Any) -> "list[Invitation]":
        return list(self.filter(accepted_at=None, **equal).select_for_update())

    def _delete(self, invitation: "Invitation") -> None:
        invitation.delete()


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    """The SHA-256 of a token, in hex."""
    return hashlib.sha256(str(token).encode(errors="replace")).hexdigest()


def clean_email(email: str) -> str:
    """An address without spaces around it, in lower case. Raises BadEmail."""
    address = str(email).strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise BadEmail(f"{email!r} is not an e-mail address", email=email) from error
    return address


def _require_expiry(expires_in: timedelta | None) -> None:
    longest = timedelta(days=MOST_INVITATION_DAYS)
    if expires_in is not None and not timedelta() < expires_in <= longest:
        raise BadExpiry(f"an invitation is open for at most {longest.days} days, not {expires_in}")
