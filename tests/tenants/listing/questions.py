"""Queries of a model's listing, with the values of a row: each query finds that row."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.apps import apps

from tenants.listing import JSON, HasValue, Listing
from tenants.listing.query import listing_of, search_of
from tenants.models import TenantModel

type Query = dict[str, Any]

LISTED: list[type[TenantModel]] = [
    model
    for model in apps.get_models()
    if issubclass(model, TenantModel) and isinstance(getattr(model, "listing", None), Listing)
]


def questions(row: TenantModel) -> Iterator[Query]:
    """A query for each operator of each filter, each sort, and the search; in the row's block."""
    listing = listing_of(type(row))
    within = {listing.within: _value(row, listing, listing.within)} if listing.within else {}
    for sort in listing.sorts:
        yield {**within, "sort": sort}
    for name, kind in listing.filters.items():
        value = _value(row, listing, name)
        for operator in kind.operators:
            key = name if operator == "exact" else f"{name}__{operator}"
            if operator == "gt" and value == 0:
                continue  # a column that counts has nothing below it
            if value is not None or isinstance(kind, HasValue):
                yield {**within, key: _operand(kind, operator, value)}
    if search := search_of(type(row)):
        along = (listing.search or "").rpartition("__")[0]
        texts = [str(_follow(row, f"{along}__{name}".strip("_"))) for name in search.fields]
        yield {**within, "search": (max(texts, key=len) or "nothing at all")[:100]}


def _operand(kind: Any, operator: str, value: Any) -> Any:
    """An operand with which the operator finds a row with this value."""
    if isinstance(kind, HasValue):
        return value is not None
    if isinstance(kind, JSON):
        return {}
    step = 1 if isinstance(value, int) else timedelta(days=1)
    by_operator = {
        "in": lambda: [value],
        "lt": lambda: value + step,
        "gt": lambda: value - step,
    }
    return by_operator.get(operator, lambda: value)()


def _value(row: TenantModel, listing: Listing, name: str) -> Any:
    """The row's value in a filter's column."""
    return _follow(row, listing.filters[name].of or name)


def _follow(row: Any, path: str) -> Any:
    relation, along, rest = path.partition("__")
    if along:
        return _follow(getattr(row, relation), rest)
    return getattr(row, row._meta.get_field(path).attname)
