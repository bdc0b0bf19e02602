"""What a question must be before it is put to PostgreSQL."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils import timezone

from budgets.errors import BadQuestion, UnknownBudget


def require_rows[T: Collection[Any]](rows: T) -> T:
    """What belongs to a budget, of which there always is something. Raises UnknownBudget."""
    if not rows:
        raise UnknownBudget("there is no such budget here")
    return rows


def clean_integer(
    field: str, value: Any, *, least: int, most: int, refusal: type[BadQuestion] = BadQuestion
) -> int:
    """The number, if it is an int within the bounds. Raises `refusal`."""
    if type(value) is not int or not least <= value <= most:
        raise refusal(
            f"{field} is a whole number from {least} to {most}, not {value!r}",
            field=field,
            asked=value,
            least=least,
            most=most,
        )
    return value


def clean_time(field: str, moment: Any, *, refusal: type[BadQuestion] = BadQuestion) -> datetime:
    """The moment, if it is a time with a zone. Raises `refusal`."""
    if not isinstance(moment, datetime) or timezone.is_naive(moment):
        raise refusal(f"{field} is a time with a time zone, not {moment!r}", field=field)
    return moment
