"""Kinds of filters: the operators that an index serves under row security, and the valid values.

A kind is declared with the operators that a caller may use: `Integer("exact", "gte")`. `of` is the
path of the field when its name differs from the filter's, or when it is in another table:
`Moment("gte", of="order__placed_at")`. Only leakproof comparisons are available; conditions by
LIKE, numeric or jsonb operators are declared searches instead. CaseInsensitive is for global
tables, which have no row security.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from ipaddress import ip_address
from typing import Any, ClassVar, override
from uuid import UUID

from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact, In

from tenants.postgres.untrusted import LONGEST, clean_json_condition, clean_text
from tenants.schema.expressions import Comparison
from tenants.schema.searches import JSONContains

_ORDER = ("lt", "lte", "gt", "gte")
_WHOLE = re.compile(r"-?[0-9]{1,19}")


class Kind:
    """A filter on a field; subclasses define its operators and its valid values."""

    allowed_operators: ClassVar[tuple[str, ...]] = ("exact", "in", *_ORDER)
    fields: ClassVar[tuple[type[Any], ...]] = ()
    ignores_case: ClassVar[bool] = False

    def __init__(self, *operators: str, of: str = "") -> None:
        self.operators = operators or ("exact",)
        self.of = of

    def fits(self, field: Any) -> bool:
        """Whether the kind can filter on the field."""
        return isinstance(field, self.fields)

    def parse(self, value: object, field: Any) -> Any:
        """The value in the field's type. Raises ValueError with a noun phrase for a valid value."""
        raise NotImplementedError

    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        """The condition for `filter()`; `path` leads to the field."""
        return Q(**{f"{path}__{operator}": value})


class Text(Kind):
    """A text; `startswith` uses the operator `^@`, which is leakproof, while LIKE is not."""

    allowed_operators: ClassVar[tuple[str, ...]] = ("exact", "in", "startswith")
    fields = (models.CharField, models.TextField)

    @override
    def parse(self, value: object, field: Any) -> str:
        choices = [choice for choice, _ in field.flatchoices]
        if not choices:
            return clean_text(value, field.max_length or LONGEST)
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return value

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        if operator == "startswith":
            return Q(Comparison(F(path), "^@", Value(value)))
        return super().condition(path, field, operator, value)


class CaseInsensitive(Text):
    """A text of a global table, compared without case; its index begins with Lower(field).

    lower() is not leakproof, so no index would serve the filter under row security.
    """

    allowed_operators = ("exact", "in")
    ignores_case = True

    @override
    def parse(self, value: object, field: Any) -> str:
        return super().parse(value, field).strip()

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        if operator == "in":
            return Q(In(Lower(path), [Lower(Value(each)) for each in value]))
        return Q(Exact(Lower(path), Lower(Value(value))))


class Integer(Kind):
    """A whole number in the range of its column."""

    fields = (models.IntegerField,)

    @override
    def parse(self, value: object, field: Any) -> int:
        least, most = BaseDatabaseOperations.integer_field_ranges[field.get_internal_type()]
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return value


class Key(Kind):
    """A UUID in PostgreSQL's notation; for a foreign key, the id of the row it points at."""

    allowed_operators = ("exact", "in")
    fields = (models.UUIDField, models.ForeignKey)

    @override
    def fits(self, field: Any) -> bool:
        return super().fits(getattr(field, "target_field", field))

    @override
    def parse(self, value: object, field: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        try:
            key = UUID(value) if isinstance(value, str) else None
        except ValueError:
            key = None
        if key is None or str(key) != str(value).lower():
            raise ValueError("a UUID, such as 0190c6f4-0000-7000-8000-000000000001")
        return key


class Moment(Kind):
    """A time with a time zone, in ISO 8601."""

    fields = (models.DateTimeField,)

    @override
    def parse(self, value: object, field: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            if isinstance(moment, datetime) and moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise ValueError("a time with a time zone, such as 2026-11-21T12:00:00Z")


class Day(Kind):
    """A date, in ISO 8601."""

    fields = (models.DateField,)

    @override
    def fits(self, field: Any) -> bool:
        return super().fits(field) and not isinstance(field, models.DateTimeField)

    @override
    def parse(self, value: object, field: Any) -> date:
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            day = None
        if type(day) is not date:
            raise ValueError("a date, such as 2026-11-21")
        return day


class Flag(Kind):
    """A boolean: true or false."""

    allowed_operators = ("exact",)
    fields: ClassVar[tuple[type[Any], ...]] = (models.BooleanField,)

    @override
    def parse(self, value: object, field: Any) -> bool:
        if isinstance(value, bool):
            return value
        if value not in ("true", "false"):
            raise ValueError("true or false")
        return value == "true"


class IP(Kind):
    """An IPv4 or IPv6 address."""

    allowed_operators = ("exact", "in")
    fields = (models.GenericIPAddressField,)

    @override
    def parse(self, value: object, field: Any) -> str:
        try:
            return str(ip_address(value if isinstance(value, str) else ""))
        except ValueError:
            raise ValueError("an IP address") from None


class HasValue(Flag):
    """True if a nullable field has a value: `HasValue(of="archived_at")`."""

    fields = (models.Field,)

    @override
    def fits(self, field: Any) -> bool:
        return super().fits(field) and field.null

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        return Q(**{f"{path}__isnull": not value})


class JSON(Kind):
    """JSON that contains a given object, by the model's JSONContains of that field."""

    allowed_operators = ("contains",)
    fields = (models.JSONField,)

    @override
    def parse(self, value: object, field: Any) -> dict[str, Any]:
        return clean_json_condition(value)

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        [search] = searches_of(field.model, field.name)
        return search.matching(value, along=path.rpartition("__")[0])


SORTABLE = (*Text.fields, *Integer.fields, *Key.fields, *Moment.fields, *Day.fields)
"""Types of fields by which an index can sort under row security."""


def searches_of(model: type[models.Model], field: str) -> list[JSONContains]:
    """The JSONContains constraints of a JSON field."""
    return [
        each
        for each in model._meta.constraints
        if isinstance(each, JSONContains) and each.fields == (field,)
    ]


def filter_keys(filters: Iterable[tuple[str, Kind]]) -> list[str]:
    """The keys that a caller may use in a query, in the order of the declaration."""
    return [
        name if operator == "exact" else f"{name}__{operator}"
        for name, kind in filters
        for operator in kind.operators
    ]
