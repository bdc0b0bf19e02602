"""Whether role app has an index for everything that a model's listing lets callers ask."""

from collections.abc import Iterator
from typing import Any

from django.core.checks import Error
from django.db import models

from tenants.checks.btrees import Index, Model, field_at, start_of, supporting, walking
from tenants.checks.catalog import Catalog
from tenants.listing.asked import RESERVED, Sort, column_of, listing_of, search_of, sort_of
from tenants.listing.kinds import JSON, SORTABLE, Kind

NAME_A_FIELD = "name a field of the model's own table, or of one that a foreign key leads to"


def listing_faults(model: Model) -> Iterator[Error]:
    """The faults of a model's listing."""
    listing = listing_of(model)
    for name, kind in listing.filters.items():
        yield from _filter(model, name, kind)
    for said in listing.sorts.values():
        yield from _sort(model, (said,) if isinstance(said, str) else said)
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
            f"searches by {listing.search!r}, which is no search of texts",
            "declare a TrigramSearch or FullTextSearch of that name in Meta.constraints",
        )


def lacking(catalog: Catalog) -> Iterator[Error]:
    """The indexes of listings that the database does not have, or that were left invalid."""
    rows = catalog.rows(
        "SELECT t.relname, i.indexrelid::regclass::text FROM tables t"
        " JOIN pg_index i ON i.indrelid = t.oid WHERE i.indisvalid"
    )
    found = {(table, name.replace('"', "")) for table, name in rows}
    for model in catalog.present:
        for names in _named(model):
            if not names & found:
                lost = " or ".join(sorted(name for _, name in names))
                yield _error(
                    model, "E034", f"lists by the index {lost}, which is not there", "migrate"
                )


def _named(model: Model) -> list[set[tuple[str, str]]]:
    """Tables and names of the btrees a listing stands on, of each set one at least.

    Its searches are checked as declared.
    """
    listing, indexes = listing_of(model), list[set[Index]]()
    for name, kind in listing.filters.items():
        for operator in set(kind.operators) - {"contains"}:
            indexes += supporting(model, kind.of or name, operator, folded=kind.folds)
    for said in listing.sorts.values():
        indexes += walking(model, sort_of("", said))
    named = [{(holder._meta.db_table, name) for holder, name in each} for each in indexes]
    return [each for at, each in enumerate(named) if each not in named[:at]]


def _filter(model: Model, name: str, kind: Kind) -> Iterator[Error]:
    path = kind.of or name
    field = field_at(model, path)
    if field is None or name in RESERVED or "__" in name:
        yield _error(model, "E030", f"filters by {path!r} as {name!r}", NAME_A_FIELD)
        return
    strange = ", ".join(sorted(set(kind.operators) - set(kind.known)))
    bound = kind.folds and bool(start_of(field.model))
    if strange or bound or not kind.fits(field):
        yield _error(
            model,
            "E031",
            f"filters {name} ({type(field).__name__}) as {type(kind).__name__} {strange}".rstrip(),
            f"no index would serve it under row security; {type(kind).__name__} has:"
            f" {', '.join(kind.known)}; for parts of texts and for JSON declare a search",
        )
        return
    for operator in kind.operators:
        if not all(supporting(model, path, operator, folded=kind.folds)):
            yield _unserved(model, f"filters by {name}__{operator}", kind, path, operator)


def _unserved(model: Model, what: str, kind: Kind, path: str, operator: str) -> Error:
    relation, _, name = path.rpartition("__")
    hint = f"add {_written([*start_of(model), name])} to Meta.indexes"
    if kind.folds:
        hint = f'add models.Index(Lower("{name}"), "id", name=...) to Meta.indexes'
    if operator == "startswith":
        hint += ' with opclasses=["uuid_ops", "text_pattern_ops"]'
    if isinstance(kind, JSON):
        hint = f'add JSONContains(fields=["{name}"]) to Meta.constraints'
    if relation:
        hint += f" of what {relation} leads to, and {_written([*start_of(model), relation])}"
    return _error(model, "E033", f"{what} without an index", hint)


def _sort(model: Model, said: tuple[str, ...]) -> Iterator[Error]:
    sort, what = sort_of("", said), " and ".join(said).replace("-", "")
    fields = [field_at(model, path) for path in sort.columns]
    if None in fields:
        lost = sort.columns[fields.index(None)]
        yield _error(model, "E030", f"sorts by {lost!r}", NAME_A_FIELD)
        return
    strange = [field for field in fields if not isinstance(field, SORTABLE)]
    if strange:
        hint = "no index would serve it under row security: sort by text, int, time or key"
        yield _error(model, "E031", f"sorts by {what} ({type(strange[0]).__name__})", hint)
    elif len({path.startswith("-") for path in said}) > 1 or not _in_line(sort):
        hint = "all one way, and those along a foreign key first: no index would be walked"
        yield _error(model, "E031", f"sorts by {what}, which is no one walk", hint)
    elif _may_be_null(model, sort):
        hint = "make it NOT NULL, or sort by it alone: among several a place beside NULL is nowhere"
        yield _error(model, "E032", f"sorts by {what}, which may be NULL", hint)
    elif not all(walking(model, sort)):
        hint = _index_for(model, sort, fields)
        yield _error(model, "E033", f"sorts by {what} without an index", hint)


def _in_line(sort: Sort) -> bool:
    """Whether the columns along a foreign key are along one, and before the others."""
    relations = [path.rpartition("__")[0] for path in sort.columns]
    return relations == sorted(relations, reverse=True) and len(set(relations)) <= 2


def _may_be_null(model: Model, sort: Sort) -> bool:
    """Whether NULL is among several columns to sort by, or on the way to one."""
    keys = {path.rpartition("__")[0] for path in sort.columns} - {""}
    several = sort.columns[:-1] if len(sort.columns) > 2 or keys else ()
    return any(column_of(model, path).null for path in (*several, *keys))


def _index_for(model: Model, sort: Sort, fields: list[Any]) -> str:
    """What to add, for a sort that has no index."""
    columns, start = [path.rpartition("__")[2] for path in sort.columns], start_of(model)
    if fields[0].null and sort.descending:
        first = f'F("{sort.columns[0]}").desc(nulls_last=True)'
        said = ", ".join([*(f'"{name}"' for name in start), first, 'F("id").desc()', "name=..."])
        return f"add models.Index({said}) to Meta.indexes"
    return f"add {_written([*start, *columns])} to Meta.indexes"


def _written(names: list[str]) -> str:
    """An index as a model declares it."""
    return f"models.Index(fields=[{', '.join(f'"{name}"' for name in names)}])"


def _error(model: Model, number: str, what: str, hint: str) -> Error:
    return Error(f"{model._meta.label} {what}", hint=hint, obj=model, id=f"tenants.{number}")
