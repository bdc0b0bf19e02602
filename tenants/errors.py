"""Every error a caller can meet, as one tree; each leaf has a stable `code`.

CodedError
|-- StoreError                 storage failed, or was used wrongly
|   |-- NoTenant               a query ran outside any tenant
|   |-- TenantMismatch         one tenant's block was entered inside another's
|   |-- UnknownTenant          no tenant has that slug or id
|   |-- SlugTaken              another tenant has that slug
|   |-- TenantSuspended        the tenant may be read and not written
|   |-- RowNotFound            no row fits: every tenant's Model.DoesNotExist is one
|   `-- DatabaseFailed         PostgreSQL, or the road to it, said no
|       |-- Unavailable        cannot connect, or the connection broke     retry
|       |-- Conflict           deadlock or serialization failure           retry
|       |-- TimedOut           a statement or a lock took too long
|       |   `-- PoolExhausted  no free connection in time
|       |-- TenantViolation    a row of another tenant, or no privilege (42501)
|       |-- ReadOnly           a write where only reads are (25006)
|       |-- ConstraintBroken   a rule of the schema; `.constraint` and `.fields` name it
|       |   |-- UniqueBroken       another row has these values
|       |   |-- ForeignKeyBroken   the row pointed at is not there, or is still pointed at
|       |   |-- CheckBroken        the values do not go together
|       |   `-- NotNullBroken      a value is missing
|       |-- ValueRefused       a value PostgreSQL cannot store (22xxx)
|       `-- QueryFailed        anything else
|-- NotAllowed               the member's role may not do that
|-- Declined                 what `tenants` declines: its leaves are the last of this module
`-- budgets.errors.Refused     the ways money can refuse (another app's branch)

`DatabaseFailed` and below are also Django's `DatabaseError`, so that Django itself, its admin
and libraries go on catching what they always caught.
"""

from typing import ClassVar

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
)


class CodedError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, *args: object) -> None:
        super().__init__(*(args or (type(self).__doc__,)))


class StoreError(CodedError):
    """Storage failed."""

    code = "store_error"


class NoTenant(StoreError):
    """A query ran outside any tenant: wrap it in acting_for(tenant) or run_for(tenant, work)."""

    code = "no_tenant"


class TenantMismatch(StoreError):
    """One tenant's block was entered inside another's."""

    code = "tenant_mismatch"


class UnknownTenant(StoreError):
    """No such tenant."""

    code = "unknown_tenant"


class SlugTaken(StoreError):
    """Another tenant has that slug."""

    code = "slug_taken"


class TenantSuspended(StoreError):
    """The tenant is suspended: it may be read, and not written."""

    code = "tenant_suspended"


class RowNotFound(StoreError):
    """No row fits."""

    code = "row_not_found"


class NotAllowed(CodedError):
    """The member's role may not do that; `verb` and `role` say what and who."""

    code = "not_allowed"

    def __init__(self, verb: str = "", role: str = "") -> None:
        super().__init__(*([f"the role {role} may not {verb}"] if verb else []))
        self.verb, self.role = verb, role


class DatabaseFailed(StoreError, DatabaseError):
    """PostgreSQL, or the road to it, said no."""

    code = "database_failed"
    sqlstate: str | None = None
    constraint: str | None = None
    fields: tuple[str, ...] = ()


class Unavailable(DatabaseFailed, OperationalError):
    """PostgreSQL cannot be reached."""

    code, retryable = "unavailable", True


class Conflict(DatabaseFailed, OperationalError):
    """Another transaction got in the way; the same work may succeed if run again."""

    code, retryable = "conflict", True


class TimedOut(DatabaseFailed, OperationalError):
    """A statement or a lock took too long."""

    code = "timed_out"


class PoolExhausted(TimedOut):
    """No connection became free in time."""

    code = "pool_exhausted"


class TenantViolation(DatabaseFailed, ProgrammingError):
    """PostgreSQL refused a row of another tenant, or a privilege the role does not have."""

    code = "tenant_violation"


class ReadOnly(DatabaseFailed, InternalError):
    """A write where only reads are: a suspended tenant, a reader's role, or `inspecting()`."""

    code = "read_only"


class ConstraintBroken(DatabaseFailed, IntegrityError):
    """A rule of the schema was broken.

    `.constraint` names it, and `.fields` the model's fields it is about, without the tenant.
    """

    code = "constraint_broken"


class UniqueBroken(ConstraintBroken):
    """Another row has these values already."""

    code = "unique_broken"


class ForeignKeyBroken(ConstraintBroken):
    """The row pointed at is not there, or the row is still pointed at."""

    code = "foreign_key_broken"


class CheckBroken(ConstraintBroken):
    """The values do not go together."""

    code = "check_broken"


class NotNullBroken(ConstraintBroken):
    """A value is missing."""

    code = "not_null_broken"


class ValueRefused(DatabaseFailed, DataError):
    """PostgreSQL cannot store a value."""

    code = "value_refused"


class QueryFailed(DatabaseFailed, ProgrammingError, InternalError):
    """PostgreSQL could not run a statement."""

    code = "query_failed"


class Declined(CodedError):
    """The request was declined; nothing was written. What a screen would show is in `.figures`."""

    code = "declined"

    def __init__(self, message: str = "", **figures: object) -> None:
        super().__init__(*([message] if message else []))
        self.figures = figures


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


class NotInPlan(Declined):
    """The tenant's plan does not include that; figures `feature` and `plan`."""

    code = "not_in_plan"


class AlreadyMember(Declined):
    """That person is a member already."""

    code = "already_member"


class NotAMember(Declined):
    """That person is no member."""

    code = "not_a_member"


class LastOwner(Declined):
    """The tenant's last owner can neither leave nor become anything else."""

    code = "last_owner"


class MemberInUse(Declined):
    """Something belongs to the member: give it to another first."""

    code = "member_in_use"


class BadEmail(Declined):
    """That is not an e-mail address."""

    code = "bad_email"


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


class NotLoggedIn(Declined):
    """Log in first."""

    code = "not_logged_in"


class NoMembership(Declined):
    """The user is not a member there."""

    code = "no_membership"


class TenantNotChosen(Declined):
    """The user is a member of several tenants: choose one first."""

    code = "tenant_not_chosen"
