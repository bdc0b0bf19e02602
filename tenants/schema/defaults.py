"""Defaults in the database, so that plain SQL and other programs can insert.

What a model's fields put in where nothing is said, the table's columns put in too: `Dated` models
get it as one `Defaults`, which `makemigrations` carries. The tenant has no default: a row says
whose it is, and servers that are sharded find its place by that.
"""

from collections.abc import Mapping, Sequence
from typing import Any, override
from uuid import uuid4

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.schema.constraints import DeclaredSQL, Mirror
from tenants.schema.documents import Document

MADE: dict[object, tuple[type[Any], str]] = {
    uuid7: (models.UUIDField, "uuidv7()"),
    uuid4: (models.UUIDField, "gen_random_uuid()"),
    timezone.now: (models.DateTimeField, "now()"),
    dict: (models.JSONField, "'{}'::jsonb"),
    list: (models.JSONField, "'[]'::jsonb"),
}
"""What PostgreSQL has instead of a callable default, in fields of that kind."""

_SHORT = 2**31  # integers from here on, and negative ones, are written with their type


class Defaults(DeclaredSQL):
    """What PostgreSQL puts into columns that an INSERT does not name, each as an expression.

    Not Django's `db_default`: with that every INSERT reads the columns back, which role app may
    not everywhere, and a row that is not saved yet has expressions where it had values.
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
            (f"{alter.format(column)}SET DEFAULT {what}", f"{alter.format(column)}DROP DEFAULT")
            for column, what in self.columns.items()
        ]


def defaults_of(model: type[models.Model]) -> Defaults:
    """The defaults that the columns of a model get from its fields."""
    found = {str(field.column): default_of(field) for field in model._meta.local_concrete_fields}
    columns = {column: what for column, what in found.items() if what is not None}
    return Defaults(name=f"{model._meta.db_table}_defaults", columns=columns)


def default_of(field: Any) -> str | None:
    """What a column has where nothing is said, worded as PostgreSQL does.

    None where the field has no default but NULL, one that only Python can make, or one that
    Django keeps in the database itself (`db_default`).

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
        return _made(field) if callable(field.default) else _written(field)
    if field.blank and not field.null and isinstance(field, models.CharField | models.TextField):
        return _text("", field)
    return None


def _made(field: Any) -> str | None:
    default = field.default
    if isinstance(default, type) and issubclass(default, Document):
        default = dict  # a document fills in its own defaults as it is read
    kind, made = MADE.get(default, ((), None))
    return made if isinstance(field, kind) else None


def _written(field: Any) -> str | None:
    """A literal, worded as PostgreSQL does."""
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
