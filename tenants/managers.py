"""The data-access contract that every tenant's model inherits.

    find     get_or_none, get, first, filter, in_bulk, exists, count    (get raises RowNotFound)
    write    create, bulk_create, save, update, bulk_update, delete
    upsert   update_or_create, bulk_create(update_conflicts=True)

All are Django's, but for `get_or_none`; none lets a driver's error through, and what breaks a
rule of the schema raises a ConstraintBroken that names the rule and the fields.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import ProtectedError, RestrictedError

from tenants.context import tenancy
from tenants.errors import ForeignKeyBroken

FETCH_MODES = {"peers": models.FETCH_PEERS, "raise": models.FETCH_RAISE}
"""What a relation that was not read along costs, by `settings.TENANT_FETCH_MODE`."""

M = TypeVar("M", bound=models.Model, covariant=True)


@contextmanager
def refusing_to_orphan() -> Iterator[None]:
    """A row that others point at raises ForeignKeyBroken, as PostgreSQL would have said it."""
    try:
        yield
    except (ProtectedError, RestrictedError) as error:
        rows: Iterable[models.Model] = (
            error.protected_objects
            if isinstance(error, ProtectedError)
            else error.restricted_objects
        )
        kinds = sorted({row._meta.label for row in rows})
        broken = ForeignKeyBroken(f"rows of {', '.join(kinds)} still point at it")
        broken.fields = tuple(kinds)
        raise broken from error


class TenantQuerySet(models.QuerySet[M]):
    """Rows of the tenant in force."""

    def acquired(self) -> Self:
        """Rows that are ours to change until we commit; all others who would have to wait."""
        return self.select_for_update(no_key=True)

    def get_or_none(self, *args: Any, **lookups: Any) -> M | None:
        """The one row that fits, or None; what can be no id finds none.

        Raises MultipleObjectsReturned when several fit.
        """
        try:
            return self.get(*args, **lookups)
        except (ObjectDoesNotExist, ValidationError):
            return None

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Django's; the tenant need not be named among the `unique_fields` of an upsert."""
        if (unique := kwargs.get("unique_fields")) and "tenant" not in unique:
            kwargs["unique_fields"] = ["tenant", *unique]
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        """How many rows went, by model. Raises ForeignKeyBroken when others point at one."""
        with refusing_to_orphan():
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


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
