"""Pages of a listing by keyset pagination: found by a position, never by counting rows.

A position is the sort values and the id of a row. It stays valid when rows are inserted or deleted,
the row itself included. A cursor is a position with a signature for one tenant, model, sort and set
of filters; the signature fails for any other. A cursor is not secret: the caller has seen the row.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import OrderBy

from tenants.context import tenancy
from tenants.errors import BadCursor
from tenants.listing.query import ListingQuery, Sort, column_of
from tenants.postgres.unreadable_times import mark_unreadable_times
from tenants.schema.expressions import Comparison, RowValue


@dataclass(frozen=True, slots=True)
class Page[R]:
    """Rows in the order of the query, with the cursors of the next and the previous page.

    A cursor is None if there is no such page. A page can be empty because its rows were deleted;
    both its cursors are None.
    """

    rows: tuple[R, ...]
    next: str | None
    previous: str | None


class Position(NamedTuple):
    """Where a page begins, and whether it goes back from there."""

    back: bool
    values: list[Any]


def page_of[M: models.Model](rows: "models.QuerySet[M]", query: ListingQuery) -> Page[M]:
    """The page of a query. Reads one row more than it shows, to learn whether another page follows.

    Raises BadCursor.
    """
    fields = [column_of(rows.model, path) for path in query.sort.columns]
    signer = signer_of(query, *_scope(rows.model))
    start = position_of(query.cursor, signer)
    position = start and Position(
        start.back,
        [field.to_python(value) for field, value in zip(fields, start.values, strict=True)],
    )
    back = position is not None and position.back
    walk, found = ordered(rows, query.sort, back=back), list[M]()
    with mark_unreadable_times():
        for condition in _ahead(rows.model, query.sort, position) if position else [Q()]:
            found += walk.filter(condition)[: query.limit + 1 - len(found)]
    return page_from(
        found,
        query.limit,
        start,
        lambda row, back: signer.sign_object([back, *_values(row, query.sort)]),
    )


def _scope(model: type[models.Model]) -> tuple[str, ...]:
    """The scope of a cursor: the model and, for a tenant's model, the tenant in force."""
    label = model._meta.label
    return (str(tenancy().tenant_id), label) if hasattr(model, "tenant_attname") else (label,)


def page_from[R](
    found: Sequence[R], limit: int, position: Position | None, cursor: Callable[[R, bool], str]
) -> Page[R]:
    """The page of the rows `found` from a position on; one row more than `limit` if more follow."""
    shown, further = list(found[:limit]), len(found) > limit
    if position is not None and position.back:
        shown.reverse()
        before, after = further, True
    else:
        before, after = position is not None, further
    return Page(
        tuple(shown),
        cursor(shown[-1], False) if shown and after else None,
        cursor(shown[0], True) if shown and before else None,
    )


def signer_of(query: ListingQuery, *scope: str, **key: Any) -> Signer:
    """The signer of one query's cursors, with the key of Django's settings."""
    identity = json.dumps([*scope, query.sort.name, query.digest])
    return Signer(salt=f"tenants.listing {identity}", **key)


def position_of(cursor: str | None, signer: Signer) -> Position | None:
    """The position in a cursor, with its values as text. Raises BadCursor."""
    if cursor is None:
        return None
    try:
        back, *values = signer.unsign_object(cursor)
    except BadSignature:
        raise BadCursor(BadCursor.__doc__ or "", field="cursor") from None
    return Position(back, values)


def ordered[Q: models.QuerySet[Any]](rows: Q, sort: Sort, *, back: bool = False) -> Q:
    """The rows in the order of a sort, or in reverse, with the related rows that it sorts by."""
    down = sort.descending != back
    order = [
        _nulls_last(path, down, back)
        if column_of(rows.model, path).null
        else f"-{path}"
        if down
        else path
        for path in sort.columns
    ]
    relations = {path.rpartition("__")[0] for path in sort.columns} - {""}
    return (rows.select_related(*relations) if relations else rows).order_by(*order)


def _nulls_last(path: str, down: bool, back: bool) -> OrderBy:
    """Rows without a value come last; going back, they come first."""
    return OrderBy(F(path), descending=down, nulls_first=back or None, nulls_last=not back or None)


def _values(row: models.Model, sort: Sort) -> list[str | None]:
    """The sort values of a row as text; None for NULL."""
    texts: list[str | None] = []
    for path in sort.columns:
        *relations, name = path.split("__")
        holder: Any = row
        for relation in relations:
            holder = getattr(holder, relation)
        field: Any = holder._meta.get_field(name)
        empty = field.value_from_object(holder) is None
        texts.append(None if empty else field.value_to_string(holder))
    return texts


def _ahead(model: type[models.Model], sort: Sort, position: Position) -> list[Any]:
    """The conditions of the rows on one side of a position, in the order of the walk.

    An index serves each of them. There are two conditions where the walk crosses between rows with
    and rows without a value.
    """
    first, *rest = sort.columns
    if not column_of(model, first).null:
        return [_beyond(model, sort, position)]
    valued, empty = Q(**{f"{first}__isnull": False}), Q(**{f"{first}__isnull": True})
    if position.values[0] is not None:
        near = _beyond(model, sort, position)
        return [near] if position.back else [near, empty]
    tied = Sort(sort.name, tuple(rest), sort.descending)
    near = Q(empty, _beyond(model, tied, Position(position.back, position.values[1:])))
    return [near, valued] if position.back else [near]


def _beyond(model: type[models.Model], sort: Sort, position: Position) -> Q:
    """The rows on one side of a position: one row comparison, which an index on the columns serves.

    Where the columns belong to several tables, an index covers the first column alone, so that
    column gets a condition of its own.
    """
    less = sort.descending != position.back
    pairs = zip(position.values, sort.columns, strict=True)
    values = [Value(value, output_field=column_of(model, path)) for value, path in pairs]
    beyond = Q(Comparison(RowValue(*map(F, sort.columns)), "<" if less else ">", RowValue(*values)))
    if "__" in sort.columns[0]:
        beyond &= Q(**{f"{sort.columns[0]}__{'lte' if less else 'gte'}": position.values[0]})
    return beyond
