"""Driver errors become members of the tree in `tenants.errors`, keyed by SQLSTATE."""

from types import TracebackType
from typing import Any

import psycopg
import psycopg_pool
from django.db.utils import DatabaseErrorWrapper

from tenants.errors import (
    CheckBroken,
    Conflict,
    ConstraintBroken,
    DatabaseFailed,
    ForeignKeyBroken,
    NotNullBroken,
    PoolExhausted,
    QueryFailed,
    ReadOnly,
    TenantViolation,
    TimedOut,
    Unavailable,
    UniqueBroken,
    ValueRefused,
)
from tenants.postgres.names import fields_of
from tenants.postgres.values import BARE, refused

# SQLSTATE or its class, most specific first: PostgreSQL manual, appendix A.
_BY_SQLSTATE: tuple[tuple[str, type[DatabaseFailed]], ...] = (
    ("40001", Conflict),
    ("40P01", Conflict),
    ("55P03", TimedOut),
    ("57014", TimedOut),
    ("25P03", TimedOut),
    ("25P04", TimedOut),
    ("42501", TenantViolation),
    ("25006", ReadOnly),
    ("23502", NotNullBroken),
    ("23503", ForeignKeyBroken),
    ("23505", UniqueBroken),
    ("23514", CheckBroken),
    ("23P01", UniqueBroken),
    ("08", Unavailable),
    ("57P", Unavailable),
    ("53", Unavailable),
    ("22", ValueRefused),
    ("23", ConstraintBroken),
)


def failure(error: psycopg.Error) -> DatabaseFailed:
    """The member of the tree for a driver error, with its SQLSTATE, constraint and fields.

    Only PostgreSQL's own sentence is kept: DETAIL and CONTEXT may quote rows and code.
    """
    diag = error.diag
    said = diag.message_primary
    translated = _class_of(error)(*([said] if said else error.args))
    translated.sqlstate = error.sqlstate
    translated.constraint = diag.constraint_name
    if isinstance(translated, ConstraintBroken) and diag.table_name:
        # PostgreSQL tells a not-null rule by its column alone; this is how it names them.
        default = diag.column_name and f"{diag.table_name}_{diag.column_name}_not_null"
        translated.constraint = diag.constraint_name or default
        translated.fields = fields_of(diag.table_name, diag.constraint_name, diag.column_name)
    return translated


def _class_of(error: psycopg.Error) -> type[DatabaseFailed]:
    if isinstance(error, psycopg_pool.PoolTimeout | psycopg_pool.TooManyRequests):
        return PoolExhausted
    if error.sqlstate is None:
        # Client-side encoding errors carry no SQLSTATE, and neither does a lost connection.
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        refused = isinstance(error, psycopg.DataError)
        return Unavailable if lost else ValueRefused if refused else QueryFailed
    for prefix, cls in _BY_SQLSTATE:
        if error.sqlstate.startswith(prefix):
            return cls
    return QueryFailed


class Translated(DatabaseErrorWrapper):
    """Django's border between driver and framework, raising our classes instead of its own."""

    wrapper: Any

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(exc_value, UnicodeEncodeError):
            raise ValueRefused("a text has half a character, which is not Unicode") from exc_value
        if isinstance(exc_value, BARE):  # of a value on its way
            raise refused(exc_value) from exc_value
        if not isinstance(exc_value, psycopg.Error):
            return
        translated = failure(exc_value)
        # As in Django: only these two leave the connection surely usable.
        if not isinstance(translated, ValueRefused | ConstraintBroken):
            self.wrapper.errors_occurred = True
        raise translated.with_traceback(traceback) from exc_value
