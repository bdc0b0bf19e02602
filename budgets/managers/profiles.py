"""Import profiles: filters. The verbs are those of `ProfileVerbs`."""

from typing import TYPE_CHECKING, Self

from django.db import models

from budgets.managers.profileverbs import ProfileVerbs
from tenants.managers.base import TenantManager, TenantQuerySet

if TYPE_CHECKING:
    from budgets.models import ImportProfile


class ImportProfileQuerySet(TenantQuerySet["ImportProfile"]):
    """Filters on profiles."""

    def by_account(self) -> Self:
        """In the order of their accounts; first that of files that name none."""
        return self.order_by("account")


_Profiles = models.Manager.from_queryset(ImportProfileQuerySet)


class ImportProfileManager(
    ProfileVerbs, _Profiles["ImportProfile"], TenantManager["ImportProfile"]
):
    """The import profiles of the tenant in force."""
