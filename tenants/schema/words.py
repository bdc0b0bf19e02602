"""Conditions and expressions of a model's constraints, in words."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import F, Func, Model, OrderBy, Q, Value
from django.db.models.expressions import CombinedExpression

type Names = Callable[[str], str]
"""The column of a field."""

_LOOKUPS: Mapping[str, str] = {
    "exact": "{} = {}",
    "gt": "{} > {}",
    "gte": "{} >= {}",
    "lt": "{} < {}",
    "lte": "{} <= {}",
    "in": "{} is one of {}",
    "regex": "{} matches {}",
    "range": "{} is in {}",
    "startswith": "{} starts with {}",
    "endswith": "{} ends with {}",
    "contains": "{} contains {}",
}


def columns_of(model: type[Model]) -> Names:
    """The names of a model's columns, by its fields' names."""

    def column(name: str) -> str:
        field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
        return str(field.column)

    return column


def condition(q: Any, column: Names) -> str:
    """A Q, or an expression that stands for one, as a sentence's part."""
    if not isinstance(q, Q):
        return expression(q, column)
    parts = [_part(child, column) for child in q.children]
    joined = f" {q.connector.lower()} ".join(parts)
    return f"not ({joined})" if q.negated else joined


def _part(child: Any, column: Names) -> str:
    """A child of a Q, in parentheses where it has several of its own."""
    if isinstance(child, tuple):
        return _comparison(child[0], child[1], column)
    said = condition(child, column)
    many = isinstance(child, Q) and len(child.children) > 1 and not child.negated
    return f"({said})" if many else said


def _comparison(path: str, value: Any, column: Names) -> str:
    """One look-up: `name__gte=0`; none stands for NULL."""
    name, _, lookup = path.partition("__")
    if lookup == "isnull" or value is None:
        return f"{column(name)} is {'none' if value in (True, None) else 'given'}"
    pattern = _LOOKUPS.get(lookup or "exact", f"{{}} {lookup} {{}}")
    return pattern.format(column(name), _value(value, column))


def _value(value: Any, column: Names) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_value(each, column) for each in value)
    if hasattr(value, "resolve_expression"):
        return expression(value, column)
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


def expression(given: Any, column: Names) -> str:
    """A column, a function of some, or a sum of them."""
    if isinstance(given, str):
        return column(given)
    if isinstance(given, F):
        return column(str(vars(given)["name"]))
    if isinstance(given, Value):
        return _value(given.value, column)
    if isinstance(given, OrderBy):
        return f"{expression(given.expression, column)}{' descending' * given.descending}"
    parts = [expression(each, column) for each in given.get_source_expressions()]
    if isinstance(given, CombinedExpression):
        left, right = parts
        return (
            f"-{left}"
            if (given.connector, right) == ("*", "-1")
            else (f"{left} {given.connector} {right}")
        )
    name = given.function if isinstance(given, Func) and given.function else type(given).__name__
    return f"{name.lower()}({', '.join(parts)})"
