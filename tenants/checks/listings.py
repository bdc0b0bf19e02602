"""Checks of listings: role app has an index for every filter, sort and search."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error
from django.db import models

from tenants.checks.btrees import (
    Index,
    Model,
    field_at,
    index_prefix,
    indexes_for_filter,
    indexes_for_sort,
)
from tenants.checks.catalog import Catalog
from tenants.listing.filters import JSON, SORTABLE, Kind
from tenants.listing.query import RESERVED, Sort, column_of, listing_of, search_of, sort_from

NAME_A_FIELD = "name a field of the model's table, or of a table that a foreign key leads to"


def listing_faults(model: Model) -> Iterator[Error]:
    """The faults of a model's listing."""
    listing = listing_of(model)
    for name, kind in listing.filters.items():
        yield from _filter(model, name, kind)
    for order in listing.sorts.values():
        yield from _sort(model, (order,) if isinstance(order, str) else order)
    if listing.within and "exact" not in getattr(
        listing.filters.get(listing.within), "operators", ()
    ):
        hint = "name a filter that has the operator exact"
        yield _error(model, "E030", f"lists within {listing.within!r}", hint)
    key = (listing.search or "").rpartition("__")[0]
    led = not key or isinstance(field_at(model, key), models.ForeignKey)
    search = search_of(model) if led else None
    if listing.search is not None and (search is None or search.takes != "text"):
        yield _error(
            model,
            "E030",
            f"searches by {listing.search!r}, which is not the name of a search of texts",
            "declare a TrigramSearch or FullTextSearch of that name in Meta.constraints",
        )


def missing_indexes(catalog: Catalog) -> Iterator[Error]:
    """The indexes of listings that are missing or invalid in the database."""
    rows = catalog.rows(
        "SELECT t.relname, i.indexrelid::regclass::text FROM tables t"
        " JOIN pg_index i ON i.indrelid = t.oid WHERE i.indisvalid"
    )
    existing = {(table, name.replace('"', "")) for table, name in rows}
    for model in catalog.present:
        for names in _required_indexes(model):
            if not names & existing:
                missing = " or ".join(sorted(name for _, name in names))
                yield _error(
                    model, "E034", f"needs the index {missing}, which does not exist", "migrate"
                )


def _required_indexes(model: Model) -> list[set[tuple[str, str]]]:
    """Tables and names of the btrees that a listing needs, at least one of each set.

    The indexes of searches are checked by `drift`.
    """
    listing, indexes = listing_of(model), list[set[Index]]()
    for name, kind in listing.filters.items():
        for operator in set(kind.operators) - {"contains"}:
            indexes += indexes_for_filter(
                model, kind.of or name, operator, ignore_case=kind.ignores_case
            )
    for order in listing.sorts.values():
        indexes += indexes_for_sort(model, sort_from("", order))
    names = [{(holder._meta.db_table, name) for holder, name in each} for each in indexes]
    return [each for at, each in enumerate(names) if each not in names[:at]]


def _filter(model: Model, name: str, kind: Kind) -> Iterator[Error]:
    path = kind.of or name
    field = field_at(model, path)
    if field is None or name in RESERVED or "__" in name:
        yield _error(model, "E030", f"filters by {path!r} as {name!r}", NAME_A_FIELD)
        return
    unknown = ", ".join(sorted(set(kind.operators) - set(kind.allowed_operators)))
    under_row_security = kind.ignores_case and bool(index_prefix(field.model))
    if unknown or under_row_security or not kind.fits(field):
        yield _error(
            model,
            "E031",
            f"filters {name} ({type(field).__name__}) as {type(kind).__name__} {unknown}".rstrip(),
            "no index would serve the filter under row security; the operators of"
            f" {type(kind).__name__} are {', '.join(kind.allowed_operators)}; for parts of texts"
            " and for JSON declare a search",
        )
        return
    for operator in kind.operators:
        if not all(indexes_for_filter(model, path, operator, ignore_case=kind.ignores_case)):
            yield _unserved(model, f"filters by {name}__{operator}", kind, path, operator)


def _unserved(model: Model, what: str, kind: Kind, path: str, operator: str) -> Error:
    relation, _, name = path.rpartition("__")
    hint = f"add {_written([*index_prefix(model), name])} to Meta.indexes"
    if kind.ignores_case:
        hint = f'add models.Index(Lower("{name}"), "id", name=...) to Meta.indexes'
    if operator == "startswith":
        hint += ' with opclasses=["uuid_ops", "text_pattern_ops"]'
    if isinstance(kind, JSON):
        hint = f'add JSONContains(fields=["{name}"]) to Meta.constraints'
    if relation:
        hint += f" of the model of {relation}, and {_written([*index_prefix(model), relation])}"
    return _error(model, "E033", f"{what} without an index", hint)


def _sort(model: Model, order: tuple[str, ...]) -> Iterator[Error]:
    sort, names = sort_from("", order), " and ".join(order).replace("-", "")
    fields = [field_at(model, path) for path in sort.columns]
    if None in fields:
        missing = sort.columns[fields.index(None)]
        yield _error(model, "E030", f"sorts by {missing!r}", NAME_A_FIELD)
        return
    unsortable = [field for field in fields if not isinstance(field, SORTABLE)]
    if unsortable:
        hint = "no index would serve it under row security: sort by text, int, time or key"
        yield _error(model, "E031", f"sorts by {names} ({type(unsortable[0]).__name__})", hint)
    elif len({path.startswith("-") for path in order}) > 1 or not _in_line(sort):
        hint = "use one direction, and put the fields along a foreign key first"
        yield _error(model, "E031", f"sorts by {names}, which no single index can serve", hint)
    elif _may_be_null(model, sort):
        hint = (
            "make it NOT NULL, or sort by it alone: pages cannot compare a row of several with NULL"
        )
        yield _error(model, "E032", f"sorts by {names}, which may be NULL", hint)
    elif not all(indexes_for_sort(model, sort)):
        hint = _index_for(model, sort, fields)
        yield _error(model, "E033", f"sorts by {names} without an index", hint)


def _in_line(sort: Sort) -> bool:
    """Whether the columns along a foreign key come first and use a single foreign key."""
    relations = [path.rpartition("__")[0] for path in sort.columns]
    return relations == sorted(relations, reverse=True) and len(set(relations)) <= 2


def _may_be_null(model: Model, sort: Sort) -> bool:
    """Whether one of several sort columns, or a foreign key to one, is nullable."""
    keys = {path.rpartition("__")[0] for path in sort.columns} - {""}
    several = sort.columns[:-1] if len(sort.columns) > 2 or keys else ()
    return any(column_of(model, path).null for path in (*several, *keys))


def _index_for(model: Model, sort: Sort, fields: list[Any]) -> str:
    """The hint for a sort without an index."""
    columns, start = [path.rpartition("__")[2] for path in sort.columns], index_prefix(model)
    if fields[0].null and sort.descending:
        first = f'F("{sort.columns[0]}").desc(nulls_last=True)'
        parts = ", ".join([*(f'"{name}"' for name in start), first, 'F("id").desc()', "name=..."])
        return f"add models.Index({parts}) to Meta.indexes"
    return f"add {_written([*start, *columns])} to Meta.indexes"


def _written(names: list[str]) -> str:
    """The declaration of an index in a model."""
    return f"models.Index(fields=[{', '.join(f'"{name}"' for name in names)}])"


def _error(model: Model, number: str, what: str, hint: str) -> Error:
    return Error(f"{model._meta.label} {what}", hint=hint, obj=model, id=f"tenants.{number}")
