"""The rows of one model in memory, with the steps of `tenants.managers.verbs`."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models
from django.utils import timezone

from tenants import context
from tenants.access import quotas
from tenants.errors import UniqueBroken, ValueRefused
from tenants.models import TenantOwned
from tenants.postgres.untrusted import UNSTORABLE

if TYPE_CHECKING:
    from tenants.testing.memory import MemoryDirectory


class MemoryRows[M: models.Model]:
    """The steps of `Verbs` in memory. Reads see the live rows of the block in force."""

    unique: ClassVar[Mapping[str, Callable[[Any], object]]] = {}
    """Constraints, and what no two rows may have in common; None is not compared."""

    def __init__(self, directory: "MemoryDirectory", model: type[M]) -> None:
        self._directory = self._blocks = directory
        self.model: Any = model
        self.db = DEFAULT_DB_ALIAS

    def all(self) -> list[M]:
        """Every row, the oldest first."""
        return self._shown()

    def get(self, **equal: Any) -> M:
        """The row with these values. Raises RowNotFound."""
        if (found := self.get_or_none(**equal)) is None:
            raise self.model.DoesNotExist(f"there is no {self.model._meta.verbose_name}")
        return found

    def get_or_none(self, **equal: Any) -> M | None:
        """The row with these values, or None."""
        return next(iter(self._shown(**equal)), None)

    def _shown(self, **equal: Any) -> list[M]:
        """The rows that the block in force may see."""
        return self._find(**equal)

    def _find(self, *, deleted: bool = False, **equal: Any) -> list[M]:
        if issubclass(self.model, TenantOwned) and (tenant_id := context.tenancy().tenant_id):
            equal[self.model.tenant_attname] = tenant_id
        if not deleted and hasattr(self.model, "deleted_at"):
            equal["deleted_at"] = None
        return [
            self._read(row)
            for row in self._table.values()
            if all(getattr(row, name) == value for name, value in equal.items())
        ]

    @property
    def _table(self) -> dict[UUID, M]:
        return self._directory.tables[self.model]

    def _read(self, row: M) -> M:
        return copy(row)

    def _create_row(self, row: Any) -> None:
        row.created_at = row.updated_at = timezone.now()
        self._require_writable("insert")
        self._put(row)
        row._state.adding = False

    def _save_row(self, row: Any, *fields: str) -> None:
        row.updated_at = timezone.now()
        stored = copy(self._table[row.pk])
        for name in (*fields, "updated_at"):
            setattr(stored, name, getattr(row, name))
        self._require_writable("update", fields)
        self._put(stored)

    def _require_writable(self, change: str, fields: Collection[str] = ()) -> None:
        """As the engine asks before a write."""
        self.model.require_writable(change, fields)

    def _put(self, row: Any) -> None:
        if any(isinstance(value, str) and UNSTORABLE.search(value) for value in vars(row).values()):
            raise ValueRefused("a text has a character that PostgreSQL cannot store")
        for constraint, key in self.unique.items():
            self._require_unique(row, constraint, key)
        self._table[row.pk] = copy(row)

    def _require_unique(self, row: Any, constraint: str, key: Callable[[Any], object]) -> None:
        others = [key(other) for pk, other in self._table.items() if pk != row.pk]
        if key(row) is not None and key(row) in others:
            broken = UniqueBroken("another row has these values")
            broken.constraint = constraint
            raise broken

    def _all_or_nothing(self) -> AbstractContextManager[Any]:
        return self._directory.all_or_nothing()

    def _other(self, model: str) -> Any:
        return self._directory.daos[model]

    def _require_quota(self, name: str) -> None:
        """Of the quotas only that of members is counted."""
        context.tenancy().require_writable()
        [tenant] = self._directory.tenants.all()
        now = timezone.now()
        pending = self._directory.invitations._pending()
        used = len(self._directory.memberships.all()) + sum(row.expires_at > now for row in pending)
        granted = (tenant.plan, tenant.trial_plan, tenant.trial_ends_at, None)
        quotas.require_one_more(name, granted, used)
