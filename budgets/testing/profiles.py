"""Import profiles in memory: `ProfileVerbs` on a store."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from budgets.managers.profilefacts import ProfileFacts
from budgets.managers.profileverbs import ProfileVerbs
from budgets.testing.rows import OfBudget
from budgets.testing.verbs import MemoryDAO


@dataclass(eq=False, kw_only=True)
class ImportProfile(ProfileFacts, OfBudget):
    """The options of the last import of an account."""

    account: str
    format: str
    header: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class MemoryImportProfiles(MemoryDAO, ProfileVerbs):
    """Remembers how files are read, as ImportProfileManager does."""

    def _all(self, budget: Any) -> list[Any]:
        rows = self._store.all(ImportProfile, budget_id=budget.pk)
        return sorted(rows, key=attrgetter("account"))

    def _save(self, profile: Any, columns: Sequence[str] = ()) -> None:
        profile.updated_at = self._store.clock()
        self._store.put(profile)

    def _remove(self, profile: Any) -> None:
        self._store.remove(profile)
