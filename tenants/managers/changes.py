"""The managers of the history of changes, which triggers write."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models

from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from tenants.models import Change, GlobalChange  # noqa: F401  # in strings below


def _of_row[Q: "models.QuerySet[Any, Any]"](
    rows: Q, model: type[models.Model], row_id: UUID | str
) -> Q:
    """The changes of one row, latest first, with their actors."""
    found = rows.filter(model=model._meta.label_lower, row_id=row_id)
    return found.select_related("actor").defer("actor__password").order_by("-created_at", "-id")


class ChangeQuerySet(TenantQuerySet["Change"]):
    """Filters on changes."""

    def of(self, model: type[models.Model], row_id: UUID | str) -> Self:
        """The changes of one row, latest first."""
        return _of_row(self, model, row_id)

    def of_tenant(self, tenant_id: UUID) -> Self:
        """The changes of one tenant's rows, in a block of `inspecting()`."""
        return self.filter(tenant=tenant_id)

    def dumped(self, ids: Collection[Any] = ()) -> Self:
        """All changes but those of the tenant's own row, which is not dumped either."""
        return super().dumped(ids).exclude(model="tenants.tenant")

    def forget(self, request_id: str) -> None:
        """Delete the changes of one request: for `loaddata` of a fixture with its own history."""
        self.filter(request_id=request_id).delete()


_Changes = models.Manager.from_queryset(ChangeQuerySet)


class ChangeManager(_Changes["Change"], TenantManager["Change"]):
    """The history of the tenant's rows."""


class GlobalChangeQuerySet(models.QuerySet["GlobalChange"]):
    """Filters on global changes."""

    def of(self, model: type[models.Model], row_id: UUID | str) -> Self:
        """The changes of one row, latest first."""
        return _of_row(self, model, row_id)


_GlobalChanges = models.Manager.from_queryset(GlobalChangeQuerySet)


class GlobalChangeManager(_GlobalChanges["GlobalChange"]):
    """The history of rows that belong to no tenant."""
