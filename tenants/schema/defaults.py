"""Defaults in the database, so that plain SQL and other programs can insert rows.

The columns of a table get the defaults of the model's fields: a `Dated` model has one `Defaults`,
which `makemigrations` writes into a migration. The tenant's column has no default: every INSERT
names the tenant, and a sharded server chooses the shard by it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, override
from uuid import uuid4

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.schema.constraints import DeclaredSQL, Mirror
from tenants.schema.documents import Document

SQL_DEFAULTS: dict[object, tuple[type[Any], str]] = {
    uuid7: (models.UUIDField, "uuidv7()"),
    uuid4: (models.UUIDField, "gen_random_uuid()"),
    timezone.now: (models.DateTimeField, "now()"),
    dict: (models.JSONField, "'{}'::jsonb"),
    list: (models.JSONField, "'[]'::jsonb"),
}
"""The SQL expression for a callable default, and the type of field it is for."""

_SHORT = 2**31  # PostgreSQL writes larger and negative integers with a cast


class Defaults(DeclaredSQL):
    """The DEFAULT expressions of the columns of a table.

    Django's `db_default` does not fit: with it every INSERT reads the columns back, for which role
    app lacks the privilege on some tables, and an unsaved row has expressions in place of values.
    """

    def __init__(self, *, name: str, columns: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.columns = dict(columns)

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"columns": self.columns}

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        alter = f'ALTER TABLE {table} ALTER COLUMN "{{}}" '
        return [
            (f"{alter.format(column)}SET DEFAULT {value}", f"{alter.format(column)}DROP DEFAULT")
            for column, value in self.columns.items()
        ]


def defaults_of(model: type[models.Model]) -> Defaults:
    """The defaults of a model's columns, from its fields."""
    values = {str(field.column): default_of(field) for field in model._meta.local_concrete_fields}
    columns = {column: value for column, value in values.items() if value is not None}
    return Defaults(name=f"{model._meta.db_table}_defaults", columns=columns)


def default_of(field: Any) -> str | None:
    """The default of a column in PostgreSQL's notation.

    None if the default of the field is NULL, exists in Python only, or is a `db_default` of Django.

    >>> default_of(models.BooleanField(default=False)), default_of(models.TextField(blank=True))
    ('false', "''::text")
    >>> default_of(models.DateTimeField(auto_now=True)), default_of(models.TextField())
    ('now()', None)
    """
    if field.has_db_default() or field.generated or field.default is None:
        return None
    if isinstance(field, models.DateTimeField) and (field.auto_now or field.auto_now_add):
        return "now()"
    if field.has_default():
        return _callable_default(field) if callable(field.default) else _literal(field)
    if field.blank and not field.null and isinstance(field, models.CharField | models.TextField):
        return _text("", field)
    return None


def _callable_default(field: Any) -> str | None:
    default = field.default
    if isinstance(default, type) and issubclass(default, Document):
        default = dict  # a document adds its own defaults when it is read
    kind, expression = SQL_DEFAULTS.get(default, ((), None))
    return expression if isinstance(field, kind) else None


def _literal(field: Any) -> str | None:
    """A literal in PostgreSQL's notation."""
    default = field.default
    if isinstance(field, models.BooleanField):
        return str(default).lower()
    if isinstance(field, models.IntegerField):
        plain = 0 <= default < _SHORT
        return f"{default:d}" if plain else f"'{default:d}'::{_integer(field)}"
    if isinstance(field, models.CharField | models.TextField):
        return _text(str(default), field)
    return f"'{default}'::uuid" if isinstance(field, models.UUIDField) else None


def _integer(field: Any) -> str:
    kinds = {models.BigIntegerField: "bigint", models.SmallIntegerField: "smallint"}
    return next((name for kind, name in kinds.items() if isinstance(field, kind)), "integer")


def _text(default: str, field: Any) -> str:
    kind = "text" if isinstance(field, models.TextField) else "character varying"
    return "'{}'::{}".format(default.replace("'", "''"), kind)
