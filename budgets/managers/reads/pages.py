"""The ledger a page at a time, newest first, found by its place and never by counting rows.

The place of an entry is the movement's `seq` and the `position` in it. Both are written once
and only grow, so a cursor stays good whatever is entered meanwhile, and under any filters.
"""

from collections.abc import Container
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack, cast
from uuid import UUID

from django.db.models import Q, Subquery

from budgets.cascade import MAX_MINOR
from budgets.errors import BadPage
from budgets.managers.reads.asked import aware, bounded
from tenants.postgres.unreadable import Unreadable, marked

if TYPE_CHECKING:
    from budgets.managers.entries import EntryQuerySet
    from budgets.models import Bucket, Budget

MOST_ROWS = 500


class Cursor(NamedTuple):
    """The place of an entry in its budget's ledger."""

    seq: int
    position: int


class Filters(TypedDict, total=False):
    """Which entries to list; None is no filter. Ranges of time begin at `from`, end before `to`.

    Amounts are those of the entries, in minor units: what left a bucket is below zero. `text`
    is looked for in memo and source, upper and lower case alike.
    """

    bucket: "Bucket | None"
    kind: str | None
    effective_from: datetime | None
    effective_to: datetime | None
    recorded_from: datetime | None
    recorded_to: datetime | None
    least: int | None
    most: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with what it is good to know of its movement; sums in minor units.

    A time that Python cannot read is marked as an Unreadable, and the row is there.
    """

    id: UUID
    seq: int
    position: int
    movement: UUID
    kind: str
    bucket: UUID
    bucket_name: str
    amount: int
    balance_before: int
    balance_after: int
    reason: str
    became_full: bool
    effective_at: datetime | Unreadable
    recorded_at: datetime | Unreadable
    memo: str
    source: str

    @property
    def cursor(self) -> Cursor:
        """Its place; `before` it is what was entered since."""
        return Cursor(self.seq, self.position)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first, with the cursors of the pages beside it where there are any.

    `newer` is for `before`, `older` for `after`.
    """

    rows: tuple[Row, ...]
    newer: Cursor | None
    older: Cursor | None


_COLUMNS = {
    "seq": "movement__seq", "kind": "movement__kind", "bucket_name": "bucket__name",
    "effective_at": "movement__effective_at", "recorded_at": "movement__recorded_at",
    "memo": "movement__memo", "source": "movement__source",
}  # fmt: skip
"""Where the fields of a Row are that are not an entry's own."""

_LOOKUPS = {
    "bucket": "bucket", "kind": "movement__kind", "least": "amount__gte", "most": "amount__lte",
    "effective_from": "movement__effective_at__gte", "effective_to": "movement__effective_at__lt",
    "recorded_from": "movement__recorded_at__gte", "recorded_to": "movement__recorded_at__lt",
}  # fmt: skip


class LedgerPages:
    """Mixed into the manager of entries."""

    def page(
        self,
        budget: "Budget",
        *,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
        **filters: Unpack[Filters],
    ) -> Page:
        """A page of the budget's ledger in one statement: the newest, or one beside a cursor.

        `after` a cursor come older entries, `before` it newer ones, nearest to it; the page
        itself is newest first in both cases. A page of one bucket, too, is found by an index.

        Raises BadPage for a limit, a cursor or a filter that is none.
        """
        bounded("limit", limit, least=1, most=MOST_ROWS, refusal=BadPage)
        if after is not None and before is not None:
            raise BadPage("a page is after a cursor or before one, not both", field="after")
        entries = cast("EntryQuerySet", self)
        rows = _narrowed(entries.filter(movement__budget=budget), budget, filters)
        bucket, upwards = filters.get("bucket"), before is not None
        cursor = cursor_of(before if upwards else after)
        if cursor is not None:
            rows = rows.filter(_beyond(cursor, upwards))
            if bucket is not None:
                rows = rows.filter(_near(entries, budget, bucket, cursor, upwards))
        return _page(rows.order_by(*_order(bucket, upwards)), limit, upwards, cursor is not None)


def _page(rows: "EntryQuerySet", limit: int, upwards: bool, beside: bool) -> Page:
    """Read one row more than asked, to know whether the walk goes on; turn round if upwards."""
    columns = [_COLUMNS.get(field.name, field.name) for field in fields(Row)]
    with marked():
        found = [Row(*values) for values in rows.values_list(*columns)[: limit + 1]]
    further, shown = len(found) > limit, found[:limit]
    if upwards:
        shown.reverse()
    newer, older = (further, beside) if upwards else (beside, further)
    return Page(
        tuple(shown),
        shown[0].cursor if shown and newer else None,
        shown[-1].cursor if shown and older else None,
    )


def _order(bucket: "Bucket | None", upwards: bool) -> list[str]:
    """Newest first. Within a bucket its own seq says the same, and has an index."""
    columns = ["movement__seq", "position"] if bucket is None else ["seq"]
    return columns if upwards else [f"-{column}" for column in columns]


def _beyond(cursor: Cursor, upwards: bool) -> Q:
    """The entries on one side of a place; the first condition is the one an index knows."""
    way = "gt" if upwards else "lt"
    beside = Q(movement__seq=cursor.seq, **{f"position__{way}": cursor.position})
    further = Q(**{f"movement__seq__{way}": cursor.seq})
    return Q(**{f"movement__seq__{way}e": cursor.seq}) & (further | beside)


def _near(
    entries: "EntryQuerySet", budget: "Budget", bucket: "Bucket", cursor: Cursor, upwards: bool
) -> Q:
    """Where in its bucket a walk goes on, for the index: at the cursor, or where it would be."""
    way, turn = ("gte", "") if upwards else ("lte", "-")
    rows = entries.filter(bucket=bucket, movement__budget=budget)
    rows = rows.filter(**{f"movement__seq__{way}": cursor.seq}).order_by(f"{turn}movement__seq")
    return Q(**{f"seq__{way}": Subquery(rows.values("seq")[:1])})


def cursor_of(given: Any) -> Cursor | None:
    """A pair of ints from 1, or None. Raises BadPage."""
    if given is None:
        return None
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise BadPage(f"a cursor is a seq and a position, not {given!r}", field="cursor")
    return Cursor(*(bounded("cursor", n, least=1, most=MAX_MINOR, refusal=BadPage) for n in given))


def _narrowed(rows: "EntryQuerySet", budget: "Budget", filters: Filters) -> "EntryQuerySet":
    """The rows that pass every filter. Raises BadPage."""
    for name, value in filters.items():
        if value is None:
            continue
        require_filter(name, value, budget, budget.movements.model.Kind)
        if name == "text":
            text = Q(movement__memo__icontains=value) | Q(movement__source__icontains=value)
            rows = rows.filter(text)
        else:
            rows = rows.filter(**{_LOOKUPS[name]: value})
    return rows


def require_filter(name: str, value: Any, budget: "Budget", kinds: Container[str]) -> None:
    """Raise BadPage for what is no value of the filter."""
    if name.endswith(("_from", "_to")):
        aware(name, value, refusal=BadPage)
    elif name in ("least", "most"):
        bounded(name, value, least=-MAX_MINOR, most=MAX_MINOR, refusal=BadPage)
    elif name == "kind" and value not in kinds:
        raise BadPage(f"there is no kind of movement {value!r}", field=name)
    elif name == "bucket" and value.budget_id != budget.pk:
        raise BadPage(f"{value} is a bucket of another budget", field=name)
    elif name == "text" and not (isinstance(value, str) and len(value) <= 200):
        raise BadPage("a text to look for has at most 200 characters", field=name)
    elif name != "text" and name not in _LOOKUPS:
        raise BadPage(f"there is no filter {name!r}", field=name)
