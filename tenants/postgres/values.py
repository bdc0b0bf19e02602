"""Values that no field can have: what Python says of them becomes a ValueRefused.

Django prepares a caller's values in two places: when a lookup is built, and when a statement is
compiled. Both ask here, so that every way to filter and to write refuses alike.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import sql

from tenants.errors import CodedError, ValueRefused

BARE = (
    ArithmeticError,
    AttributeError,
    RecursionError,
    TypeError,
    ValidationError,
    ValueError,
)
"""What Python and Django raise for a value of another type than it should have, or out of range."""


def refused(error: Exception, *fields: str) -> ValueRefused:
    """The typed error for one of BARE; `fields` are those it is about, where it does not say."""
    said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    refusal = ValueRefused(said or type(error).__name__)
    refusal.fields = tuple(getattr(error, "error_dict", fields))
    return refusal


@contextmanager
def refusing(*fields: str) -> Iterator[None]:
    """Turn a bare error in the block, where only values are prepared, into a ValueRefused."""
    try:
        yield
    except BARE as error:
        if isinstance(error, CodedError):
            raise
        raise refused(error, *fields) from error


def misfits(pairs: Iterable[tuple[Any, Any]], connection: Any) -> tuple[str, ...]:
    """The fields, of pairs with a value each, that cannot have it: asked when one was refused."""
    found = {field.name: None for field, value in pairs if not _fits(field, value, connection)}
    return tuple(found)


def _fits(field: Any, value: Any, connection: Any) -> bool:
    if value is None or hasattr(value, "resolve_expression"):
        return True
    try:
        field.get_db_prep_save(value, connection=connection)
        field.run_validators(field.to_python(value))
    except BARE:
        return False
    return not (isinstance(value, str) and "\0" in value)


class Query(sql.Query):
    """Django's query; a value that a look-up cannot have is refused where it is given."""

    def build_filter(self, filter_expr: Any, *args: Any, **kwargs: Any) -> Any:
        """Django's, which prepares the value. Raises ValueRefused."""
        named = filter_expr[:1] if isinstance(filter_expr, tuple) else ()
        with refusing(*(str(name).partition("__")[0] for name in named)):
            return super().build_filter(filter_expr, *args, **kwargs)
