"""The data-access contract that every tenant's model inherits."""

from typing import TYPE_CHECKING, Self, TypeVar, cast

from django.db import models

from tenants.context import tenancy

M = TypeVar("M", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[M]):
    """Rows of the tenant in force."""

    def acquired(self) -> Self:
        """Rows that are ours to change until we commit; all others who would have to wait."""
        return self.select_for_update(no_key=True)


_Manager = models.Manager.from_queryset(TenantQuerySet)  # a module-level name: mypy needs it


class TenantManager(_Manager[M]):
    """The only way in: every query starts from the tenant in force, or raises NoTenant.

    The tenant is in the query as a literal: estimates, Citus routing and the refusal of
    another tenant's rows do not depend on the row policies alone.
    """

    if TYPE_CHECKING:
        model: type[M]

    def get_queryset(self) -> TenantQuerySet[M]:
        rows = cast("TenantQuerySet[M]", super().get_queryset()).fetch_mode(models.FETCH_PEERS)
        tenant_id = tenancy().tenant_id
        if tenant_id is None:
            return rows
        attname: str = self.model.tenant_attname  # type: ignore[attr-defined]
        return rows.filter(**{attname: tenant_id})
