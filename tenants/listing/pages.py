"""A listing a page at a time, found by its place and never by counting rows.

A place is a row's sort value and id. It stays good whatever is inserted or deleted meanwhile, the
row itself included. A cursor is a place, signed for one tenant, model, sort and set of filters:
the signature fails for any other. It is not secret: the caller has seen the row.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import F, Value

from tenants.context import tenancy
from tenants.errors import BadCursor
from tenants.expressions import Compared, Row
from tenants.listing.asked import Asked, Sort
from tenants.postgres.unreadable import marked


@dataclass(frozen=True, slots=True)
class Page[M: models.Model]:
    """Rows in the order asked for, and the cursors of the pages beside them where there are any.

    A page beside a cursor may be empty when rows were deleted; it then has no cursors.
    """

    rows: tuple[M, ...]
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
    signer = _signer(rows.model, asked)
    place = _place(rows.model, asked, signer)
    back = place is not None and place.back
    downwards = asked.sort.descending != back
    if place is not None:
        rows = rows.filter(_beyond(rows.model, asked.sort, place, downwards))
    order = [f"-{column}" if downwards else column for column in asked.sort.columns]
    with marked():
        found = list(rows.order_by(*order)[: asked.limit + 1])
    shown, further = found[: asked.limit], len(found) > asked.limit
    if back:
        shown.reverse()
    before, after = (further, True) if back else (place is not None, further)
    return Page(
        tuple(shown),
        _cursor(signer, asked.sort, shown[-1], back=False) if shown and after else None,
        _cursor(signer, asked.sort, shown[0], back=True) if shown and before else None,
    )


def _signer(model: type[models.Model], asked: Asked) -> Signer:
    bound = [str(tenancy().tenant_id), model._meta.label, asked.sort.name, asked.digest]
    return Signer(salt=f"tenants.listing {json.dumps(bound)}")


def _cursor(signer: Signer, sort: Sort, row: models.Model, *, back: bool) -> str:
    values = [field.value_to_string(row) for field in _fields(type(row), sort)]
    return signer.sign_object([back, *values])


def _fields(model: type[models.Model], sort: Sort) -> "list[models.Field[Any, Any]]":
    return [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in sort.columns]


def _place(model: type[models.Model], asked: Asked, signer: Signer) -> Place | None:
    if asked.cursor is None:
        return None
    try:
        back, *values = signer.unsign_object(asked.cursor)
    except BadSignature:
        raise BadCursor(BadCursor.__doc__ or "", field="cursor") from None
    fields = _fields(model, asked.sort)
    return Place(
        back, [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    )


def _beyond(model: type[models.Model], sort: Sort, place: Place, downwards: bool) -> Compared:
    """The rows on one side of a place: one comparison, which an index on the columns walks."""
    pairs = zip(place.values, _fields(model, sort), strict=True)
    values = [Value(value, output_field=field) for value, field in pairs]
    return Compared(Row(*map(F, sort.columns)), "<" if downwards else ">", Row(*values))
