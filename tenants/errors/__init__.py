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
|-- BadQuery                   a listing was asked for badly; `.field` names where
|   |-- BadFilter, BadSort, BadSearch, BadLimit
|   `-- BadCursor              tampered with, or of another tenant, model, sort or filter
|-- NotAllowed               the member's role may not do that
|-- Declined                 what `tenants` declines: its leaves are in `declined`
`-- budgets.errors.Refused     the ways money can refuse (another app's branch)

`DatabaseFailed` and below are also Django's `DatabaseError`, so that Django itself, its admin
and libraries go on catching what they always caught.
"""

from tenants.errors.base import CodedError
from tenants.errors.declined import (
    AlreadyInvited,
    AlreadyMember,
    BadDocument,
    BadEmail,
    Declined,
    InvitationForAnother,
    InvitationInvalid,
    LastOwner,
    MemberInUse,
    NoMembership,
    NotAllowed,
    NotAMember,
    NotInPlan,
    NotLoggedIn,
    RateLimited,
    StaleSettings,
    TenantNotChosen,
    UnknownFeature,
    UnknownPlan,
    UnknownRole,
)
from tenants.errors.queries import BadCursor, BadFilter, BadLimit, BadQuery, BadSearch, BadSort
from tenants.errors.storage import (
    CheckBroken,
    Conflict,
    ConstraintBroken,
    DatabaseFailed,
    ForeignKeyBroken,
    NoTenant,
    NotNullBroken,
    PoolExhausted,
    QueryFailed,
    ReadOnly,
    RowNotFound,
    SlugTaken,
    StoreError,
    TenantMismatch,
    TenantSuspended,
    TenantViolation,
    TimedOut,
    Unavailable,
    UniqueBroken,
    UnknownTenant,
    ValueRefused,
)

__all__ = [
    "AlreadyInvited",
    "AlreadyMember",
    "BadCursor",
    "BadDocument",
    "BadEmail",
    "BadFilter",
    "BadLimit",
    "BadQuery",
    "BadSearch",
    "BadSort",
    "CheckBroken",
    "CodedError",
    "Conflict",
    "ConstraintBroken",
    "DatabaseFailed",
    "Declined",
    "ForeignKeyBroken",
    "InvitationForAnother",
    "InvitationInvalid",
    "LastOwner",
    "MemberInUse",
    "NoMembership",
    "NoTenant",
    "NotAMember",
    "NotAllowed",
    "NotInPlan",
    "NotLoggedIn",
    "NotNullBroken",
    "PoolExhausted",
    "QueryFailed",
    "RateLimited",
    "ReadOnly",
    "RowNotFound",
    "SlugTaken",
    "StaleSettings",
    "StoreError",
    "TenantMismatch",
    "TenantNotChosen",
    "TenantSuspended",
    "TenantViolation",
    "TimedOut",
    "Unavailable",
    "UniqueBroken",
    "UnknownFeature",
    "UnknownPlan",
    "UnknownRole",
    "UnknownTenant",
    "ValueRefused",
]
