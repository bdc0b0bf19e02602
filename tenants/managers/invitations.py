"""The manager of invitations: offers of membership, each good once, for who holds its token.

Managers import no models: `apps.get_model` finds those of others.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone

from tenants.access import quotas
from tenants.access.preferences import MOST_INVITATION_DAYS
from tenants.access.roles import verb
from tenants.context import run_for
from tenants.errors import ConstraintBroken, UnknownTenant
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.members import clean_role
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


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    """Filters on invitations."""

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
        revokes it first. An open offer keeps a place: QuotaReached when there is none.
        """
        address, wanted = clean_email(email), clean_role(role)
        _require_open_for_a_while(expires_in)
        if apps.get_model("tenants.Membership").objects.by_email(address).exists():
            raise AlreadyMember(f"{address} is a member already")
        self.lapsed().filter(email=address).delete()
        if expires_in is None:
            days = apps.get_model("tenants.SystemSettings").objects.current().values.invitation_days
            expires_in = timedelta(days=days)
        quotas.require("members")
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
        was sent to another address; AlreadyMember; QuotaReached.
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
        invitation.accepted_at = timezone.now()  # first: the member has the place that it kept
        invitation.save(update_fields=["accepted_at"])
        membership: Membership = apps.get_model("tenants.Membership").objects.join(
            user, invitation.role
        )
        return membership


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(str(token).encode(errors="replace")).hexdigest()


def clean_email(email: str) -> str:
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
