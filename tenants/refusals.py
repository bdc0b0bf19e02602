"""Refused requests: `Refused`, and the refusals of the app `tenants`, each with a `code`.

`budgets.errors` has the refusals of budget operations, under the same `Refused`.
"""

from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import PermissionDenied

from tenants.errors import CodedError, Invalid


class Refused(CodedError):
    """The request was refused; nothing was written. `.figures` has the values to show."""

    code = "refused"

    def __init__(self, message: str = "", **figures: Any) -> None:
        super().__init__(*([message] if message else []))
        self.figures = figures
        self.fields = tuple(str(figures[name]) for name in ("field",) if figures.get(name))


class UnknownRole(Refused):
    """There is no such role."""

    code = "unknown_role"


class BadDocument(Refused):
    """A value does not match the document's schema; `.field` is the path of the first."""

    code = "bad_document"

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message, field=field)
        self.field = field


class StaleSettings(Refused):
    """The settings have changed since they were read; figures `expected` and `version`."""

    code = "stale_settings"


class UnknownPlan(Refused):
    """No such plan is declared."""

    code = "unknown_plan"


class UnknownFeature(Refused):
    """No such feature is declared."""

    code = "unknown_feature"


class UnknownQuota(Refused):
    """No such quota is declared."""

    code = "unknown_quota"


class NotInPlan(Refused, PermissionDenied):
    """The tenant's plan does not include that; figures `feature` and `plan`."""

    code = "not_in_plan"


class QuotaReached(Refused, PermissionDenied):
    """The tenant has as many rows as its quota allows.

    `.quota` is its name, `.allowed` the number it allows, `.asked` the number refused. Figures:
    these three.
    """

    code = "quota_reached"

    def __init__(self, message: str = "", *, quota: str, asked: int, allowed: int) -> None:
        super().__init__(message, quota=quota, asked=asked, allowed=allowed)
        self.quota, self.asked, self.allowed = quota, asked, allowed


class BadTrial(Refused, Invalid):
    """A trial needs an end in the near future, and only a trial that runs can be changed."""

    code = "bad_trial"


class ExternalIdTaken(Refused):
    """Another tenant has that external id."""

    code = "external_id_taken"


class AlreadyMember(Refused):
    """That user is a member already."""

    code = "already_member"


class NotAMember(Refused):
    """That user is not a member."""

    code = "not_a_member"


class LastOwner(Refused):
    """The tenant's last owner cannot leave or change role; figure `tenants`."""

    code = "last_owner"


class MemberInUse(Refused):
    """Something belongs to the member: give it to another member first."""

    code = "member_in_use"


class UserDeactivated(Refused):
    """That user is deactivated, or does not exist: restore them first."""

    code = "user_deactivated"


class UserPurged(Refused):
    """The user's personal data was purged: they cannot be restored."""

    code = "user_purged"


class NotDeletable(Refused):
    """Users cannot be deleted: User.objects.deactivate(user) ends their log-in and memberships."""

    code = "not_deletable"


class BadEmail(Refused, Invalid):
    """That is not an e-mail address."""

    code = "bad_email"


class BadExpiry(Refused, Invalid):
    """An invitation needs an end, within the longest time allowed."""

    code = "bad_expiry"


class AlreadyInvited(Refused):
    """An invitation to that address is open: revoke it before sending another."""

    code = "already_invited"


class InvitationInvalid(Refused):
    """The invitation does not exist, was used, was revoked or has expired."""

    code = "invitation_invalid"


class InvitationForAnother(InvitationInvalid):
    """The invitation was sent to another address."""

    code = "invitation_for_another"


class RateLimited(Refused):
    """Too many requests: try again in `retry_after` seconds."""

    code = "rate_limited"

    def __init__(self, message: str = "", *, retry_after: int) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class NotLoggedIn(Refused, PermissionDenied):
    """Log in first."""

    code = "not_logged_in"


class SessionRevoked(NotLoggedIn, UpdateError):
    """The session was revoked while the request ran: log in again."""

    code = "session_revoked"


class NoMembership(Refused, PermissionDenied):
    """The user is not a member of that tenant."""

    code = "no_membership"


class TenantNotChosen(Refused, PermissionDenied):
    """The user is a member of several tenants: choose one first."""

    code = "tenant_not_chosen"
