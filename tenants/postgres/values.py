"""Translation of errors about values, raised by Python and Django, to ValueRefused.

Django prepares a caller's values in two places: when a lookup is built and when a statement is
compiled. Both use this module, so that every filter and every write raises the same error.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import sql

from tenants.errors import CodedError, DatabaseFailed, ValueRefused

VALUE_ERRORS = (
    ArithmeticError,
    AttributeError,
    RecursionError,
    TypeError,
    ValidationError,
    ValueError,
)
"""The errors that Python and Django raise for a value of the wrong type or out of range."""


def value_refused(error: Exception, *fields: str) -> ValueRefused:
    """The ValueRefused for one of VALUE_ERRORS, with its own fields or else with `fields`."""
    refusal = ValueRefused(_message(error))
    refusal.fields = tuple(getattr(error, "error_dict", fields))
    return refusal


def _message(error: Exception) -> str:
    text = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return text or type(error).__name__


def explain(error: DatabaseFailed, reasons: Mapping[str, str]) -> None:
    """Set the fields of a refused write; for a refused value, the reasons become the message."""
    error.fields = tuple(reasons)
    if reasons and isinstance(error, ValueRefused):
        error.message = "; ".join(f"{field}: {reason}" for field, reason in reasons.items())
        error.args = (error.message,)


@contextmanager
def translate_value_errors(*fields: str) -> Iterator[None]:
    """Translate the errors of a block that only prepares values of `fields`."""
    try:
        yield
    except VALUE_ERRORS as error:
        if isinstance(error, CodedError):
            raise
        raise value_refused(error, *fields) from error


def unfit_fields(pairs: Iterable[tuple[Any, Any]], connection: Any) -> dict[str, str]:
    """The names of the fields that cannot have their values, each with the reason."""
    reasons = {field.name: _misfit(field, value, connection) for field, value in pairs}
    return {name: reason for name, reason in reasons.items() if reason}


def _misfit(field: Any, value: Any, connection: Any) -> str:
    """The reason why the field cannot have the value; '' if it can."""
    if value is None or hasattr(value, "resolve_expression"):
        return ""
    try:
        field.get_db_prep_save(value, connection=connection)
        field.run_validators(field.to_python(value))
    except VALUE_ERRORS as error:
        return _message(error)
    return "the character U+0000 cannot be stored" if "\0" in str(value) else ""


class Query(sql.Query):
    """Django's query; a lookup with an unfit value raises ValueRefused when it is built."""

    def build_filter(self, filter_expr: Any, *args: Any, **kwargs: Any) -> Any:
        """Build the condition, which prepares the value. Raises ValueRefused."""
        named = filter_expr[:1] if isinstance(filter_expr, tuple) else ()
        with translate_value_errors(*(str(name).partition("__")[0] for name in named)):
            return super().build_filter(filter_expr, *args, **kwargs)
