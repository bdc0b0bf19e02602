"""Fields of tenants' models."""

from typing import Any, override

from django.db import models


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
