"""The ledger in memory, a page at a time."""

from typing import Any, Unpack

from budgets.errors import BadPage
from budgets.interfaces import Given
from budgets.managers.reads.asked import bounded
from budgets.managers.reads.pages import (
    MOST_ROWS,
    Filters,
    Page,
    Row,
    cursor_of,
    require_filter,
)
from budgets.testing.rows import Entry, MovementKind, columns
from budgets.testing.store import Verbs

OWN = ("position", "amount", "balance_before", "balance_after", "reason", "became_full")
MOVED = ("seq", "kind", "effective_at", "recorded_at", "memo", "source")


class MemoryEntries(Verbs, reads=True):
    """The ledger's lines, as EntryManager has them."""

    def page(
        self,
        budget: Given,
        *,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
        **filters: Unpack[Filters],
    ) -> Page:
        """A page of the budget's ledger, newest first: the newest, or one beside a cursor."""
        bounded("limit", limit, least=1, most=MOST_ROWS, refusal=BadPage)
        if after is not None and before is not None:
            raise BadPage("a page is after a cursor or before one, not both", field="after")
        rows = [_row(entry) for entry in self._store.all(Entry) if _of(entry, budget)]
        for name, value in filters.items():
            if value is not None:
                require_filter(name, value, budget, MovementKind)
                rows = [row for row in rows if _passes(row, name, value)]
        newest_first = sorted(rows, key=lambda row: row.cursor, reverse=True)
        return _page(newest_first, cursor_of(after), cursor_of(before), limit)


def _page(rows: list[Row], after: Any, before: Any, limit: int) -> Page:
    """The rows beside a cursor, and whether there are any on either side of them."""
    if before is not None:
        near = [row for row in rows if row.cursor > before]
        shown, newer, older = near[-limit:], len(near) > limit, True
    else:
        near = [row for row in rows if after is None or row.cursor < after]
        shown, newer, older = near[:limit], after is not None, len(near) > limit
    return Page(
        tuple(shown),
        shown[0].cursor if shown and newer else None,
        shown[-1].cursor if shown and older else None,
    )


def _row(entry: Entry) -> Row:
    movement = entry.movement
    return Row(
        id=entry.pk,
        movement=movement.pk,
        bucket=entry.bucket_id,
        bucket_name=entry.bucket.name,
        **columns(entry, OWN),
        **columns(movement, MOVED),
    )


def _of(entry: Entry, budget: Given) -> bool:
    return bool(entry.movement.budget_id == budget.pk)


def _passes(row: Row, name: str, value: Any) -> bool:
    """Whether a row passes a filter."""
    if name == "text":
        return bool(value.upper() in f"{row.memo}\n{row.source}".upper())
    field, _, end = name.rpartition("_")
    if end in ("from", "to"):
        moment = getattr(row, f"{field}_at")
        return bool(moment >= value if end == "from" else moment < value)
    passed = {
        "bucket": lambda: row.bucket == value.pk,
        "kind": lambda: row.kind == value,
        "least": lambda: row.amount >= value,
        "most": lambda: row.amount <= value,
    }
    return bool(passed[name]())
