"""The directories that find a tenant: by slug, and by external id."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models

if TYPE_CHECKING:
    from tenants.models import TenantExternalId, TenantSlug


class TenantSlugManager(models.Manager["TenantSlug"]):
    """The directory of slugs: role app may enter one, role inspector reads them."""

    def claim(self, slug: str, holder: UUID) -> None:
        """Enter a slug. Raises ConstraintBroken when it is taken."""
        entry: TenantSlug = self.model(slug=slug, holder=holder)
        self.bulk_create([entry])

    def first_slugs(self, most: int) -> list[str]:
        """The first slugs in alphabetical order, at most so many."""
        return list(self.order_by("slug").values_list("slug", flat=True)[:most])

    def holder_of(self, slug: str) -> UUID | None:
        """The id of the tenant with a slug, or None."""
        return self.filter(slug=slug).values_list("holder", flat=True).first()


class TenantExternalIdManager(models.Manager["TenantExternalId"]):
    """The directory of external ids: role app sees the entry of the tenant in force only."""

    def replace(self, external_id: str, holder: UUID) -> None:
        """Enter a tenant's external id instead of the one it had; "" enters none.

        Raises UniqueBroken when another tenant has it.
        """
        self.filter(holder=holder).delete()
        if external_id:
            entry: TenantExternalId = self.model(external_id=external_id, holder=holder)
            entry.save(force_insert=True)
