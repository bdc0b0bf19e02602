"""The verbs that change rules, in memory: `RuleVerbs` on a store."""

from typing import Any

from budgets.errors import UnknownBucket
from budgets.interfaces import AnyRow
from budgets.managers.buckets import has_name
from budgets.managers.ruleverbs import RuleVerbs
from budgets.testing.rows import Bucket
from budgets.testing.verbs import MemoryDAO


class MemoryBuckets(MemoryDAO, RuleVerbs):
    """Changes rules as BucketManager does; no quota is counted."""

    def get_by_name(self, budget: AnyRow, name: str) -> Bucket:
        """The open bucket of that name, whatever its case, or id. Raises UnknownBucket."""
        for bucket in self._store.all(Bucket, budget_id=budget.pk, archived_at=None):
            if has_name(bucket.pk, bucket.name, name):
                return bucket
        raise UnknownBucket(f"the budget has no open bucket {name!r}", name=name)

    def of(self, user: Any) -> list[Bucket]:
        """Buckets of the budgets that this user owns."""
        return [row for row in self._store.all(Bucket) if row.budget.belongs_to(user)]
