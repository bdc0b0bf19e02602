"""Soft deletion: rows are marked deleted, can be restored, and are purged by age.

    objects       the live rows; related managers use these too
    all_objects   live and deleted rows: `.deleted()`, `.restore()`, `.hard_delete()`

A foreign key to a deleted row acts by its `on_delete`, among live rows. PROTECT refuses the
deletion. CASCADE marks rows of soft-deleted models too, and leaves other rows until the purge.
DO_NOTHING leaves all rows. Rows that were deleted together are restored together. But for
DO_NOTHING, PostgreSQL refuses a live row that newly points at a deleted one, inserted, moved or
restored: ParentDeleted (`tenants.schema.live_parents`). Unique constraints need
`condition=LIVE`, so that they hold among live rows only.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Self, cast, override

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from tenants.errors import ForeignKeyBroken
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.contract import M, deleting
from tenants.schema.fields import TenantForeignKey

LIVE = Q(deleted_at=None)
"""The condition of a unique constraint among rows that are not deleted."""

type Together = dict[type[models.Model], set[Any]]
"""The ids of rows to restore, by model."""


class SoftDeleteQuerySet(TenantQuerySet[M]):
    """Filters on live and deleted rows, and what deletes, restores and purges them."""

    def live(self) -> Self:
        """Rows that are not deleted."""
        return self.filter(LIVE)

    def identified(self, pk: Any) -> Self:
        """The row of that id, deleted or not."""
        return self.filter(pk=pk)

    def deleted(self) -> Self:
        """Rows that are deleted."""
        return self.exclude(LIVE)

    def under_deleted(self) -> Self:
        """Live rows of which a deletion should have marked the parent and them; for the audit."""
        deleted = Q()
        for field in self.model._meta.local_fields:
            if isinstance(field, TenantForeignKey) and _takes_along(field):
                deleted |= Q(**{f"{field.name}__deleted_at__isnull": False})
        return self.live().filter(deleted) if deleted else self.none()

    def delete(self) -> tuple[int, dict[str, int]]:
        """Mark the live rows deleted; how many, by model. Safe to repeat.

        Raises ForeignKeyBroken, and marks nothing, when a live row points at one and protects it.
        """
        counted: Counter[str] = Counter()
        with deleting(self.model), transaction.atomic(using=self.db):
            _mark_deleted(self.live(), timezone.now(), counted)
        return counted.total(), dict(counted)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def restore(self) -> tuple[int, dict[str, int]]:
        """Make the deleted rows live again, and what was deleted with them; how many, by model.

        Safe to repeat. Raises UniqueBroken when a live row now has the same unique values, and
        ParentDeleted when a row points at one that stays deleted.
        """
        together: Together = {}
        with transaction.atomic(using=self.db):
            _find_together(self.deleted(), together)
            counted = {
                model._meta.label: model._base_manager.filter(pk__in=together[model]).update(
                    deleted_at=None
                )
                for model in _parents_first(together)
            }
        return sum(counted.values()), counted

    restore.alters_data = True  # type: ignore[attr-defined]
    restore.queryset_only = True  # type: ignore[attr-defined]

    def mark_deleted(self, when: datetime) -> int:
        """Mark the live rows deleted at that time, even those that live rows protect; how many.

        A deactivation uses it: `.restore()` of the rows with that time brings them back.
        """
        counted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            _mark_deleted(self.live(), when, counted, even_protected=True)
        return counted[self.model._meta.label]

    mark_deleted.alters_data = True  # type: ignore[attr-defined]

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Delete for good, as Django does. Raises ForeignKeyBroken when rows point at one."""
        return super().delete()

    hard_delete.alters_data = True  # type: ignore[attr-defined]
    hard_delete.queryset_only = True  # type: ignore[attr-defined]

    def purgeable(self, before: datetime) -> Self:
        """Rows deleted before then that no other row, live or deleted, keeps from the purge.

        A row that the purge would delete along with it keeps it only while it must stay itself.
        """
        return self.exclude(_kept(self.model, before))

    def purge(self, before: datetime, batch: int) -> int:
        """Delete up to `batch` of those rows for good, the oldest first; how many."""
        oldest = self.purgeable(before).order_by("deleted_at", "pk")[:batch]
        # The rows are locked and filtered again: nobody restores one between the two statements.
        pks = list(oldest.select_for_update().values_list("pk", flat=True))
        _lock_below(self.model, pks)
        _, counted = self.purgeable(before).filter(pk__in=pks).hard_delete()
        return counted.get(self.model._meta.label, 0)

    purge.alters_data = True  # type: ignore[attr-defined]


_Manager = models.Manager.from_queryset(SoftDeleteQuerySet)


class AllObjectsManager(_Manager[M], TenantManager[M]):
    """Live and deleted rows of the tenant in force."""


class SoftDeleteManager(_Manager[M], TenantManager[M]):
    """The live rows of the tenant in force."""

    @override
    def get_queryset(self) -> SoftDeleteQuerySet[M]:
        return cast("SoftDeleteQuerySet[M]", super().get_queryset()).live()


def _pointing(model: type[models.Model]) -> Iterator[TenantForeignKey[Any, Any]]:
    """The foreign keys of tenants' models that point at a model."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            field = getattr(relation, "field", None)
            if isinstance(field, TenantForeignKey):
                yield field


def _is_soft_deleted(model: type[models.Model]) -> bool:
    return isinstance(model._base_manager, AllObjectsManager)


def _rows_at(field: TenantForeignKey[Any, Any], pks: list[Any]) -> Any:
    """The rows that point at rows with these ids."""
    return field.model._base_manager.filter(**{f"{field.attname}__in": pks})


def _kept(
    model: type[models.Model], before: datetime, above: tuple[type[models.Model], ...] = ()
) -> Q:
    """Which rows a purge keeps: those not deleted before then, and those that a kept row needs."""
    kept = ~Q(deleted_at__lt=before) if _is_soft_deleted(model) else Q()
    for field in _pointing(model):
        pointing = field.model._base_manager.filter(**{field.attname: OuterRef("pk")})
        # Rows of one model that point at each other go from the leaves, a batch at a time.
        if field.remote_field.on_delete is models.CASCADE and field.model not in (*above, model):
            if not (below := _kept(field.model, before, (*above, model))):
                continue
            pointing = pointing.filter(below)
        kept |= Q(Exists(pointing))
    return kept


def _lock_below(model: type[models.Model], pks: list[Any]) -> None:
    for field in _cascading(model) if pks else ():
        rows = _rows_at(field, pks).select_for_update()
        _lock_below(field.model, list(rows.values_list("pk", flat=True)))


def _cascading(model: type[models.Model]) -> Iterator[TenantForeignKey[Any, Any]]:
    """The foreign keys that delete and restore rows of soft-deleted models along with a row."""
    return (field for field in _pointing(model) if _takes_along(field))


def _takes_along(field: TenantForeignKey[Any, Any]) -> bool:
    """Whether the deletion of a row marks the rows that point at it."""
    ends = (field.model, field.remote_field.model)
    return field.remote_field.on_delete is models.CASCADE and all(map(_is_soft_deleted, ends))


def _mark_deleted(
    rows: "SoftDeleteQuerySet[Any]",
    when: datetime,
    counted: Counter[str],
    *,
    even_protected: bool = False,
) -> None:
    # Locked as for a deletion: an insert of a row that points at one is waited for.
    pks = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    if not pks:
        return
    if not even_protected:
        _refuse(rows.model, pks, models.PROTECT)
    changed = rows.model._base_manager.filter(pk__in=pks).update(deleted_at=when, updated_at=when)
    counted[rows.model._meta.label] += changed
    for field in _cascading(rows.model):
        below = _rows_at(field, pks).live()
        _mark_deleted(below, when, counted, even_protected=even_protected)
    if not even_protected:
        _refuse(rows.model, pks, models.RESTRICT)


def _refuse(model: type[models.Model], pks: list[Any], on_delete: Any) -> None:
    """Raise ForeignKeyBroken when a live row points at one by a foreign key of that kind."""
    for field in _pointing(model):
        if field.remote_field.on_delete is on_delete:
            at = _rows_at(field, pks)
            if (at.live() if _is_soft_deleted(field.model) else at).exists():
                broken = ForeignKeyBroken(f"rows of {field.model._meta.label} still point at it")
                broken.constraint, broken.fields = field.constraint_name, (field.name,)
                raise broken


def _find_together(rows: "SoftDeleteQuerySet[Any]", together: Together) -> None:
    """Lock the deleted rows and those that were deleted with them, and add their ids."""
    found = together.get(rows.model, set())
    deleted: dict[datetime, list[Any]] = {}
    for pk, when in rows.select_for_update().order_by("pk").values_list("pk", "deleted_at"):
        if pk not in found:
            deleted.setdefault(when, []).append(pk)
    for when, pks in deleted.items():
        together.setdefault(rows.model, set()).update(pks)
        for field in _cascading(rows.model):
            _find_together(_rows_at(field, pks).filter(deleted_at=when), together)


def _parents_first(together: Together) -> list[type[models.Model]]:
    """The models, each after those that its rows point at: so they find their parents live."""
    ordered: dict[type[models.Model], None] = {}

    def add(model: type[models.Model], above: frozenset[type[models.Model]]) -> None:
        for field in model._meta.local_fields:
            to = field.related_model
            if isinstance(to, type) and to in together and to not in above:
                add(to, above | {to})
        ordered[model] = None

    for model in together:
        add(model, frozenset({model}))
    return list(ordered)
