"""Fields of tenants' models, and which fields are secret.

    token_hash = secret(models.CharField(max_length=64, null=True))
    request_hash = not_secret(models.CharField(max_length=64))

A secret field is not in dumps, in the history of changes, or in the admin. A load leaves it empty,
so it is nullable; rows of a model that needs its secrets are in no dump. A check asks for one of
the two declarations if the name of a field says that it could be secret (E028).
"""

import re
from typing import Any, override

from django.db import models

NAMED_SO = re.compile("hash|token|password|secret")
"""Which names of fields need a declaration."""


def secret[F: models.Field[Any, Any]](field: F, *, dumped: bool = False) -> F:
    """Declare that a field is secret; `dumped`: it is in dumps of global models all the same."""
    field.secret = True  # type: ignore[attr-defined]
    field.serialize = dumped  # type: ignore[attr-defined]
    return field


def not_secret[F: models.Field[Any, Any]](field: F) -> F:
    """Declare that a field is not secret, whatever its name."""
    field.secret = False  # type: ignore[attr-defined]
    return field


def is_undeclared(field: Any) -> bool:
    """Whether the field could be secret, by its name, and nothing says whether it is."""
    return not hasattr(field, "secret") and bool(NAMED_SO.search(field.name))


def secrets_of(model: type[models.Model]) -> list[str]:
    """The names of a model's secret fields."""
    return [field.name for field in model._meta.fields if getattr(field, "secret", False)]


def left_out(model: type[models.Model]) -> list[str]:
    """The names of the secret fields that dumps leave out."""
    return [name for name in secrets_of(model) if not _field(model, name).serialize]


def is_never_dumped(model: type[models.Model]) -> bool:
    """Whether a row without its secrets could not be loaded."""
    return any(not _field(model, name).null for name in left_out(model))


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


class TenantForeignKey[Set, Get](models.ForeignKey[Set, Get]):
    """A foreign key within a tenant: (tenant_id, x_id) -> (tenant_id, id) in the database.

    Row security does not apply to foreign keys: with a plain foreign key, a row could reference a
    row of another tenant. The model automatically gets the composite constraint, a
    `TenantReference`. The field adds the tenant to both sides of joins. It creates no index; the
    model's Meta declares one, often as a unique constraint. By default a referenced row cannot be
    deleted. SET_NULL is refused, because it would also set the tenant to NULL.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        if on_delete is models.SET_NULL:
            raise ValueError("TenantForeignKey does not support SET_NULL: use PROTECT or CASCADE")
        kwargs = {"db_index": False} | kwargs | {"db_constraint": False}
        super().__init__(to, on_delete, **kwargs)

    @override
    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["db_constraint"]
        if kwargs.get("db_index") is False:
            del kwargs["db_index"]
        return name, path, args, kwargs

    @property
    def constraint_name(self) -> str:
        """The name of the composite constraint."""
        return f"{self.model._meta.db_table}_{self.name}_same_tenant"

    def get_joining_fields(self, reverse_join: bool = False) -> Any:
        """The columns of a join: the tenant on both sides, then the ids."""
        ours = self.model._meta.get_field("tenant")
        theirs = self.remote_field.model._meta.get_field("tenant")
        both = (theirs, ours) if reverse_join else (ours, theirs)
        return (both, *super().get_joining_fields(reverse_join))
