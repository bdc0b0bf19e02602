"""Checks of models: isolation, soft deletion and times, by their Python code."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error
from django.db import models
from django.db.models import Q

from tenants.checks.listings import listing_faults
from tenants.managers.base import TenantManager
from tenants.managers.softdelete import LIVE, SoftDeleteManager
from tenants.models import Dated, SoftDeleteModel, TenantModel, TenantOwned
from tenants.models.base import live_parent_of
from tenants.schema.comments import is_commented
from tenants.schema.constraints import isolation_of, readable_times
from tenants.schema.defaults import default_of, defaults_of
from tenants.schema.fields import TenantForeignKey, is_undeclared


def faults_of(model: type[models.Model]) -> Iterator[Error]:
    """The faults of one model, of tenants or global."""
    if issubclass(model, TenantOwned) or is_commented(model):
        yield from _dates(model)
        yield from _secrets(model)
    if issubclass(model, TenantOwned):
        yield from _managers(model)
        yield from _times(model)
        yield from _plain_writes(model)
    if issubclass(model, TenantModel) and not model._meta.proxy:
        yield from _constraints(model)
        yield from _uniques(model)
    if not model._meta.proxy:
        yield from listing_faults(model)
    if issubclass(model, SoftDeleteModel) and not model._meta.proxy:
        yield from _live_rows(model)
    if issubclass(model, TenantModel) and "DELETE" not in model.app_privileges:
        yield from _purging(model)
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        if isinstance(field.related_model, type):
            yield from _relation(field, field.related_model)


def _managers(model: type[TenantOwned]) -> Iterator[Error]:
    for manager in (*model._meta.managers, model._meta.base_manager):
        if not isinstance(manager, TenantManager):
            yield Error(
                f"{model._meta.label}.{manager.name} is not a TenantManager",
                hint="derive it from TenantManager, and set Meta.base_manager_name to 'objects'",
                obj=model,
                id="tenants.E001",
            )


def _plain_writes(model: type[TenantOwned]) -> Iterator[Error]:
    """Whether a model with verbs says which roles may write its rows without them."""
    managers = {type(manager) for manager in model._meta.managers}
    with_verbs = any(
        hasattr(getattr(manager, name), "verb") for manager in managers for name in dir(manager)
    )
    if with_verbs and model.plain_writes is None:
        yield Error(
            f"{model._meta.label} has verbs, and does not say who may write it without them",
            hint="set plain_writes: VERBS_ALONE, or the roles for insert, update and delete",
            obj=model,
            id="tenants.E022",
        )


def _constraints(model: type[TenantModel]) -> Iterator[Error]:
    live_parents = [
        live_parent_of(field, model, field.related_model)
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]
    isolation = isolation_of(model, app_privileges=model.app_privileges)
    for constraint in (*isolation, *filter(None, live_parents)):
        if constraint not in model._meta.constraints:
            yield Error(
                f"{model._meta.label} lacks the constraint {constraint.name}",
                hint="do not assign Meta.constraints after the class is created",
                obj=model,
                id="tenants.E002",
            )


def _times(model: type[TenantOwned]) -> Iterator[Error]:
    """Faults that E018 would find in the catalog after a migration."""
    for constraint in () if model._meta.proxy else readable_times(model):
        if constraint not in model._meta.constraints:
            yield Error(
                f"{model._meta.label} lacks the constraint {constraint.name}: it could store a"
                " time that Python cannot read",
                hint="do not assign Meta.constraints after the class is created",
                obj=model,
                id="tenants.E009",
            )


def _dates(model: type[models.Model]) -> Iterator[Error]:
    """Whether every kind of write sets the times of creation and of the last change."""
    if model._meta.proxy or not model._meta.managed:
        return
    for wrong in _undated(model):
        yield Error(
            f"{model._meta.label} {wrong}",
            hint="derive it from tenants.models.Dated, with created_at (auto_now_add) and"
            " updated_at (auto_now)",
            obj=model,
            id="tenants.E019",
        )


def _undated(model: type[models.Model]) -> Iterator[str]:
    fields = {field.name: field for field in model._meta.local_concrete_fields}
    if not issubclass(model, Dated):
        yield "is not derived from Dated"
    elif defaults_of(model) not in model._meta.constraints:
        yield f"lacks the constraint {defaults_of(model).name}"
    for name in ("created_at", "updated_at"):
        if name not in fields or default_of(fields[name]) != "now()":
            yield f"has no {name} with the default now()"
    for field in fields.values():
        if getattr(field, "auto_now", False) and not _may_update(model, str(field.column)):
            yield f"has {field.name} with auto_now, but `app_privileges` does not allow updates"
    if "updated_at" in fields and not getattr(fields["updated_at"], "auto_now", False):
        yield "has an updated_at without auto_now"


def _may_update(model: type[models.Model], column: str) -> bool:
    """Whether role app may update the column; True without a list of columns."""
    _, by_column, columns = getattr(model, "app_privileges", "").partition("UPDATE (")
    return not by_column or column in columns.partition(")")[0].split(", ")


def _secrets(model: type[models.Model]) -> Iterator[Error]:
    for field in filter(is_undeclared, model._meta.local_fields):
        yield Error(
            f"{field} could be secret, by its name, and does not say whether it is",
            hint="write secret(...) or not_secret(...) around it, from tenants.schema.fields",
            obj=field,
            id="tenants.E028",
        )


def _uniques(model: type[TenantModel]) -> Iterator[Error]:
    """Faults that E011 would find in the catalog after a migration."""
    uniques = [
        (field.name, [field.name])
        for field in model._meta.local_fields
        if field.unique and not field.primary_key and not _is_tenants(field.related_model)
    ]
    uniques += [(", ".join(names), list(names)) for names in model._meta.unique_together]
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields:
            uniques.append((constraint.name, list(constraint.fields)))
    for what, fields in uniques:
        if fields[0] != "tenant":
            yield Error(
                f"{model._meta.label}: the unique constraint {what} does not begin with the tenant",
                hint='write UniqueConstraint(fields=["tenant", ...]), so that another tenant may'
                " have the same value and does not learn of it",
                obj=model,
                id="tenants.E008",
            )


def _is_tenants(model: object) -> bool:
    return isinstance(model, type) and issubclass(model, TenantOwned)


def _live_rows(model: type[SoftDeleteModel]) -> Iterator[Error]:
    default = model._meta.default_manager
    if default is None or not isinstance(default, SoftDeleteManager):
        yield Error(
            f"{model._meta.label}.{default and default.name}, the default, shows deleted rows",
            hint="make `objects` its first manager, derived from SoftDeleteManager",
            obj=model,
            id="tenants.E006",
        )
    for constraint in model._meta.constraints:
        if not isinstance(constraint, models.UniqueConstraint):
            continue
        if not _among_live_rows(constraint.condition):
            yield Error(
                f"{model._meta.label}: {constraint.name} applies to deleted rows too",
                hint="add condition=LIVE, from tenants.managers.softdelete",
                obj=model,
                id="tenants.E006",
            )


def _among_live_rows(condition: Q | None) -> bool:
    """Whether a condition implies LIVE."""
    if condition is None or condition.negated or condition.connector != Q.AND:
        return False
    [live] = LIVE.children
    return any(
        _among_live_rows(part) if isinstance(part, Q) else part == live
        for part in condition.children
    )


def _purging(model: type[TenantModel]) -> Iterator[Error]:
    """Faults that only a purge would meet: role app cannot delete the rows."""
    if issubclass(model, SoftDeleteModel):
        yield Error(
            f"{model._meta.label} can be soft-deleted but not purged",
            hint="add DELETE to `app_privileges`; for a ledger, derive from TenantModel instead",
            obj=model,
            id="tenants.E007",
        )
    for field in model._meta.local_fields:
        to = field.related_model
        cascades = field.remote_field and field.remote_field.on_delete is models.CASCADE
        if cascades and isinstance(to, type) and issubclass(to, SoftDeleteModel):
            yield Error(
                f"{field} cascades from {to._meta.label}, but role app may not delete its rows",
                hint="use PROTECT or DO_NOTHING, so that referenced rows are not purged",
                obj=field,
                id="tenants.E007",
            )


def _relation(field: "models.Field[Any, Any]", to: type[models.Model]) -> Iterator[Error]:
    ends = [issubclass(end, TenantOwned) for end in (field.model, to)]
    if isinstance(field, models.ManyToManyField):
        if any(ends):
            yield Error(
                f"{field} is a ManyToManyField",
                hint="replace it by a TenantModel with two TenantForeignKeys",
                obj=field,
                id="tenants.E003",
            )
    elif all(ends) and not isinstance(field, TenantForeignKey) and field.name != "tenant":
        yield Error(
            f"{field} is a plain foreign key between models of tenants",
            hint="use TenantForeignKey: row security does not apply to foreign keys",
            obj=field,
            id="tenants.E004",
        )
    elif any(ends) and not all(ends) and getattr(field, "db_constraint", False):
        yield Error(
            f"{field} is a foreign key between a tenant's table and a global one",
            hint="set db_constraint=False",
            obj=field,
            id="tenants.E005",
        )
