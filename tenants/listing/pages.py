"""A listing a page at a time, found by its place and never by counting rows.

A place is a row's sort values and its id. It stays good whatever is inserted or deleted meanwhile,
the row itself included. A cursor is a place, signed for one tenant, model, sort and set of filters:
the signature fails for any other. It is not secret: the caller has seen the row.
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
from tenants.listing.asked import Asked, Sort, column_of
from tenants.postgres.unreadable import marked
from tenants.schema.expressions import Compared, Row


@dataclass(frozen=True, slots=True)
class Page[R]:
    """Rows in the order asked for, and the cursors of the pages beside them where there are any.

    A page beside a cursor may be empty when rows were deleted; it then has no cursors.
    """

    rows: tuple[R, ...]
    next: str | None
    previous: str | None


class Place(NamedTuple):
    """Where a page begins, and which way it goes from there."""

    back: bool
    values: list[Any]


def page_of[M: models.Model](rows: "models.QuerySet[M]", asked: Asked) -> Page[M]:
    """The page; reads one row more than it shows, to know whether the walk goes on.

    Raises BadCursor.
    """
    fields = [column_of(rows.model, path) for path in asked.sort.columns]
    signer = signer_of(asked, *_bound(rows.model))
    said = place_in(asked.cursor, signer)
    place = said and Place(
        said.back,
        [field.to_python(value) for field, value in zip(fields, said.values, strict=True)],
    )
    back = place is not None and place.back
    walk, found = ordered(rows, asked.sort, back=back), list[M]()
    with marked():
        for condition in _ahead(rows.model, asked.sort, place) if place else [Q()]:
            found += walk.filter(condition)[: asked.limit + 1 - len(found)]
    return paged(
        found,
        asked.limit,
        said,
        lambda row, back: signer.sign_object([back, *_values(row, asked.sort)]),
    )


def _bound(model: type[models.Model]) -> tuple[str, ...]:
    """What a cursor is good for: a model, and of a tenant's the tenant in force."""
    label = model._meta.label
    return (str(tenancy().tenant_id), label) if hasattr(model, "tenant_attname") else (label,)


def paged[R](
    found: Sequence[R], limit: int, place: Place | None, cursor: Callable[[R, bool], str]
) -> Page[R]:
    """The page of rows that were found walking from a place: one more than it shows, if any."""
    shown, further = list(found[:limit]), len(found) > limit
    if place is not None and place.back:
        shown.reverse()
        before, after = further, True
    else:
        before, after = place is not None, further
    return Page(
        tuple(shown),
        cursor(shown[-1], False) if shown and after else None,
        cursor(shown[0], True) if shown and before else None,
    )


def signer_of(asked: Asked, *bound: str, **key: Any) -> Signer:
    """What signs the cursors of one question, and of no other; by a key of Django's settings."""
    said = json.dumps([*bound, asked.sort.name, asked.digest])
    return Signer(salt=f"tenants.listing {said}", **key)


def place_in(cursor: str | None, signer: Signer) -> Place | None:
    """The place in a cursor, its values as they were written. Raises BadCursor."""
    if cursor is None:
        return None
    try:
        back, *values = signer.unsign_object(cursor)
    except BadSignature:
        raise BadCursor(BadCursor.__doc__ or "", field="cursor") from None
    return Place(back, values)


def ordered[Q: models.QuerySet[Any]](rows: Q, sort: Sort, *, back: bool = False) -> Q:
    """The rows in the order of a sort, or in the opposite one; with what its paths lead to."""
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
    """Rows without a value come last, and so first on the way back."""
    return OrderBy(F(path), descending=down, nulls_first=back or None, nulls_last=not back or None)


def _values(row: models.Model, sort: Sort) -> list[str | None]:
    """The sort values of a row, as text; None where there is none."""
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


def _ahead(model: type[models.Model], sort: Sort, place: Place) -> list[Any]:
    """The conditions of the rows on one side of a place, in the order they are walked.

    Each is found by an index. There are two where the walk goes over to the rows without a value,
    or comes from them.
    """
    first, *rest = sort.columns
    if not column_of(model, first).null:
        return [_beyond(model, sort, place)]
    valued, empty = Q(**{f"{first}__isnull": False}), Q(**{f"{first}__isnull": True})
    if place.values[0] is not None:
        near = _beyond(model, sort, place)
        return [near] if place.back else [near, empty]
    tied = Sort(sort.name, tuple(rest), sort.descending)
    near = Q(empty, _beyond(model, tied, Place(place.back, place.values[1:])))
    return [near, valued] if place.back else [near]


def _beyond(model: type[models.Model], sort: Sort, place: Place) -> Q:
    """The rows on one side of a place: one comparison, which an index on the columns walks.

    Where the columns are of several tables, an index knows the first alone, so it is said apart.
    """
    less = sort.descending != place.back
    pairs = zip(place.values, sort.columns, strict=True)
    values = [Value(value, output_field=column_of(model, path)) for value, path in pairs]
    beyond = Q(Compared(Row(*map(F, sort.columns)), "<" if less else ">", Row(*values)))
    if "__" in sort.columns[0]:
        beyond &= Q(**{f"{sort.columns[0]}__{'lte' if less else 'gte'}": place.values[0]})
    return beyond
