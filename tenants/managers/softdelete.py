"""Rows that are deleted by being marked, can be restored, and are purged by age.

    objects       the live rows: what everybody asks, related managers included
    all_objects   the deleted ones too: `.deleted()`, `.restore()`, `.hard_delete()`

What points at a deleted row is dealt with as its foreign key declares, among live rows:
PROTECT refuses; CASCADE deletes rows that can be marked along with it, and leaves others in
place until the purge; DO_NOTHING leaves them all. What was deleted together is restored
together. A unique constraint has to hold among live rows only: `condition=LIVE`.
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
from tenants.managers.contract import M
from tenants.schema.fields import TenantForeignKey

LIVE = Q(deleted_at=None)
"""The condition of a unique constraint among rows that are not deleted."""


class SoftDeleteQuerySet(TenantQuerySet[M]):
    """Rows that may be deleted."""

    def live(self) -> Self:
        """Rows that are not deleted."""
        return self.filter(LIVE)

    def identified(self, pk: Any) -> Self:
        """The row of that id, deleted or not."""
        return self.filter(pk=pk)

    def deleted(self) -> Self:
        """Rows that are."""
        return self.exclude(LIVE)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Mark the live ones deleted; how many, by model. Safe to repeat.

        Raises ForeignKeyBroken, and marks none, when a live row points at one and protects it.
        """
        counted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            _bury(self.live(), timezone.now(), counted)
        return counted.total(), dict(counted)

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def restore(self) -> tuple[int, dict[str, int]]:
        """Make the deleted ones live again, and what was deleted with them; how many, by model.

        Safe to repeat. Raises UniqueBroken when a live row has taken the place of one.
        """
        counted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            _unearth(self.deleted(), counted)
        return counted.total(), dict(counted)

    restore.alters_data = True  # type: ignore[attr-defined]
    restore.queryset_only = True  # type: ignore[attr-defined]

    def mark(self, when: datetime) -> int:
        """Mark the live ones deleted at that time, even those that live rows protect; how many.

        For who may come back to what is theirs: `.restore()` of the rows with that time.
        """
        counted: Counter[str] = Counter()
        with transaction.atomic(using=self.db):
            _bury(self.live(), when, counted, even_protected=True)
        return counted[self.model._meta.label]

    mark.alters_data = True  # type: ignore[attr-defined]

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Delete for good, as Django does. Raises ForeignKeyBroken when rows point at one."""
        return super().delete()

    hard_delete.alters_data = True  # type: ignore[attr-defined]
    hard_delete.queryset_only = True  # type: ignore[attr-defined]

    def purgeable(self, before: datetime) -> Self:
        """Rows deleted before then that no row, dead or alive, keeps.

        One that would be deleted along with it keeps it as long as it has to stay itself.
        """
        return self.exclude(_staying(self.model, before))

    def purge(self, before: datetime, batch: int) -> int:
        """Delete for good up to `batch` of those, the oldest first; how many went."""
        oldest = self.purgeable(before).order_by("deleted_at", "pk")[:batch]
        # Locked, and asked again: nobody can restore what is on its way out.
        pks = list(oldest.select_for_update().values_list("pk", flat=True))
        _lock_below(self.model, pks)
        _, counted = self.purgeable(before).filter(pk__in=pks).hard_delete()
        return counted.get(self.model._meta.label, 0)

    purge.alters_data = True  # type: ignore[attr-defined]


_Manager = models.Manager.from_queryset(SoftDeleteQuerySet)


class AllObjectsManager(_Manager[M], TenantManager[M]):
    """Every row of the tenant in force, the deleted ones too."""


class SoftDeleteManager(AllObjectsManager[M]):
    """The live rows of the tenant in force."""

    @override
    def get_queryset(self) -> SoftDeleteQuerySet[M]:
        return cast("SoftDeleteQuerySet[M]", super().get_queryset()).live()


def _pointing(model: type[models.Model]) -> Iterator[TenantForeignKey[Any, Any]]:
    """The foreign keys of tenants' models that point at it."""
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            field = getattr(relation, "field", None)
            if isinstance(field, TenantForeignKey):
                yield field


def _can_be_marked(model: type[models.Model]) -> bool:
    return isinstance(model._base_manager, AllObjectsManager)


def _rows_at(field: TenantForeignKey[Any, Any], pks: list[Any]) -> Any:
    """The rows that point at these."""
    return field.model._base_manager.filter(**{f"{field.attname}__in": pks})


def _staying(
    model: type[models.Model], before: datetime, above: tuple[type[models.Model], ...] = ()
) -> Q:
    """Which rows a purge has to leave: not deleted before then, or kept by a row that stays."""
    staying = ~Q(deleted_at__lt=before) if _can_be_marked(model) else Q()
    for field in _pointing(model):
        pointing = field.model._base_manager.filter(**{field.attname: OuterRef("pk")})
        # Rows of one model that point at each other go from the leaves, a batch at a time.
        if field.remote_field.on_delete is models.CASCADE and field.model not in (*above, model):
            if not (below := _staying(field.model, before, (*above, model))):
                continue
            pointing = pointing.filter(below)
        staying |= Q(Exists(pointing))
    return staying


def _lock_below(model: type[models.Model], pks: list[Any]) -> None:
    for field in _pointing(model) if pks else ():
        if field.remote_field.on_delete is models.CASCADE and _can_be_marked(field.model):
            rows = _rows_at(field, pks).select_for_update()
            _lock_below(field.model, list(rows.values_list("pk", flat=True)))


def _bury(
    rows: "SoftDeleteQuerySet[Any]",
    when: datetime,
    counted: Counter[str],
    *,
    even_protected: bool = False,
) -> None:
    # Locked as for a deletion: whoever is inserting a row that points at one is waited for.
    pks = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    if not pks:
        return
    if not even_protected:
        _refuse(rows.model, pks, models.PROTECT)
    changed = rows.model._base_manager.filter(pk__in=pks).update(deleted_at=when, updated_at=when)
    counted[rows.model._meta.label] += changed
    for field in _pointing(rows.model):
        if field.remote_field.on_delete is models.CASCADE and _can_be_marked(field.model):
            _bury(_rows_at(field, pks).live(), when, counted, even_protected=even_protected)
    if not even_protected:
        _refuse(rows.model, pks, models.RESTRICT)


def _refuse(model: type[models.Model], pks: list[Any], on_delete: Any) -> None:
    for field in _pointing(model):
        if field.remote_field.on_delete is on_delete:
            at = _rows_at(field, pks)
            if (at.live() if _can_be_marked(field.model) else at).exists():
                broken = ForeignKeyBroken(f"rows of {field.model._meta.label} still point at it")
                broken.constraint, broken.fields = field.constraint_name, (field.name,)
                raise broken


def _unearth(rows: "SoftDeleteQuerySet[Any]", counted: Counter[str]) -> None:
    graves: dict[datetime, list[Any]] = {}
    for pk, when in rows.select_for_update().order_by("pk").values_list("pk", "deleted_at"):
        graves.setdefault(when, []).append(pk)
    for when, pks in graves.items():
        together = rows.model._base_manager.filter(pk__in=pks)
        counted[rows.model._meta.label] += together.update(deleted_at=None)
        for field in _pointing(rows.model):
            cascades = field.remote_field.on_delete is models.CASCADE
            if cascades and _can_be_marked(field.model):
                _unearth(_rows_at(field, pks).filter(deleted_at=when), counted)
