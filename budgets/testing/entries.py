"""The ledger in memory, a page at a time, by the listing that `Entry` declares."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from django.db import models

from budgets.managers.kinds import MovementKind
from budgets.managers.reads.ledger import LEDGER, MEMOS
from budgets.testing.rows import Entry
from budgets.testing.verbs import MemoryDAO
from tenants.listing import Page
from tenants.listing.pages import page_from, position_of, signer_of
from tenants.listing.query import Declaration, Filter, ListingQuery, parse

COLUMNS: dict[str, Any] = {
    "movement__budget": models.UUIDField(),
    "bucket": models.UUIDField(),
    "movement__kind": models.CharField(choices=MovementKind.choices),
    "movement__seq": models.BigIntegerField(),
    "movement__effective_at": models.DateTimeField(),
    "movement__recorded_at": models.DateTimeField(),
    "amount": models.BigIntegerField(),
}
"""What may be filtered by, as the models' columns have it."""

DECLARED = Declaration(LEDGER, COLUMNS.__getitem__, MEMOS)

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "in": lambda value, values: value in values,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


class MemoryEntries(MemoryDAO):
    """The ledger's lines, as EntryManager has them."""

    def page(
        self,
        asked: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
    ) -> Page[Entry]:
        """One page of the entries asked for; keywords count before the mapping."""
        own = {"limit": limit, "cursor": cursor, "sort": sort}
        understood = parse(DECLARED, {} if asked is None else asked, own)
        signer = signer_of(understood, key=f"in memory {id(self._store)}", fallback_keys=())
        place = position_of(understood.cursor, signer)
        down = understood.sort.descending != (place is not None and place.back)
        rows = [row for row in self._store.all(Entry) if _passes(row, understood)]
        if place is not None:
            beyond = operator.lt if down else operator.gt
            rows = [row for row in rows if beyond(_place(row), place.values)]
        rows.sort(key=_place, reverse=down)
        return page_from(
            rows,
            understood.limit,
            place,
            lambda row, back: signer.sign_object([back, *_place(row)]),
        )


def _place(row: Entry) -> list[Any]:
    """Where a row is among those of its budget."""
    return [row.movement.seq, row.position]


def _passes(row: Entry, query: ListingQuery) -> bool:
    """Whether a row fulfils the query."""
    told = f"{row.movement.memo}\n{row.movement.source}".upper()
    found = query.search is None or query.search.upper() in told
    return found and all(_fulfils(row, each) for each in query.filters)


def _fulfils(row: Entry, condition: Filter) -> bool:
    relation, _, name = condition.path.rpartition("__")
    holder = row.movement if relation else row
    value = getattr(holder, f"{name}_id" if name in ("budget", "bucket") else name)
    return COMPARE[condition.operator](value, condition.value)
