"""The managers of the history of changes: they read what triggers have written."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models

from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from tenants.models import Change, GlobalChange  # noqa: F401  # in strings below


class ChangeQuerySet(TenantQuerySet["Change"]):
    """Filters on changes."""

    def of(self, model: type[models.Model], row_id: UUID | str) -> Self:
        """The changes of one row, latest first."""
        rows = self.filter(model=model._meta.label_lower, row_id=row_id)
        named = rows.select_related("actor").defer("actor__password")
        return named.order_by("-created_at", "-id")

    def of_tenant(self, tenant_id: UUID) -> Self:
        """While inspecting: the changes of one tenant's rows."""
        return self.filter(tenant=tenant_id)

    def dumped(self, ids: Collection[Any] = ()) -> Self:
        """All but the changes of the tenant itself, whose row is not dumped either."""
        return super().dumped(ids).exclude(model="tenants.tenant")

    def forget(self, request_id: str) -> None:
        """Delete what one request has changed from the history: for owner, who is loading one."""
        self.filter(request_id=request_id).delete()


_Changes = models.Manager.from_queryset(ChangeQuerySet)


class ChangeManager(_Changes["Change"], TenantManager["Change"]):
    """The history of the tenant's rows; written by triggers alone."""


class GlobalChangeQuerySet(models.QuerySet["GlobalChange"]):
    """Filters on global changes."""

    def of(self, model: type[models.Model], row_id: UUID | str) -> Self:
        """The changes of one row, latest first."""
        rows = self.filter(model=model._meta.label_lower, row_id=row_id)
        named = rows.select_related("actor").defer("actor__password")
        return named.order_by("-created_at", "-id")


_GlobalChanges = models.Manager.from_queryset(GlobalChangeQuerySet)


class GlobalChangeManager(_GlobalChanges["GlobalChange"]):
    """The history of rows that belong to no tenant; written by triggers alone."""
