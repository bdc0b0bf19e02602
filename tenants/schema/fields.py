"""Fields of tenants' models."""

from typing import Any, override

from django.db import models


class TenantForeignKey[Set, Get](models.ForeignKey[Set, Get]):
    """A foreign key within a tenant: (tenant_id, x_id) -> (tenant_id, id) in the database.

    Row security does not protect foreign keys, so a plain one would let a tenant point at
    another's row. The composite constraint is a `TenantReference`, which the model gets by
    itself; this field makes joins carry the tenant on both sides and leaves the index to the
    model's Meta, where a unique constraint often serves. Deleting a row that is pointed at is
    refused unless `on_delete` says otherwise; SET_NULL would null the tenant and is refused.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        if on_delete is models.SET_NULL:
            raise ValueError("TenantForeignKey cannot SET_NULL: it would null the tenant too")
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
