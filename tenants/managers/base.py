"""The data-access contract that every tenant's model inherits.

    find     get_or_none, get, first, filter, in_bulk, exists, count    (get raises RowNotFound)
    write    create, bulk_create, save, update, bulk_update, delete
    upsert   update_or_create, bulk_create(update_conflicts=True)
    list     listed, page: as somebody outside asks, within the model's `listing`

All are Django's, but for `get_or_none`, `listed` and `page`; none lets a driver's error through,
and what breaks a rule of the schema raises a ConstraintBroken that names the rule and the fields.

A manager with a queryset of its own has two bases, so that mypy sees the methods of both:

    _Manager = models.Manager.from_queryset(NoteQuerySet)

    class NoteManager(_Manager["Note"], TenantManager["Note"]): ...

The first is a name of the module, made from Django's own manager: of any other `from_queryset`
the plugin makes Any, or an error, depending on the order in which mypy reads the modules.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Self, cast, override

from django.conf import settings
from django.db import models
from django.db.models.fetch_modes import FetchMode

from tenants.context import tenancy
from tenants.managers.arguments import guard
from tenants.managers.contract import M
from tenants.managers.listed import ListedQuerySet

FETCH_MODES = {"peers": models.FETCH_PEERS, "raise": models.FETCH_RAISE}
"""What a relation that was not read along costs, by `settings.TENANT_FETCH_MODE`."""


def fetch_mode() -> FetchMode:
    """How relations are fetched that were not read along, here and now."""
    return FETCH_MODES[getattr(settings, "TENANT_FETCH_MODE", "peers")]


class TenantQuerySet(ListedQuerySet[M]):
    """Rows of the tenant in force."""

    def acquired(self) -> Self:
        """Rows that are ours to change until we commit; all others who would have to wait."""
        return self.select_for_update(no_key=True)

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Django's; the tenant need not be named among the `unique_fields` of an upsert.

        Those may be the fields of a unique constraint with a condition, too. A row that is
        updated keeps its id, which is then another than that of the instance given.
        """
        if (unique := kwargs.get("unique_fields")) and "tenant" not in unique:
            kwargs["unique_fields"] = ["tenant", *unique]
        return super().bulk_create(objs, *args, **kwargs)

    def dumped(self, ids: Collection[Any] = ()) -> Self:
        """What `dumpdata --tenant` takes, in the order of their ids; of these alone, if given."""
        rows = self.order_by("pk")
        return rows.filter(pk__in=ids) if ids else rows

    def in_store(self, ids: Collection[Any]) -> dict[Any, M]:
        """Those of the rows that are there, by their ids."""
        return self.in_bulk(list(ids))


_Manager = models.Manager.from_queryset(TenantQuerySet)


class TenantManager(_Manager[M]):
    """The only way in: every query starts from the tenant in force, or raises NoTenant.

    The tenant is in the query as a literal: estimates, Citus routing and the refusal of
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
