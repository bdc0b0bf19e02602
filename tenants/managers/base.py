"""The data-access contract that every tenant's model inherits.

    find     get_or_none, get, first, filter, in_bulk, exists, count    (get raises RowNotFound)
    write    create, bulk_create, save, update, bulk_update, delete
    upsert   update_or_create, bulk_create(update_conflicts=True)
    list     listed, page: a query from outside, within the model's `listing`

All but `get_or_none`, `listed` and `page` are Django's. None raises a driver's error. A value that
breaks a rule of the schema raises a ConstraintBroken, which names the rule and the fields.

A manager with its own queryset has two bases, so that mypy sees the methods of both:

    _Manager = models.Manager.from_queryset(NoteQuerySet)

    class NoteManager(_Manager["Note"], TenantManager["Note"]): ...

The first is a name of the module and comes from Django's own manager. From any other manager, the
plugin makes Any or an error, depending on the order in which mypy reads the modules.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self, cast, override

from django.conf import settings
from django.db import models
from django.db.models.fetch_modes import FetchMode

from tenants.context import tenancy
from tenants.managers.arguments import guard
from tenants.managers.contract import ContractQuerySet, M

FETCH_MODES = {"peers": models.FETCH_PEERS, "raise": models.FETCH_RAISE}
"""How a relation is fetched that the query did not select, by `settings.TENANT_FETCH_MODE`."""


def fetch_mode() -> FetchMode:
    """The fetch mode that the settings choose."""
    return FETCH_MODES[getattr(settings, "TENANT_FETCH_MODE", "peers")]


class TenantQuerySet(ContractQuerySet[M]):
    """Rows of the tenant in force."""

    def acquired(self) -> Self:
        """The rows under a lock: other writers wait until this transaction ends."""
        return self.select_for_update(no_key=True)

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Django's; the `unique_fields` of an upsert need not name the tenant.

        They may also be the fields of a unique constraint with a condition. An updated row keeps
        its id, which then differs from the id of the given instance.
        """
        attname: str = self.model.tenant_attname  # type: ignore[attr-defined]
        owner = attname.removesuffix("_id")
        if (unique := kwargs.get("unique_fields")) and owner not in unique:
            kwargs["unique_fields"] = [owner, *unique]
        return super().bulk_create(objs, *args, **kwargs)

    def dumped(self, ids: Collection[Any] = ()) -> Self:
        """The rows that `dumpdata --tenant` writes, by id; only those with these ids, if given."""
        rows = self.order_by("pk")
        return rows.filter(pk__in=ids) if ids else rows

    def in_store(self, ids: Collection[Any]) -> dict[Any, M]:
        """The rows with these ids, by id; ids without a row are left out."""
        return self.in_bulk(list(ids))


_Manager = models.Manager.from_queryset(TenantQuerySet)


class TenantManager(_Manager[M]):
    """Every query of a tenant's model starts here: from the tenant in force, or with NoTenant.

    The query names the tenant as a literal. So row estimates, Citus routing and the refusal of
    another tenant's rows do not depend on the row policies alone.
    """

    if TYPE_CHECKING:
        model: type[M]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard(cls)

    @override
    def get_queryset(self) -> TenantQuerySet[M]:
        rows = cast("TenantQuerySet[M]", super().get_queryset()).fetch_mode(fetch_mode())
        tenant_id = tenancy().tenant_id
        if tenant_id is None:
            return rows
        attname: str = self.model.tenant_attname  # type: ignore[attr-defined]
        return rows.filter(**{attname: tenant_id})
