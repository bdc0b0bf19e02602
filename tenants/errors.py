"""All errors of the two apps as one tree; each class has a stable `code`. A test compares the tree.

CodedError
|-- StoreError                 storage failed, or was used wrongly
|   |-- NoTenant               a query ran outside of a tenant's block
|   |-- TenantMismatch         one tenant's block was entered inside another's
|   |-- UnknownTenant          no tenant has that slug or id
|   |-- SlugTaken              another tenant has that slug
|   |-- TenantSuspended        the tenant is read-only
|   |-- RowNotFound            no row matches: base of Model.DoesNotExist of tenants' models
|   |-- BadTenant, BadUser, NoHistory, BadFile, NotMigrated, BadAge, NotHere  of the commands
|   |-- BadFixture, FixtureDiffers, NeedsTenant, NotATenants          of the commands
|   |-- EmbeddedError, BeforeTheFold, UnreadableTimes, WrongRole, ForkedBlock  of the server
|   `-- DatabaseFailed         PostgreSQL or the connection failed
|       |-- Unavailable        cannot connect, or the connection broke     retry
|       |   `-- TooManyConnections   of the server, database or role       retry
|       |-- CannotConnect      the connection is refused, each time
|       |   `-- WrongPassword, LoginRefused, UnknownHost, UnknownDatabase, TlsRefused
|       |-- Conflict           deadlock or serialization failure           retry
|       |-- TimedOut           a statement or the wait for a lock took too long
|       |   `-- PoolExhausted  no free connection in time
|       |-- TenantViolation    a row of another tenant, or a missing privilege (42501)
|       |-- ReadOnly           a write in a read-only transaction (25006)
|       |-- ConstraintBroken   a rule of the schema; `.constraint` and `.fields` name it
|       |   |-- UniqueBroken       another row has the same values
|       |   |-- ForeignKeyBroken   the referenced row is missing, or the row is still referenced
|       |   |   `-- ParentDeleted  a live row would point at a deleted one
|       |   |-- CheckBroken        the values break a CHECK
|       |   `-- NotNullBroken      a value is missing
|       |-- ValueRefused       a value of the wrong type or out of range (22xxx)
|       `-- QueryFailed        any other error
|-- BadQuery                   a listing cannot answer the query; `.field` names the key
|   |-- BadFilter, BadSort, BadSearch, BadLimit
|   `-- BadCursor              changed, or of another tenant, model, sort or filter
|-- WrongType                  an argument of the wrong type
|-- NotAllowed                 the member's role does not have the privilege
|-- CannotServe                of the command `serve`
`-- Refused                    a refused request; nothing was written
    |-- NoMembership, TenantNotChosen, RateLimited
    |-- NotLoggedIn
    |   `-- SessionRevoked     while the request ran; also Django's UpdateError
    |-- AlreadyMember, NotAMember, LastOwner, MemberInUse, UnknownRole
    |-- BadEmail, BadExpiry, AlreadyInvited, UserDeactivated, UserPurged, NotDeletable
    |-- InvitationInvalid
    |   `-- InvitationForAnother
    |-- BadDocument, StaleSettings, ExternalIdTaken
    |-- UnknownPlan, UnknownFeature, NotInPlan, BadTrial, UnknownQuota, QuotaReached
    |-- UnknownBudget, UnknownBucket, UnknownMovement, UnknownSchedule, UnknownStatement
    |-- UnknownProfile, BadProfile
    |-- BadAmount, WrongCurrency, BadQuestion
    |-- UnknownCurrency
    |   `-- CurrencyEnded
    |-- BadOption              an argument of a verb that cannot be recorded
    |   `-- UnknownKeyword
    |-- BadRule
    |   `-- NotAPermutation
    |-- BudgetArchived, BucketClosed, BucketLocked, BucketFull, NoSpace
    |-- NotEnoughMoney, NothingToMove, WrongBudget, ReversalRefused
    |-- StalePlan, KeyReused, NotConfirmed
    |-- BadSchedule, ScheduleEnded, BadStatement, BadChoice, StatementUndone, UndoRefused
    `-- BadPayroll, BadCase    of files

Where Django's own code, its admin or a library catches a class of Django's or Python's, the error
is also of that class (a test has the list): DatabaseFailed and its subclasses are kinds of
DatabaseError; errors of privileges are PermissionDenied, which a view answers with 403; errors of
missing rows are ObjectDoesNotExist; BadQuery is BadRequest; errors of user input are
ValidationError, which forms show; ValueRefused is also ValueError and TypeError.
"""

from typing import ClassVar

from django.core.exceptions import BadRequest, ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
)


class CodedError(Exception):
    """An error with a stable `code`; `.fields` names the invalid arguments or fields, if known."""

    code: str = "error"  # not a ClassVar, because Django's ValidationError declares it too
    retryable: ClassVar[bool] = False
    fields: tuple[str, ...] = ()

    def __init__(self, *args: object) -> None:
        super().__init__(*(args or ((type(self).__doc__ or self.code).partition("\n")[0],)))


class Invalid(ValidationError):
    """A mixin for errors that forms show: a ValidationError with the class's code and plain text.

    It is not a ValueError, because argparse would replace its text.
    """

    def __init__(self, message: str = "", *_: object) -> None:
        super().__init__(message, code=getattr(self, "code", None))
        self.args = (message,)

    __repr__ = Exception.__repr__

    def __str__(self) -> str:
        return str(self.message)


class StoreError(CodedError):
    """Storage failed."""

    code = "store_error"


class NoTenant(StoreError):
    """A query ran outside of a tenant's block: use acting_for(tenant) or run_for(tenant, work)."""

    code = "no_tenant"


class TenantMismatch(StoreError):
    """One tenant's block was entered inside another's."""

    code = "tenant_mismatch"


class UnknownTenant(StoreError, ObjectDoesNotExist):
    """No tenant has that slug or id."""

    code = "unknown_tenant"


class SlugTaken(StoreError):
    """Another tenant has that slug."""

    code = "slug_taken"


class TenantSuspended(StoreError, PermissionDenied):
    """The tenant is suspended, so it is read-only."""

    code = "tenant_suspended"


class RowNotFound(StoreError, ObjectDoesNotExist):
    """No row matches."""

    code = "row_not_found"


class DatabaseFailed(StoreError, DatabaseError):
    """PostgreSQL or the connection to it failed."""

    code = "database_failed"
    sqlstate: str | None = None
    constraint: str | None = None


class Unavailable(DatabaseFailed, OperationalError):
    """PostgreSQL cannot be reached."""

    code, retryable = "unavailable", True


class Conflict(DatabaseFailed, OperationalError):
    """The transaction conflicted with another one: run it again."""

    code, retryable = "conflict", True


class TimedOut(DatabaseFailed, OperationalError):
    """A statement or the wait for a lock took too long."""

    code = "timed_out"


class PoolExhausted(TimedOut):
    """No connection became free in time."""

    code = "pool_exhausted"


class TenantViolation(DatabaseFailed, ProgrammingError):
    """The row belongs to another tenant, or the role does not have the privilege."""

    code = "tenant_violation"


class ReadOnly(DatabaseFailed, InternalError, PermissionDenied):
    """A write was attempted in a read-only transaction."""

    code = "read_only"


class ConstraintBroken(DatabaseFailed, IntegrityError):
    """The write breaks a rule of the schema.

    `.constraint` is the name of the rule, `.fields` are its model fields without the tenant.
    """

    code = "constraint_broken"


class UniqueBroken(ConstraintBroken):
    """Another row has the same values already."""

    code = "unique_broken"


class ForeignKeyBroken(ConstraintBroken):
    """The referenced row does not exist, or other rows still reference this one."""

    code = "foreign_key_broken"


class CheckBroken(ConstraintBroken):
    """The values break a rule of the table."""

    code = "check_broken"


class NotNullBroken(ConstraintBroken):
    """A required value is missing."""

    code = "not_null_broken"


class ValueRefused(DatabaseFailed, DataError, Invalid, ValueError, TypeError):
    """A value is of the wrong type or out of range."""

    code = "value_refused"


class QueryFailed(DatabaseFailed, ProgrammingError, InternalError):
    """PostgreSQL could not run the statement."""

    code = "query_failed"


class BadQuery(CodedError, BadRequest):
    """The listing cannot answer the query."""

    code = "bad_query"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field, self.fields = field, (field,)


class BadFilter(BadQuery):
    """The listing has no such filter, or the filter's value is invalid."""

    code = "bad_filter"


class BadSort(BadQuery):
    """The listing has no such sort."""

    code = "bad_sort"


class BadSearch(BadQuery):
    """The text cannot be searched for."""

    code = "bad_search"


class BadLimit(BadQuery):
    """The number of rows is not allowed for a page."""

    code = "bad_limit"


class BadCursor(BadQuery):
    """The cursor is not of this listing: changed, or of another tenant, model, sort or filter."""

    code = "bad_cursor"


class WrongType(CodedError, TypeError):
    """An argument of a method has the wrong type."""

    code = "wrong_type"

    def __init__(self, message: str = "", *fields: str) -> None:
        super().__init__(*([message] if message else []))
        self.fields = fields


class NotAllowed(CodedError, PermissionDenied):
    """The member's role does not have the privilege."""

    code = "not_allowed"

    def __init__(self, verb: str = "", role: str = "") -> None:
        limit = "may only read" if verb == "write" else f"may not use {verb}"
        super().__init__(*([f"the role {role} {limit}"] if verb else []))
        self.verb, self.role = verb, role
