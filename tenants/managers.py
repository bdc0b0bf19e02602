"""The data-access contract that every tenant's model inherits."""

from typing import TYPE_CHECKING, Self, TypeVar, cast

from django.conf import settings
from django.db import models

from tenants.context import tenancy

FETCH_MODES = {"peers": models.FETCH_PEERS, "raise": models.FETCH_RAISE}
"""What a relation that was not read along costs, by `settings.TENANT_FETCH_MODE`."""

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
        mode = FETCH_MODES[getattr(settings, "TENANT_FETCH_MODE", "peers")]
        rows = cast("TenantQuerySet[M]", super().get_queryset()).fetch_mode(mode)
        tenant_id = tenancy().tenant_id
        if tenant_id is None:
            return rows
        attname: str = self.model.tenant_attname  # type: ignore[attr-defined]
        return rows.filter(**{attname: tenant_id})
