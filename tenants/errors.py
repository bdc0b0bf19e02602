"""Every error a caller can meet, as one tree; each has a stable `code`. A test walks it.

CodedError
|-- StoreError                 storage failed, or was used wrongly
|   |-- NoTenant               a query ran outside any tenant
|   |-- TenantMismatch         one tenant's block was entered inside another's
|   |-- UnknownTenant          no tenant has that slug or id
|   |-- SlugTaken              another tenant has that slug
|   |-- TenantSuspended        the tenant may be read and not written
|   |-- RowNotFound            no row fits: every tenant's Model.DoesNotExist is one
|   |-- BadTenant, BadUser, NoHistory, BadFile, NotMigrated, BadAge, NotHere  of the commands
|   |-- BadFixture, FixtureDiffers, NeedsTenant, NotATenants          of the commands
|   |-- EmbeddedError, BeforeTheFold, UnreadableTimes                 of the server
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
|       |-- ValueRefused       no value of its field: of another type, out of range (22xxx)
|       `-- QueryFailed        anything else
|-- BadQuery                   a listing was asked for badly; `.field` names where
|   |-- BadFilter, BadSort, BadSearch, BadLimit
|   `-- BadCursor              tampered with, or of another tenant, model, sort or filter
|-- WrongType                  an argument of another type than the method takes
|-- NotAllowed                 the member's role may not do that
|-- CannotServe                of the command `serve`
`-- Refused                    a request that was refused, and nothing written
    |-- NotLoggedIn, NoMembership, TenantNotChosen, RateLimited
    |-- AlreadyMember, NotAMember, LastOwner, MemberInUse, UnknownRole
    |-- BadEmail, BadExpiry, AlreadyInvited, UserDeactivated, UserPurged, NotDeletable
    |-- InvitationInvalid
    |   `-- InvitationForAnother
    |-- BadDocument, StaleSettings, ExternalIdTaken
    |-- UnknownPlan, UnknownFeature, NotInPlan, BadTrial, UnknownQuota, QuotaReached
    |-- UnknownBudget, UnknownBucket, UnknownMovement, UnknownSchedule, UnknownStatement
    |-- BadAmount, WrongCurrency
    |-- UnknownCurrency
    |   `-- CurrencyEnded
    |-- BadOption              an argument of a verb that cannot be recorded
    |   `-- UnknownKeyword
    |-- BadRule
    |   `-- NotAPermutation
    |-- BudgetArchived, BucketClosed, BucketLocked, BucketFull, NoSpace
    |-- NotEnoughMoney, NothingToMove, WrongBudget, ReversalRefused
    |-- StalePlan, KeyReused, NotConfirmed
    |-- BadQuestion
    |-- BadSchedule, ScheduleEnded
    |-- BadStatement, BadChoice, StatementUndone, UndoRefused
    `-- BadPayroll, BadCase    of files

Where Django's own code, its admin or a library catches a class of Django's or Python's, the error
is one too (a test has the list): DatabaseFailed and below are DatabaseError and its kinds; who may
not is PermissionDenied, which any view answers with 403; a row that is not there is
ObjectDoesNotExist; BadQuery is BadRequest; what people type is ValidationError, which forms show;
ValueRefused is ValueError and TypeError as well.
"""

from typing import ClassVar

from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
)


class CodedError(Exception):
    """Something went wrong; `.fields` names what was given badly, where that is known."""

    code: str = "error"  # the class's; no ClassVar, because Django's ValidationError has one too
    retryable: ClassVar[bool] = False
    fields: tuple[str, ...] = ()

    def __init__(self, *args: object) -> None:
        super().__init__(*(args or (type(self).__doc__,)))


class Invalid(ValidationError):
    """A mixin for errors that forms show: Django's own, with the class's code and plain text.

    No ValueError, which argparse would replace by a text of its own.
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
    """A query ran outside any tenant: wrap it in acting_for(tenant) or run_for(tenant, work)."""

    code = "no_tenant"


class TenantMismatch(StoreError):
    """One tenant's block was entered inside another's."""

    code = "tenant_mismatch"


class UnknownTenant(StoreError, ObjectDoesNotExist):
    """No such tenant."""

    code = "unknown_tenant"


class SlugTaken(StoreError):
    """Another tenant has that slug."""

    code = "slug_taken"


class TenantSuspended(StoreError, PermissionDenied):
    """The tenant is suspended: it may be read, and not written."""

    code = "tenant_suspended"


class RowNotFound(StoreError, ObjectDoesNotExist):
    """No row fits."""

    code = "row_not_found"


class DatabaseFailed(StoreError, DatabaseError):
    """PostgreSQL, or the road to it, said no."""

    code = "database_failed"
    sqlstate: str | None = None
    constraint: str | None = None


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


class ReadOnly(DatabaseFailed, InternalError, PermissionDenied):
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


class ValueRefused(DatabaseFailed, DataError, Invalid, ValueError, TypeError):
    """A field cannot have such a value; `.fields` names it where that is known."""

    code = "value_refused"


class QueryFailed(DatabaseFailed, ProgrammingError, InternalError):
    """PostgreSQL could not run a statement."""

    code = "query_failed"


class BadQuery(CodedError, BadRequest):
    """A listing cannot be asked for like that; `.field` is the key that says so."""

    code = "bad_query"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field, self.fields = field, (field,)


class BadFilter(BadQuery):
    """No such filter, or no such value of it."""

    code = "bad_filter"


class BadSort(BadQuery):
    """No such sort."""

    code = "bad_sort"


class BadSearch(BadQuery):
    """Nothing that can be looked for."""

    code = "bad_search"


class BadLimit(BadQuery):
    """No number of rows a page can have."""

    code = "bad_limit"


class BadCursor(BadQuery):
    """Not a cursor of this listing: tampered with, or of another tenant, model, sort or filter."""

    code = "bad_cursor"


class WrongType(CodedError, TypeError):
    """A method was called with what it does not take; `.fields` names the argument."""

    code = "wrong_type"

    def __init__(self, message: str = "", *fields: str) -> None:
        super().__init__(*([message] if message else []))
        self.fields = fields


class NotAllowed(CodedError, PermissionDenied):
    """The member's role may not do that; `verb` and `role` say what and who."""

    code = "not_allowed"

    def __init__(self, verb: str = "", role: str = "") -> None:
        what = "may only read" if verb == "write" else f"may not use {verb}"
        super().__init__(*([f"the role {role} {what}"] if verb else []))
        self.verb, self.role = verb, role
