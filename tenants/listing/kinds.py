"""Kinds of filters: which operators keep an index under row security, and which values fit.

Each is declared with the operators a caller may use: `Integer("exact", "gte")`. `of` is the path of
a field that callers call otherwise, or of another table's: `Moment("gte", of="order__placed_at")`.
Only leakproof comparisons are known here; what is not (LIKE, numeric, jsonb) is a declared
search. Global tables have no row security: for them there is Folded, too.
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

from tenants.postgres.storable import LONGEST, document, storable
from tenants.schema.expressions import Compared
from tenants.schema.searches import JSONContains

_ORDER = ("lt", "lte", "gt", "gte")
_WHOLE = re.compile(r"-?[0-9]{1,19}")


class Kind:
    """What may be asked of a field; subclasses say by which operators, and of what values."""

    known: ClassVar[tuple[str, ...]] = ("exact", "in", *_ORDER)
    fields: ClassVar[tuple[type[Any], ...]] = ()
    folds: ClassVar[bool] = False

    def __init__(self, *operators: str, of: str = "") -> None:
        self.operators = operators or ("exact",)
        self.of = of

    def fits(self, field: Any) -> bool:
        """Whether it can be declared of a field."""
        return isinstance(field, self.fields)

    def read(self, asked: object, field: Any) -> Any:
        """The value, of the field's own type. Raises ValueError, which says what it should be."""
        raise NotImplementedError

    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        """What to filter with; `path` leads to the field."""
        return Q(**{f"{path}__{operator}": value})


class Text(Kind):
    """A text; `startswith` is `^@`, which is leakproof as LIKE is not."""

    known: ClassVar[tuple[str, ...]] = ("exact", "in", "startswith")
    fields = (models.CharField, models.TextField)

    @override
    def read(self, asked: object, field: Any) -> str:
        choices = [value for value, _ in field.flatchoices]
        if not choices:
            return storable(asked, field.max_length or LONGEST)
        if not isinstance(asked, str) or asked not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return asked

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        if operator == "startswith":
            return Q(Compared(F(path), "^@", Value(value)))
        return super().condition(path, field, operator, value)


class Folded(Text):
    """A text of a global table, upper and lower case alike; its index begins with Lower(field).

    lower() is not leakproof: under row security no index would serve it.
    """

    known = ("exact", "in")
    folds = True

    @override
    def read(self, asked: object, field: Any) -> str:
        return super().read(asked, field).strip()

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        if operator == "in":
            return Q(In(Lower(path), [Lower(Value(each)) for each in value]))
        return Q(Exact(Lower(path), Lower(Value(value))))


class Integer(Kind):
    """A whole number in the range of its column."""

    fields = (models.IntegerField,)

    @override
    def read(self, asked: object, field: Any) -> int:
        least, most = BaseDatabaseOperations.integer_field_ranges[field.get_internal_type()]
        if isinstance(asked, str) and _WHOLE.fullmatch(asked):
            asked = int(asked)
        if type(asked) is not int or not least <= asked <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return asked


class Key(Kind):
    """A UUID as PostgreSQL writes it; of a foreign key, the row's id."""

    known = ("exact", "in")
    fields = (models.UUIDField, models.ForeignKey)

    @override
    def fits(self, field: Any) -> bool:
        return super().fits(getattr(field, "target_field", field))

    @override
    def read(self, asked: object, field: Any) -> UUID:
        if isinstance(asked, UUID):
            return asked
        try:
            key = UUID(asked) if isinstance(asked, str) else None
        except ValueError:
            key = None
        if key is None or str(key) != str(asked).lower():
            raise ValueError("a UUID")
        return key


class Moment(Kind):
    """A time with a zone, in ISO 8601."""

    fields = (models.DateTimeField,)

    @override
    def read(self, asked: object, field: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(asked) if isinstance(asked, str) else asked
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
    def read(self, asked: object, field: Any) -> date:
        try:
            day = date.fromisoformat(asked) if isinstance(asked, str) else asked
        except ValueError:
            day = None
        if type(day) is not date:
            raise ValueError("a date, such as 2026-11-21")
        return day


class Flag(Kind):
    """True or false."""

    known = ("exact",)
    fields: ClassVar[tuple[type[Any], ...]] = (models.BooleanField,)

    @override
    def read(self, asked: object, field: Any) -> bool:
        if isinstance(asked, bool):
            return asked
        if asked not in ("true", "false"):
            raise ValueError("true or false")
        return asked == "true"


class IP(Kind):
    """An address, of IPv4 or IPv6."""

    known = ("exact", "in")
    fields = (models.GenericIPAddressField,)

    @override
    def read(self, asked: object, field: Any) -> str:
        try:
            return str(ip_address(asked if isinstance(asked, str) else ""))
        except ValueError:
            raise ValueError("an IP address") from None


class Given(Flag):
    """Whether a field that may be NULL has a value: `Given(of="archived_at")`, true or false."""

    fields = (models.Field,)

    @override
    def fits(self, field: Any) -> bool:
        return super().fits(field) and field.null

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        return Q(**{f"{path}__isnull": not value})


class JSON(Kind):
    """JSON that holds the object asked for, by the model's JSONContains of that field."""

    known = ("contains",)
    fields = (models.JSONField,)

    @override
    def read(self, asked: object, field: Any) -> dict[str, Any]:
        return document(asked)

    @override
    def condition(self, path: str, field: Any, operator: str, value: Any) -> Any:
        [search] = searches_of(field.model, field.name)
        return search.matching(value, along=path.rpartition("__")[0])


SORTABLE = (*Text.fields, *Integer.fields, *Key.fields, *Moment.fields, *Day.fields)
"""Fields in whose order an index can be walked under row security."""


def searches_of(model: type[models.Model], field: str) -> list[JSONContains]:
    """The searches of a JSON field."""
    return [
        each
        for each in model._meta.constraints
        if isinstance(each, JSONContains) and each.fields == (field,)
    ]


def allowed(filters: Iterable[tuple[str, Kind]]) -> list[str]:
    """The keys by which a caller may filter."""
    return [
        name if operator == "exact" else f"{name}__{operator}"
        for name, kind in filters
        for operator in kind.operators
    ]
