"""Storage failed, or was used wrongly."""

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from tenants.errors.base import CodedError


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
