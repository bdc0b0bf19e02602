"""Descriptions of tables: columns, relations and grants from models, rules from PostgreSQL."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models

from tenants.checks.catalog import Catalog
from tenants.postgres.block import catalog_cursor
from tenants.postgres.grants import app_grants
from tenants.schema.comments import is_commented
from tenants.schema.constraints import DeclaredSQL, Grants, TenantReference
from tenants.schema.fields import TenantForeignKey

# Keys, uniques, checks and foreign keys; then indexes, row security and triggers.
_RULES = """
SELECT c.relname, r.statement FROM rules r JOIN pg_class c USING (oid)
WHERE pg_table_is_visible(oid) AND r.kind <> 'default'
ORDER BY array_position('{p,u,x,c,f,index,security,policy,trigger}', r.kind),
    r.statement COLLATE "C"
"""

_DEFAULTS = """
SELECT relname, attname, pg_get_expr(adbin, adrelid, true)
FROM tables t JOIN pg_attrdef ON adrelid = t.oid
JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
WHERE pg_table_is_visible(t.oid) AND attgenerated = ''
"""


_CAST = re.compile(r"(?<=')::[a-z ]+$")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column; `references` is the referenced table.

    `default` is that of the table, or in italics that of the application.
    """

    name: str
    type: str
    null: bool
    default: str
    references: str
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A foreign key: `enforced` by PostgreSQL or not, `single` if it is one-to-one."""

    name: str
    to: str
    null: bool
    single: bool
    enforced: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the project; `rules` are PostgreSQL's definitions."""

    app: str
    model: str
    name: str
    comment: str
    columns: tuple[TableColumn, ...]
    rules: tuple[str, ...]
    relations: tuple[Relation, ...]
    app_privileges: str


def tables() -> list[Table]:
    """The tables of the apps that have comments, in the order of their apps and models.

    Their rules are read from the default database, which must be migrated.
    """
    commented = [each for each in apps.get_models() if is_commented(each) and each._meta.managed]
    with catalog_cursor(DEFAULT_DB_ALIAS) as cursor:
        catalog = Catalog(cursor)
        rules, defaults = _rules(catalog), _defaults(catalog)
    return [
        _table(model, rules[model._meta.db_table], defaults)
        for model in commented
        if not model._meta.proxy
    ]


def other_tables(ours: Iterable[Table]) -> dict[str, str]:
    """The tables of Django and of libraries, each with the privileges of role app."""
    names = {table.name for table in ours}
    return {name: rights for name, rights in sorted(app_grants().items()) if name not in names}


def _rules(catalog: Catalog) -> dict[str, list[str]]:
    """The rules of each table, as definitions without the table's name where possible."""
    rules = defaultdict(list)
    for table, statement in catalog.rows(_RULES):
        rules[table].append(statement.removeprefix(f"ALTER TABLE {table} ").removeprefix("ADD "))
    return rules


def _defaults(catalog: Catalog) -> dict[tuple[str, str], str]:
    """The defaults of the tables by table and column; a constant has no cast."""
    rows = catalog.rows(_DEFAULTS)
    return {(table, column): _CAST.sub("", default) for table, column, default in rows}


def _table(
    model: type[models.Model], rules: Sequence[str], defaults: Mapping[tuple[str, str], str]
) -> Table:
    meta = model._meta
    return Table(
        app=meta.app_label,
        model=model.__name__,
        name=meta.db_table,
        comment=meta.db_table_comment,
        columns=tuple(
            _column(field, defaults.get((meta.db_table, str(field.column))))
            for field in meta.local_concrete_fields
        ),
        rules=tuple(rules),
        relations=tuple(_relations(model)),
        app_privileges=_grant(model),
    )


def _column(field: Any, default: str | None) -> TableColumn:
    return TableColumn(
        name=field.column,
        type=field.db_type(connections[DEFAULT_DB_ALIAS]) or "",
        null=field.null,
        default=_default_in_python(field) if default is None else default,
        references=_references(field),
        comment=field.db_comment or "",
    )


def _default_in_python(field: "models.Field[Any, Any]") -> str:
    """The default that only the application knows, in italics; '' if there is none."""
    if not field.has_default() or field.default is None:
        return ""
    name = getattr(field.default, "__name__", str(field.default))
    return f"*{name}*"


def _references(field: Any) -> str:
    if not isinstance(field, models.ForeignKey):
        return ""
    to = field.remote_field.model._meta.db_table
    return to if _enforced(field) else f"{to}, not enforced"


def _enforced(field: Any) -> bool:
    """Whether PostgreSQL has a foreign key for the field."""
    names = {each.field for each in _constraints_of(field.model, TenantReference)}
    return bool(field.db_constraint) or isinstance(field, TenantForeignKey) or field.name in names


def _constraints_of[C: DeclaredSQL](model: type[models.Model], kind: type[C]) -> list[C]:
    return [each for each in model._meta.constraints if isinstance(each, kind)]


def _grant(model: type[models.Model]) -> str:
    """The privileges of role app: from a tenant's model, or from the list of global tables."""
    for grants in _constraints_of(model, Grants):
        return grants.app
    return app_grants().get(model._meta.db_table, "nothing")


def _relations(model: type[models.Model]) -> Iterator[Relation]:
    """The foreign keys, except the one to the tenant, which every tenant's table has."""
    uniques = [
        {*unique.fields} - {"tenant"}
        for unique in model._meta.constraints
        if isinstance(unique, models.UniqueConstraint) and unique.condition is None
    ]
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and field.name != "tenant":
            enforced = _enforced(field)
            single = field.unique or (enforced and {field.name} in uniques)
            to = field.remote_field.model.__name__
            yield Relation(field.name, to, field.null, single, enforced)
