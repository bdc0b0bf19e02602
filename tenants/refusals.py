"""What the tenants' own services decline: `Declined` and its leaves, each with a stable `code`."""

from django.core.exceptions import PermissionDenied

from tenants.errors import CodedError, Invalid


class Declined(CodedError):
    """The request was declined; nothing was written. What a screen would show is in `.figures`."""

    code = "declined"

    def __init__(self, message: str = "", **figures: object) -> None:
        super().__init__(*([message] if message else []))
        self.figures = figures
        self.fields = tuple(str(figures[name]) for name in ("field",) if figures.get(name))


class UnknownRole(Declined):
    """There is no such role."""

    code = "unknown_role"


class BadDocument(Declined):
    """The values are not what the document's schema declares; `.field` is the path of the first."""

    code = "bad_document"

    def __init__(self, message: str = "", *, field: str = "") -> None:
        super().__init__(message, field=field)
        self.field = field


class StaleSettings(Declined):
    """The settings have changed since they were read; figures `expected` and `version`."""

    code = "stale_settings"


class UnknownPlan(Declined):
    """No such plan is declared."""

    code = "unknown_plan"


class UnknownFeature(Declined):
    """No such feature is declared."""

    code = "unknown_feature"


class NotInPlan(Declined, PermissionDenied):
    """The tenant's plan does not include that; figures `feature` and `plan`."""

    code = "not_in_plan"


class AlreadyMember(Declined):
    """That person is a member already."""

    code = "already_member"


class NotAMember(Declined):
    """That person is no member."""

    code = "not_a_member"


class LastOwner(Declined):
    """The tenant's last owner can neither leave nor become anything else; figure `tenants`."""

    code = "last_owner"


class MemberInUse(Declined):
    """Something belongs to the member: give it to another first."""

    code = "member_in_use"


class UserDeactivated(Declined):
    """That user is deactivated, or is not there: restore them first."""

    code = "user_deactivated"


class UserPurged(Declined):
    """Who that user was has been purged: nobody can be restored."""

    code = "user_purged"


class NotDeletable(Declined):
    """Users are not deleted: User.objects.deactivate(user) ends all that they may do."""

    code = "not_deletable"


class BadEmail(Declined, Invalid):
    """That is not an e-mail address."""

    code = "bad_email"


class BadExpiry(Declined, Invalid):
    """An invitation is open for a while, and not for ever."""

    code = "bad_expiry"


class AlreadyInvited(Declined):
    """An invitation to that address is open: revoke it before sending another."""

    code = "already_invited"


class InvitationInvalid(Declined):
    """There is no such invitation, or it was used, was revoked or has expired."""

    code = "invitation_invalid"


class InvitationForAnother(InvitationInvalid):
    """The invitation was sent to another address than the user's."""

    code = "invitation_for_another"


class RateLimited(Declined):
    """Too often: try again in `retry_after` seconds."""

    code = "rate_limited"

    def __init__(self, message: str = "", *, retry_after: int) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class NotLoggedIn(Declined, PermissionDenied):
    """Log in first."""

    code = "not_logged_in"


class NoMembership(Declined, PermissionDenied):
    """The user is not a member there."""

    code = "no_membership"


class TenantNotChosen(Declined, PermissionDenied):
    """The user is a member of several tenants: choose one first."""

    code = "tenant_not_chosen"
