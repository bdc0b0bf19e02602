"""Tables as their models declare them: columns, rules, relations, and what role app may do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models

from tenants.comments import is_commented
from tenants.constraints import DeclaredSQL, Grants, RowSecurity, RowTrigger, TenantReference
from tenants.fields import TenantForeignKey
from tenants.postgres.grants import app_grants
from tenants.schema.words import columns_of, condition, expression


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `references` is a table's, with what holds it, and `default` the application's."""

    name: str
    type: str
    null: bool
    default: str
    references: str
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A foreign key: `enforced` by PostgreSQL or not, `single` when a row is pointed at once."""

    name: str
    to: str
    null: bool
    single: bool
    enforced: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of ours."""

    app: str
    model: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    rules: tuple[str, ...]
    relations: tuple[Relation, ...]
    app_may: str


def tables() -> list[Table]:
    """The tables of the apps that have comments, in the order of their apps and models."""
    found = [model for model in apps.get_models() if is_commented(model) and model._meta.managed]
    return [_table(model) for model in found if not model._meta.proxy]


def other_tables() -> dict[str, str]:
    """The tables of Django and of libraries, each with what role app may do."""
    ours = {table.name for table in tables()}
    return {name: may for name, may in sorted(app_grants().items()) if name not in ours}


def _table(model: type[models.Model]) -> Table:
    meta = model._meta
    return Table(
        app=meta.app_label,
        model=model.__name__,
        name=meta.db_table,
        comment=meta.db_table_comment,
        columns=tuple(_column(field) for field in meta.local_concrete_fields),
        rules=tuple(_rules(model)),
        relations=tuple(_relations(model)),
        app_may=_grant(model),
    )


def _column(field: Any) -> Column:
    return Column(
        name=field.column,
        type=field.db_type(connections[DEFAULT_DB_ALIAS]) or "",
        null=field.null,
        default=_default(field),
        references=_references(field),
        comment=field.db_comment or "",
    )


def _default(field: "models.Field[Any, Any]") -> str:
    """What the application puts in where nothing is said; the database has no defaults."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return "now"
    if not field.has_default():
        return ""
    if callable(field.default):
        made: str = getattr(field.default, "__name__", "made")
        return {"dict": "{}", "list": "[]"}.get(made, made)
    given = field.default
    return f"'{given}'" if isinstance(given, str) else str(given).lower()


def _references(field: Any) -> str:
    if not isinstance(field, models.ForeignKey):
        return ""
    to = field.remote_field.model._meta.db_table
    return to if _enforced(field) else f"{to}, not enforced"


def _enforced(field: Any) -> bool:
    """Whether PostgreSQL has a foreign key for it."""
    named = {each.field for each in _all_of(field.model, TenantReference)}
    return bool(field.db_constraint) or isinstance(field, TenantForeignKey) or field.name in named


def _all_of[C: DeclaredSQL](model: type[models.Model], kind: type[C]) -> list[C]:
    return [each for each in model._meta.constraints if isinstance(each, kind)]


def _grant(model: type[models.Model]) -> str:
    """What role app may do with the table: a tenant's carries it, a global one is listed."""
    for grants in _all_of(model, Grants):
        return grants.app
    return app_grants().get(model._meta.db_table, "nothing")


def _relations(model: type[models.Model]) -> Iterator[Relation]:
    """The foreign keys but for the tenant, which every tenant's table has."""
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


# -- Rules in words ---------------------------------------------------------------------------


def _rules(model: type[models.Model]) -> Iterator[str]:
    """Keys, constraints, indexes and triggers, one line each."""
    key = model._meta.pk.column
    whole = any(each.name.endswith("_pkey") for each in model._meta.constraints)
    yield f"primary key (tenant_id, {key})" if whole else f"primary key ({key})"
    for field in model._meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield f"unique ({field.column})"
        elif getattr(field, "db_index", False) and not field.unique:
            yield f"index ({field.column})"
    for rule in (*model._meta.constraints, *model._meta.indexes):
        for kind, told in TOLD.items():
            if isinstance(rule, kind):
                yield told(rule, model)


def _unique(rule: models.UniqueConstraint, model: type[models.Model]) -> str:
    later = " (may be broken within a statement)" if rule.deferrable else ""
    return f"unique ({_listed(rule, model)}){_where(rule, model)}{later}: {rule.name}"


def _index(rule: models.Index, model: type[models.Model]) -> str:
    using = "" if type(rule) is models.Index else f" ({rule.suffix})"
    return f"index{using} ({_listed(rule, model)}){_where(rule, model)}: {rule.name}"


def _listed(rule: Any, model: type[models.Model]) -> str:
    """What a unique constraint or an index is of."""
    column = columns_of(model)
    return ", ".join(expression(each, column) for each in (*rule.fields, *rule.expressions))


def _where(rule: Any, model: type[models.Model]) -> str:
    if rule.condition is None:
        return ""
    return f" where {condition(rule.condition, columns_of(model))}"


def _check(rule: models.CheckConstraint, model: type[models.Model]) -> str:
    return f"check {condition(rule.condition, columns_of(model))}: {rule.name}"


def _secured(rule: RowSecurity, model: type[models.Model]) -> str:
    return f"row security: role app sees and writes rows whose {rule.column} is the tenant in force"


def _reference(rule: TenantReference, model: type[models.Model]) -> str:
    field = model._meta.get_field(rule.field)
    assert isinstance(field, models.ForeignKey)
    to = field.remote_field.model._meta.db_table
    ours = "tenant_id" if field.column == "tenant_id" else f"tenant_id, {field.column}"
    return f"foreign key ({ours}) to {to}: {rule.name}"


def _trigger(rule: RowTrigger, model: type[models.Model]) -> str:
    late = ", at COMMIT" if rule.deferred else ""
    return f"trigger {rule.when.lower()}{late}: {rule.function}()"


TOLD: dict[type, Callable[[Any, type[models.Model]], str]] = {
    models.UniqueConstraint: _unique,
    models.CheckConstraint: _check,
    TenantReference: _reference,
    RowSecurity: _secured,
    RowTrigger: _trigger,
    models.Index: _index,
}
"""How each kind of rule is told; what is told elsewhere, or by its columns, is left out."""
