"""Purges rows that were deleted softly long ago: as role app, one batch a transaction.

Only rows of soft-deleted models are purged; the ledger has none, and no DELETE. Of a user who was
deactivated long ago, the personal data is deleted; the row stays, because ledgers name its id.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.apps import apps
from django.utils import timezone

from tenants.context import run_for
from tenants.errors import StoreError
from tenants.models import SoftDeleteModel, User

BATCH = 500
DAYS = 90
MOST_DAYS = 36_500


class BadAge(StoreError):
    """The age is a number of days from 0."""

    code = "bad_age"


def purge(tenant_id: UUID | str, *, days: int = DAYS, batch: int = BATCH) -> dict[str, int]:
    """Delete for good what a tenant deleted more than `days` ago; how many rows, by model.

    Rows that others still point at stay. Safe to repeat and to interrupt: finished batches are
    gone, and the next run finds the rest. Raises BadAge.
    """
    before = _before(days)
    counted = {model._meta.label: _purge(tenant_id, model, before, batch) for model in purged()}
    return {label: count for label, count in counted.items() if count}


def purgeable(tenant_id: UUID, *, days: int = DAYS) -> dict[str, int]:
    """How many rows `purge` would delete now, by model."""
    before = _before(days)

    def count() -> dict[str, int]:
        rows = {model: model.all_objects.purgeable(before).count() for model in purged()}
        return {model._meta.label: found for model, found in rows.items() if found}

    return run_for(tenant_id, count)


def purge_users(*, days: int = DAYS, batch: int = BATCH) -> int:
    """Delete personal data of users deactivated more than `days` ago; how many users.

    They cannot be restored afterwards. Safe to repeat and to interrupt. Raises BadAge.
    """
    before, total = _before(days), 0
    while count := User.objects.purge(before, batch):
        total += count
    return total


def purgeable_users(*, days: int = DAYS) -> int:
    """How many users `purge_users` would purge now."""
    return User.all_objects.purgeable(_before(days)).count()


def purged() -> Iterator[type[SoftDeleteModel]]:
    """The soft-deleted models, each before the models that it points at."""
    for model in reversed(list(apps.get_models())):
        if issubclass(model, SoftDeleteModel):
            yield model


def _before(days: int) -> datetime:
    if type(days) is not int or not 0 <= days <= MOST_DAYS:
        raise BadAge(f"an age is a number of days from 0 to {MOST_DAYS:,}, not {days!a:.99}")
    return timezone.now() - timedelta(days=days)


def _purge(
    tenant_id: UUID | str, model: type[SoftDeleteModel], before: datetime, batch: int
) -> int:
    total = 0
    while count := run_for(tenant_id, lambda: model.all_objects.purge(before, batch)):
        total += count
    return total
