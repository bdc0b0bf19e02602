"""What every model's rows can be asked, a tenant's or not, and how a deletion is refused."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Count, Exists, OuterRef, ProtectedError, RestrictedError

from tenants.errors import ForeignKeyBroken, ValueRefused
from tenants.managers.arguments import guard
from tenants.postgres.touches import touches
from tenants.postgres.values import Query, refusing
from tenants.schema.fields import TenantForeignKey

KEEPS = (models.PROTECT, models.RESTRICT)
"""What keeps a row from being deleted while others point at it."""

M = TypeVar("M", bound=models.Model, covariant=True)


class Dangling(NamedTuple):
    """What a foreign key points at that is not there: in how many rows, how many ids, some ids."""

    rows: int
    ids: int
    examples: list[UUID]


@contextmanager
def deleting(model: type[models.Model]) -> Iterator[None]:
    """Rows that others point at raise ForeignKeyBroken, as PostgreSQL would have said it.

    Whoever may not write is told that first: Django looks at what points at a row before it
    deletes any.
    """
    if require_writable := getattr(model, "require_writable", None):
        require_writable()
    try:
        yield
    except (ProtectedError, RestrictedError) as error:
        rows: Iterable[models.Model] = (
            error.protected_objects
            if isinstance(error, ProtectedError)
            else error.restricted_objects
        )
        raise _still_pointed_at(model, rows) from error


def _still_pointed_at(model: type[models.Model], rows: Iterable[models.Model]) -> ForeignKeyBroken:
    """The error for the rows that keep one; it names one key of theirs, as PostgreSQL would."""
    kinds = sorted({type(row) for row in rows}, key=lambda kind: kind._meta.label)
    labels = ", ".join(kind._meta.label for kind in kinds)
    broken = ForeignKeyBroken(f"rows of {labels} still point at it")
    keys = [
        field
        for kind in kinds
        for field in kind._meta.local_fields
        if field.remote_field and field.remote_field.on_delete in KEEPS and field.name != "tenant"
    ]
    for key in sorted(keys, key=lambda key: key.related_model is not model)[:1]:
        broken.fields = (key.name,)
        broken.constraint = key.constraint_name if isinstance(key, TenantForeignKey) else None
    return broken


class ContractQuerySet(models.QuerySet[M]):
    """What every model's rows can be asked, a tenant's or not.

    A value that a field cannot have is a ValueRefused in every method that takes look-ups.
    """

    def __init__(self, model: Any = None, query: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(model, Query(model) if query is None else query, *args, **kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard(cls)

    def get(self, *args: Any, **lookups: Any) -> M:
        """The one row that fits. Raises DoesNotExist, which is RowNotFound, also for what can
        be no id, and MultipleObjectsReturned when several fit.
        """
        try:
            return super().get(*args, **lookups)
        except ValueRefused as error:
            if error.sqlstate is not None:  # PostgreSQL said so: the transaction is broken
                raise
            missing: type[ObjectDoesNotExist] = self.model.DoesNotExist  # type: ignore[attr-defined]
            raise missing(f"no {self.model._meta.verbose_name} can have that: {error}") from error

    def get_or_none(self, *args: Any, **lookups: Any) -> M | None:
        """The one row that fits, or None; what can be no id finds none.

        Raises MultipleObjectsReturned when several fit.
        """
        try:
            return self.get(*args, **lookups)
        except ObjectDoesNotExist:
            return None

    def in_bulk(self, id_list: Any = None, *args: Any, **kwargs: Any) -> dict[Any, M]:
        """Rows by id. Raises ValueRefused for what can be no id."""
        with refusing(kwargs.get("field_name", "pk")):
            wanted = None if id_list is None else list(id_list)
        return super().in_bulk(wanted, *args, **kwargs)

    def dangling(self, key: str, *, most: int = 3) -> Dangling | None:
        """What rows name by a foreign key that has no constraint and is no row; None if nothing.

        The ids that are named most often are the examples.
        """
        field: Any = self.model._meta.get_field(key)
        there = field.related_model._base_manager.filter(pk=OuterRef(field.attname))
        unknown = self.filter(~Exists(there), **{f"{field.attname}__isnull": False})
        rows, ids = Count("pk"), Count(field.attname, distinct=True)
        told = unknown.aggregate(rows=rows, ids=ids)
        if not told["rows"]:
            return None
        often = (
            unknown.values_list(field.attname).annotate(rows).order_by("-pk__count", field.attname)
        )
        return Dangling(**told, examples=[pk for pk, _ in often[:most]])

    def bulk_update(
        self, objs: Iterable[models.Model], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        """How many rows were written; those given know when. Raises WrongType unless rows are."""
        rows: list[Any] = list(objs)
        named = list(fields)
        moved = touches(self.model, named)
        queryset: Any = self.all()
        queryset.query.touches = moved
        changed: int = super(ContractQuerySet, queryset).bulk_update(rows, named, *args, **kwargs)
        for row in rows:
            for field, value in moved.items():
                setattr(row, field.attname, value)
        return changed

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """How many rows went, by model. Raises ForeignKeyBroken when others point at one."""
        with deleting(self.model):
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]
