"""What keeps a model from being isolated, as far as Python can tell."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error
from django.db import models

from tenants.constraints import isolation_of
from tenants.fields import TenantForeignKey
from tenants.managers import TenantManager
from tenants.models import TenantModel, TenantOwned


def faults_of(model: type[models.Model]) -> Iterator[Error]:
    """The faults of one model, a tenant's or not."""
    if issubclass(model, TenantOwned):
        yield from _managers(model)
    if issubclass(model, TenantModel) and not model._meta.proxy:
        yield from _constraints(model)
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        if isinstance(field.related_model, type):
            yield from _relation(field, field.related_model)


def _managers(model: type[TenantOwned]) -> Iterator[Error]:
    for manager in (*model._meta.managers, model._meta.base_manager):
        if not isinstance(manager, TenantManager):
            yield Error(
                f"{model._meta.label}.{manager.name} is not a TenantManager",
                hint="derive it from TenantManager; let Meta.base_manager_name be 'objects'",
                obj=model,
                id="tenants.E001",
            )


def _constraints(model: type[TenantModel]) -> Iterator[Error]:
    for constraint in isolation_of(model, app_may=model.app_may):
        if constraint not in model._meta.constraints:
            yield Error(
                f"{model._meta.label} lacks the constraint {constraint.name}",
                hint="do not assign Meta.constraints after the class is made",
                obj=model,
                id="tenants.E002",
            )


def _relation(field: "models.Field[Any, Any]", to: type[models.Model]) -> Iterator[Error]:
    ends = [issubclass(end, TenantOwned) for end in (field.model, to)]
    if isinstance(field, models.ManyToManyField):
        if any(ends):
            yield Error(
                f"{field} is a ManyToManyField",
                hint="make the table in between a TenantModel with two TenantForeignKeys",
                obj=field,
                id="tenants.E003",
            )
    elif all(ends) and not isinstance(field, TenantForeignKey) and field.name != "tenant":
        yield Error(
            f"{field} is a plain foreign key between models of tenants",
            hint="use TenantForeignKey: row security does not protect foreign keys",
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
