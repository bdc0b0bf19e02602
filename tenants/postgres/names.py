"""The model fields of a constraint, found by the constraint's name, for errors."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import F, Q


def fields_of(table: str, constraint: str | None, column: str | None) -> tuple[str, ...]:
    """The names of the model's fields in a broken rule, without the tenant.

    Empty for a rule that no model declares, such as that of a trigger. If no field has the column,
    because the code is older or newer than the table, the result is the column's name.
    """
    for model in apps.get_models():
        if model._meta.db_table == table:
            found = [*_of_column(model, column), *_of_constraint(model, constraint)]
            return tuple(dict.fromkeys(name for name in found if name != "tenant"))
    return ()


def _of_column(model: type[models.Model], column: str | None) -> Iterator[str]:
    if column is not None:
        named = (field.name for field in model._meta.local_fields if field.column == column)
        yield next(named, column)


def _of_constraint(model: type[models.Model], name: str | None) -> Iterator[str]:
    table = model._meta.db_table
    if name == f"{table}_pkey":
        yield model._meta.pk.name
    for own in model._meta.local_fields:  # the rules of single fields, with PostgreSQL's names
        if name in (f"{table}_{own.column}_check", f"{table}_{own.column}_key"):
            yield own.name
    for constraint in model._meta.constraints:
        if constraint.name == name:
            yield from getattr(constraint, "fields", ())
            if field := getattr(constraint, "field", None):
                yield field
            for part in (*getattr(constraint, "expressions", ()), *_condition(constraint)):
                yield from _names(part)


def _condition(constraint: models.BaseConstraint) -> Iterator[Q]:
    """The condition of a check; that of a partial unique constraint only selects rows."""
    if isinstance(constraint, models.CheckConstraint):
        yield constraint.condition  # type: ignore[misc]


def _names(part: Any) -> Iterator[str]:
    """The fields in a condition or an expression."""
    if isinstance(part, Q):
        for child in part.children:
            if isinstance(child, tuple):
                yield child[0].partition("__")[0]
                child = child[1]
            yield from _names(child)
    elif isinstance(part, F):
        yield str(part.name).partition("__")[0]  # type: ignore[attr-defined]
    elif hasattr(part, "get_source_expressions"):
        for source in part.get_source_expressions():
            yield from _names(source)
