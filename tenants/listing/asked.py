"""What a listing is asked for: a mapping from outside, read against the model's declaration.

The mapping is a query string's QueryDict, a mapping of strings, or decoded JSON. Its keys are
`field` or `field__operator`, and `sort`, `search`, `limit`, `cursor`; of these four, None is as
good as absent. A list is JSON's, or a key repeated in a query string.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.utils.datastructures import MultiValueDict

from tenants.errors import BadCursor, BadFilter, BadLimit, BadSearch, BadSort
from tenants.listing.kinds import Kind, allowed
from tenants.schema.searches import Search

RESERVED = ("sort", "search", "limit", "cursor")
MOST_VALUES = 100
MOST_KEYS = 50
LONGEST_CURSOR = 16_384


@dataclass(frozen=True)
class Listing:
    """What may be asked of a model by whoever: declared in it, as `listing`.

    `filters` name fields, each with a Kind; `sorts` name orders, the first of which is the default:
    `field`, `-field`, or a tuple of them that all go one way. Where the field may be NULL, rows
    without a value come last, either way. `search` names one of the model's declared searches.
    `within` names a filter that whoever asks has to give: a listing of one parent's rows.
    `always` is a condition that every row fulfils. Indexes that have it are the listing's alone:
    the planner does not take them for a query that does not say it.

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
class Declared:
    """A listing, with what it names: the field of a path, and the search."""

    listing: Listing
    column: Callable[[str], Any]
    search: Search | None


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by columns, all one way, the last of which is `id`: it makes rows differ."""

    name: str
    columns: tuple[str, ...]
    descending: bool


class Filter(NamedTuple):
    """A condition asked for: by which operator the column of a kind is compared with a value."""

    name: str
    kind: Kind
    operator: str
    value: Any

    @property
    def path(self) -> str:
        """Where the column is, from the model on."""
        return self.kind.of or self.name


@dataclass(frozen=True, slots=True)
class Asked:
    """A mapping as understood; `digest` tells its filters and its search from others."""

    filters: tuple[Filter, ...]
    wanted: Any
    sort: Sort
    digest: str
    limit: int
    cursor: str | None


def listing_of(model: type[models.Model]) -> Listing:
    """What the model declares; without a declaration, its rows by id and no filter."""
    listing = getattr(model, "listing", None)
    return listing if isinstance(listing, Listing) else Listing()


def declared(model: type[models.Model]) -> Declared:
    """What the model declares, and what that names."""
    return Declared(listing_of(model), lambda path: column_of(model, path), search_of(model))


def column_of(model: Any, path: str) -> Any:
    """The field at the end of a path along foreign keys."""
    relation, along, rest = path.partition("__")
    found = model._meta.get_field(relation)
    return column_of(found.related_model, rest) if along else found


def search_of(model: type[models.Model]) -> Search | None:
    """The search that the model's listing names."""
    along, _, name = (listing_of(model).search or "").rpartition("__")
    if along:
        model = column_of(model, along).related_model
    named = (each for each in model._meta.constraints if each.name == name)
    return next((each for each in named if isinstance(each, Search)), None)


def sort_of(name: str, said: str | tuple[str, ...]) -> Sort:
    """A declared sort, `id` added where it is not said."""
    columns = (said,) if isinstance(said, str) else said
    descending = columns[0].startswith("-")
    return Sort(
        name,
        tuple(dict.fromkeys([*(each.removeprefix("-") for each in columns), "id"])),
        descending,
    )


def read(told: Declared, mapping: Mapping[str, object], own: Mapping[str, object]) -> Asked:
    """Understand a mapping, and what counts before it; None does not.

    Raises BadQuery, and nothing else whatever they hold.
    """
    listing, given = told.listing, dict(_given(mapping))
    given |= {key: value for key, value in own.items() if value is not None}
    reserved = {key: given.pop(key, None) for key in RESERVED}
    filters = tuple(_filter(told, key, value) for key, value in sorted(given.items()))
    wanted = None if reserved["search"] is None else _search(told.search, reserved["search"])
    _require_within(listing.within, filters)
    return Asked(
        filters,
        wanted,
        _sort(listing, reserved["sort"]),
        _digest(filters, wanted),
        _limit(listing, reserved["limit"]),
        _cursor(reserved["cursor"]),
    )


def _digest(filters: tuple[Filter, ...], wanted: Any) -> str:
    """Filters and search in one spelling, hashed."""
    said = [
        [each.name, each.operator, json.dumps(each.value, default=str, sort_keys=True)]
        for each in filters
    ]
    return hashlib.sha256(json.dumps([said, wanted]).encode()).hexdigest()


def _require_within(within: str | None, filters: tuple[Filter, ...]) -> None:
    """Raise BadFilter when a listing of one parent's rows is asked for without the parent."""
    if within and (within, "exact") not in {(each.name, each.operator) for each in filters}:
        raise BadFilter(f"say whose: {within} is needed", field=within)


def _given(mapping: object) -> Iterator[tuple[str, object]]:
    """The pairs; a key repeated in a query string has a list."""
    if not isinstance(mapping, Mapping) or len(mapping) > MOST_KEYS:
        raise BadFilter(f"filters are a mapping of at most {MOST_KEYS} keys", field="")
    for key in mapping:
        if not isinstance(key, str):
            raise BadFilter("a filter is named by a text", field="")
        values = mapping.getlist(key) if isinstance(mapping, MultiValueDict) else [mapping[key]]
        yield key, values[0] if len(values) == 1 else values


def _filter(told: Declared, key: str, asked: object) -> Filter:
    """Raises BadFilter."""
    filters = told.listing.filters
    name, given, operator = key.partition("__")
    operator = operator if given else "exact"
    kind = filters.get(name)
    if kind is None or operator not in kind.operators:
        known = ", ".join(allowed(filters.items())) or "none"
        raise BadFilter(f"there is no such filter; there are: {known}", field=key[:100])
    column = told.column(kind.of or name)
    try:
        if operator == "in":
            value: Any = [kind.read(each, column) for each in _list(asked)]
        else:
            value = kind.read(asked, column)
    except ValueError as error:
        raise BadFilter(f"{key} is {error}", field=key) from None
    return Filter(name, kind, operator, value)


def _list(asked: object) -> list[object]:
    """Values of `in`: a list, or one text."""
    values = [asked] if isinstance(asked, str) else asked
    if not isinstance(values, list | tuple) or len(values) > MOST_VALUES:
        raise ValueError(f"a list of at most {MOST_VALUES}")
    return list(values)


def _search(search: Search | None, asked: object) -> Any:
    if search is None:
        raise BadSearch("there is no search here", field="search")
    try:
        return search.read(asked)
    except ValueError as error:
        raise BadSearch(f"search is {error}", field="search") from None


def _sort(listing: Listing, asked: object) -> Sort:
    sorts = listing.sorts or {"id": "id"}
    name = next(iter(sorts)) if asked is None else asked
    if not isinstance(name, str) or name not in sorts:
        raise BadSort(f"sort is one of {', '.join(sorts)}", field="sort")
    return sort_of(name, sorts[name])


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
