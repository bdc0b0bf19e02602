"""Translation of driver errors to the classes of `tenants.errors`, by SQLSTATE."""

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
from tenants.postgres.values import VALUE_ERRORS, value_refused


class ParentDeleted(ForeignKeyBroken):
    """A live row would point at a deleted one: restore that one first."""

    code = "parent_deleted"
    SQLSTATE = "23S01"  # of our triggers; PostgreSQL has no such code in its class 23


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
    (ParentDeleted.SQLSTATE, ParentDeleted),
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


def translate(error: psycopg.Error) -> DatabaseFailed:
    """The typed error for a driver error, with its SQLSTATE, constraint and fields.

    The message leaves out PostgreSQL's DETAIL and CONTEXT, which may quote rows and code.
    """
    diag = error.diag
    message = diag.message_primary
    translated = _class_of(error)(*([message] if message else error.args))
    translated.sqlstate = error.sqlstate
    translated.constraint = diag.constraint_name
    if isinstance(translated, ConstraintBroken) and diag.table_name:
        # PostgreSQL reports only the column of a not-null rule; this is its default name.
        default = diag.column_name and f"{diag.table_name}_{diag.column_name}_not_null"
        translated.constraint = diag.constraint_name or default
        translated.fields = fields_of(diag.table_name, diag.constraint_name, diag.column_name)
        if translated.fields:
            translated.args = (_sentence(translated) or str(translated),)
    return translated


def _sentence(error: ConstraintBroken) -> str | None:
    """The broken rule in terms of the model's fields; None if PostgreSQL's text is better."""
    fields = " and ".join(error.fields)
    if isinstance(error, NotNullBroken):
        return f"{fields}: a value is required"
    if isinstance(error, UniqueBroken):
        return f"another row has the same {fields} already"
    if isinstance(error, CheckBroken):
        return f"{fields}: not allowed by the rule {error.constraint}"
    return None


def _class_of(error: psycopg.Error) -> type[DatabaseFailed]:
    if isinstance(error, psycopg_pool.PoolTimeout | psycopg_pool.TooManyRequests):
        return PoolExhausted
    if error.sqlstate is None:
        # Neither an encoding error of the client nor a lost connection has a SQLSTATE.
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        refused = isinstance(error, psycopg.DataError)
        return Unavailable if lost else ValueRefused if refused else QueryFailed
    for prefix, cls in _BY_SQLSTATE:
        if error.sqlstate.startswith(prefix):
            return cls
    return QueryFailed


class ErrorTranslator(DatabaseErrorWrapper):
    """Django's wrapper around calls of the driver; raises the classes of `tenants.errors`."""

    wrapper: Any

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(exc_value, UnicodeEncodeError):
            raise ValueRefused(
                "a text has an unpaired surrogate, which PostgreSQL cannot store: remove it"
            ) from exc_value
        if isinstance(exc_value, VALUE_ERRORS):  # from the adaptation of a parameter
            raise value_refused(exc_value) from exc_value
        if not isinstance(exc_value, psycopg.Error):
            return
        self.wrapper.require_own_block()  # for a cursor from before the fork
        translated = translate(exc_value)
        # As in Django: after any other error the connection may be unusable.
        if not isinstance(translated, ValueRefused | ConstraintBroken):
            self.wrapper.errors_occurred = True
        raise translated.with_traceback(traceback) from exc_value
