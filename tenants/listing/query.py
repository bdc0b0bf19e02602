"""The query of a listing: a mapping from outside, parsed against the model's declaration.

The mapping is the QueryDict of a query string, a mapping of strings, or decoded JSON. Its keys are
`field` or `field__operator`, and `sort`, `search`, `limit`, `cursor`; None in one of these four
means that the key is absent. A list is a JSON list, or a repeated key of a query string.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.utils.datastructures import MultiValueDict

from tenants.errors import BadCursor, BadFilter, BadLimit, BadSearch, BadSort
from tenants.listing.filters import Kind, filter_keys
from tenants.schema.searches import Search

RESERVED = ("sort", "search", "limit", "cursor")
MOST_VALUES = 100
MOST_KEYS = 50
LONGEST_CURSOR = 16_384


@dataclass(frozen=True)
class Listing:
    """The queries that a model allows: assigned to its attribute `listing`.

    `filters` maps names to Kinds of fields. `sorts` maps names to orders; the first is the default.
    An order is `field`, `-field`, or a tuple of fields that all go in one direction; where the
    field may be NULL, rows without a value come last in both directions. `search` names one of the
    model's declared searches. `within` names a filter that every query must have, so that it lists
    the rows of one parent. `always` is a condition that every row fulfils; the planner uses an
    index with that condition only for a query that states it, so such an index serves the listing
    alone. `limit` is the default size of a page, `most` the largest one.

    A field or a search of the row that a foreign key leads to is `key__field`, `key__search`.
    """

    filters: Mapping[str, Kind] = field(default_factory=dict)
    sorts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    search: str | None = None
    within: str | None = None
    always: models.Q | None = None
    limit: int = 50
    most: int = 200


@dataclass(frozen=True)
class Declaration:
    """A listing, with the fields and the search that it names."""

    listing: Listing
    column: Callable[[str], Any]
    search: Search | None


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by columns in one direction. The last column is `id`, so that no two rows tie."""

    name: str
    columns: tuple[str, ...]
    descending: bool


class Filter(NamedTuple):
    """A condition of a query: the column of a kind is compared with a value by an operator."""

    name: str
    kind: Kind
    operator: str
    value: Any

    @property
    def path(self) -> str:
        """The path from the model to the column."""
        return self.kind.of or self.name


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """A parsed query; `digest` identifies its filters and its search."""

    filters: tuple[Filter, ...]
    search: Any
    sort: Sort
    digest: str
    limit: int
    cursor: str | None


def listing_of(model: type[models.Model]) -> Listing:
    """The listing of the model; by default its rows by id, without filters."""
    listing = getattr(model, "listing", None)
    return listing if isinstance(listing, Listing) else Listing()


def declaration_of(model: type[models.Model]) -> Declaration:
    """The listing of the model, with its fields and its search."""
    return Declaration(listing_of(model), lambda path: column_of(model, path), search_of(model))


def column_of(model: Any, path: str) -> Any:
    """The field at the end of a path along foreign keys."""
    relation, along, rest = path.partition("__")
    column = model._meta.get_field(relation)
    return column_of(column.related_model, rest) if along else column


def search_of(model: type[models.Model]) -> Search | None:
    """The search that the model's listing names."""
    along, _, name = (listing_of(model).search or "").rpartition("__")
    if along:
        model = column_of(model, along).related_model
    candidates = (each for each in model._meta.constraints if each.name == name)
    return next((each for each in candidates if isinstance(each, Search)), None)


def sort_from(name: str, order: str | tuple[str, ...]) -> Sort:
    """A declared order as a Sort, with `id` added at its end."""
    columns = (order,) if isinstance(order, str) else order
    descending = columns[0].startswith("-")
    return Sort(
        name,
        tuple(dict.fromkeys([*(each.removeprefix("-") for each in columns), "id"])),
        descending,
    )


def parse(
    declaration: Declaration, mapping: Mapping[str, object], keywords: Mapping[str, object]
) -> ListingQuery:
    """Parse a mapping; a keyword replaces the same key of the mapping unless it is None.

    Raises BadQuery, whatever the two hold.
    """
    listing, values = declaration.listing, dict(_pairs(mapping))
    values |= {key: value for key, value in keywords.items() if value is not None}
    reserved = {key: values.pop(key, None) for key in RESERVED}
    filters = tuple(_filter(declaration, key, value) for key, value in sorted(values.items()))
    text = reserved["search"]
    search = None if text is None else _search(declaration.search, text)
    _require_within(listing.within, filters)
    return ListingQuery(
        filters,
        search,
        _sort(listing, reserved["sort"]),
        _digest(filters, search),
        _limit(listing, reserved["limit"]),
        _cursor(reserved["cursor"]),
    )


def _digest(filters: tuple[Filter, ...], search: Any) -> str:
    """The hash of filters and search in a canonical form."""
    canonical = [
        [each.name, each.operator, json.dumps(each.value, default=str, sort_keys=True)]
        for each in filters
    ]
    return hashlib.sha256(json.dumps([canonical, search]).encode()).hexdigest()


def _require_within(within: str | None, filters: tuple[Filter, ...]) -> None:
    """Raise BadFilter when the filter that names the parent is missing."""
    if within and (within, "exact") not in {(each.name, each.operator) for each in filters}:
        raise BadFilter(f"the filter {within} is required: add {within}=...", field=within)


def _pairs(mapping: object) -> Iterator[tuple[str, object]]:
    """The keys with their values; a repeated key of a query string has a list."""
    if not isinstance(mapping, Mapping) or len(mapping) > MOST_KEYS:
        raise BadFilter(f"filters must be a mapping of at most {MOST_KEYS} keys", field="")
    for key in mapping:
        if not isinstance(key, str):
            raise BadFilter(f"the name of a filter must be a string, not {key!r:.100}", field="")
        values = mapping.getlist(key) if isinstance(mapping, MultiValueDict) else [mapping[key]]
        yield key, values[0] if len(values) == 1 else values


def _filter(declaration: Declaration, key: str, text: object) -> Filter:
    """Raises BadFilter."""
    filters = declaration.listing.filters
    name, has_operator, operator = key.partition("__")
    operator = operator if has_operator else "exact"
    kind = filters.get(name)
    if kind is None or operator not in kind.operators:
        keys = ", ".join(filter_keys(filters.items())) or "(none)"
        raise BadFilter(f"unknown filter {key[:100]!r}: use one of {keys}", field=key[:100])
    column = declaration.column(kind.of or name)
    try:
        if operator == "in":
            value: Any = [kind.parse(each, column) for each in _list(text)]
        else:
            value = kind.parse(text, column)
    except ValueError as error:
        raise BadFilter(f"{key} must be {error}", field=key) from None
    return Filter(name, kind, operator, value)


def _list(value: object) -> list[object]:
    """The values of the operator `in`: a list, or a single text."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or len(values) > MOST_VALUES:
        raise ValueError(f"a list of at most {MOST_VALUES} values")
    return list(values)


def _search(search: Search | None, text: object) -> Any:
    if search is None:
        raise BadSearch("this listing cannot be searched: leave out search", field="search")
    try:
        return search.parse(text)
    except ValueError as error:
        raise BadSearch(f"search must be {error}", field="search") from None


def _sort(listing: Listing, value: object) -> Sort:
    sorts = listing.sorts or {"id": "id"}
    name = next(iter(sorts)) if value is None else value
    if not isinstance(name, str) or name not in sorts:
        raise BadSort(f"sort must be one of {', '.join(sorts)}", field="sort")
    return sort_from(name, sorts[name])


def _limit(listing: Listing, value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 6:
        value = int(value)
    limit = listing.limit if value is None else value
    if type(limit) is not int or not 1 <= limit <= listing.most:
        raise BadLimit(f"limit must be a whole number from 1 to {listing.most}", field="limit")
    return limit


def _cursor(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or len(value) > LONGEST_CURSOR:
        raise BadCursor("cursor must be the `next` or `previous` of a page", field="cursor")
    return value
