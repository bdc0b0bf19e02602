"""What a listing is asked for: a mapping from outside, read against the model's declaration.

The mapping is a query string's QueryDict, a mapping of strings, or decoded JSON. Its keys are
`field` or `field__operator`, and `sort`, `search`, `limit`, `cursor`; of these four, None is as
good as absent. A list is JSON's, or a key repeated in a query string.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.datastructures import MultiValueDict

from tenants.errors import BadCursor, BadFilter, BadLimit, BadSearch, BadSort
from tenants.indexes import Search
from tenants.listing.kinds import Kind, allowed

RESERVED = ("sort", "search", "limit", "cursor")
MOST_VALUES = 100
MOST_KEYS = 50
LONGEST_CURSOR = 16_384


@dataclass(frozen=True)
class Listing:
    """What may be asked of a model by whoever: declared in it, as `listing`.

    `filters` name fields, each with a Kind; `sorts` name orders, `field` or `-field`, the first
    of which is the default; `search` names one of the model's declared searches.
    """

    filters: Mapping[str, Kind] = field(default_factory=dict)
    sorts: Mapping[str, str] = field(default_factory=dict)
    search: str | None = None
    limit: int = 50
    most: int = 200


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by one field, and by `id` where that is the same."""

    name: str
    column: str
    descending: bool

    @property
    def columns(self) -> list[str]:
        """The columns to sort by, in order: `id` makes rows with the same value differ."""
        return list(dict.fromkeys([self.column, "id"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """A mapping as understood; `digest` tells its filters and its search from others."""

    conditions: tuple[Any, ...]
    sort: Sort
    digest: str
    limit: int
    cursor: str | None


def listing_of(model: type[models.Model]) -> Listing:
    """What the model declares; without a declaration, its rows by id and no filter."""
    listing = getattr(model, "listing", None)
    return listing if isinstance(listing, Listing) else Listing()


def search_of(model: type[models.Model]) -> Search | None:
    """The search that the model's listing names."""
    name = listing_of(model).search
    named = (each for each in model._meta.constraints if each.name == name)
    return next((each for each in named if isinstance(each, Search)), None)


def read(
    model: type[models.Model], mapping: Mapping[str, object], own: Mapping[str, object]
) -> Asked:
    """Understand a mapping, and what counts before it.

    Raises BadQuery, and nothing else whatever they hold.
    """
    listing, given = listing_of(model), {**dict(_given(mapping)), **own}
    reserved = {key: given.pop(key, None) for key in RESERVED}
    filters = [_filter(model, listing, key, value) for key, value in sorted(given.items())]
    conditions = [
        listing.filters[name].condition(model._meta.get_field(name), operator, value)
        for name, operator, _, value in filters
    ]
    wanted: Any = None
    if reserved["search"] is not None:
        search, wanted = _search(model, reserved["search"])
        conditions.append(search.matching(wanted))
    said = [[name, operator, canonical] for name, operator, canonical, _ in filters]
    return Asked(
        tuple(conditions),
        _sort(listing, reserved["sort"]),
        hashlib.sha256(json.dumps([said, wanted]).encode()).hexdigest(),
        _limit(listing, reserved["limit"]),
        _cursor(reserved["cursor"]),
    )


def _given(mapping: object) -> Iterator[tuple[str, object]]:
    """The pairs; a key repeated in a query string has a list."""
    if not isinstance(mapping, Mapping) or len(mapping) > MOST_KEYS:
        raise BadFilter(f"filters are a mapping of at most {MOST_KEYS} keys", field="")
    for key in mapping:
        if not isinstance(key, str):
            raise BadFilter("a filter is named by a text", field="")
        values = mapping.getlist(key) if isinstance(mapping, MultiValueDict) else [mapping[key]]
        yield key, values[0] if len(values) == 1 else values


def _filter(
    model: type[models.Model], listing: Listing, key: str, asked: object
) -> tuple[str, str, str, Any]:
    """Field, operator, the value in one spelling, the value. Raises BadFilter."""
    name, given, operator = key.partition("__")
    operator = operator if given else "exact"
    kind = listing.filters.get(name)
    if kind is None or operator not in kind.operators:
        known = ", ".join(allowed(listing.filters.items())) or "none"
        raise BadFilter(f"there is no such filter; there are: {known}", field=key[:100])
    column = model._meta.get_field(name)
    try:
        if operator == "in":
            value: Any = [kind.read(each, column) for each in _list(asked)]
        else:
            value = kind.read(asked, column)
    except ValueError as error:
        raise BadFilter(f"{key} is {error}", field=key) from None
    return name, operator, json.dumps(value, default=str, sort_keys=True), value


def _list(asked: object) -> list[object]:
    """Values of `in`: a list, or one text."""
    values = [asked] if isinstance(asked, str) else asked
    if not isinstance(values, list | tuple) or len(values) > MOST_VALUES:
        raise ValueError(f"a list of at most {MOST_VALUES}")
    return list(values)


def _search(model: type[models.Model], asked: object) -> tuple[Search, Any]:
    search = search_of(model)
    if search is None:
        raise BadSearch("there is no search here", field="search")
    try:
        return search, search.read(asked)
    except ValueError as error:
        raise BadSearch(f"search is {error}", field="search") from None


def _sort(listing: Listing, asked: object) -> Sort:
    sorts = listing.sorts or {"id": "id"}
    name = next(iter(sorts)) if asked is None else asked
    if not isinstance(name, str) or name not in sorts:
        raise BadSort(f"sort is one of {', '.join(sorts)}", field="sort")
    return Sort(name, sorts[name].removeprefix("-"), sorts[name].startswith("-"))


def _limit(listing: Listing, asked: object) -> int:
    if isinstance(asked, str) and asked.isascii() and asked.isdigit() and len(asked) <= 6:
        asked = int(asked)
    limit = listing.limit if asked is None else asked
    if type(limit) is not int or not 1 <= limit <= listing.most:
        raise BadLimit(f"limit is a whole number from 1 to {listing.most}", field="limit")
    return limit


def _cursor(asked: object) -> str | None:
    if asked is None:
        return None
    if not isinstance(asked, str) or not asked.isascii() or len(asked) > LONGEST_CURSOR:
        raise BadCursor("cursor is what a page gave as next or previous", field="cursor")
    return asked
