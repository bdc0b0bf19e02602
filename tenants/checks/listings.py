"""Whether role app has an index for everything that a model's listing lets callers ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.checks import Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from tenants.checks.catalog import Catalog
from tenants.listing.asked import RESERVED, listing_of, search_of
from tenants.listing.kinds import JSON, SORTABLE, Kind, searches_of
from tenants.models import TenantModel

type Model = type[models.Model]


@dataclass(frozen=True)
class Btree:
    """An index of a model: fields, operator classes ('' is the type's own), and which go down."""

    name: str
    fields: tuple[str, ...]
    opclasses: tuple[str, ...]
    down: tuple[bool, ...]

    def finds(self, field: Any, operator: str) -> bool:
        """Whether it serves the operator: it begins with the tenant and the field."""
        if self.fields[:2] != ("tenant", field.name):
            return False
        bytewise = "_pattern_" in self.opclasses[1] or getattr(field, "db_collation", "") == "C"
        return operator != "startswith" or bytewise

    def walks(self, field: Any) -> bool:
        """Whether it has the rows of a tenant in the order of the field, then of `id`."""
        wanted = tuple(dict.fromkeys(["tenant", field.name, "id"]))
        size = len(wanted)
        alike = len(set(self.down[1:size])) == 1 and "_pattern_" not in self.opclasses[1]
        return self.fields[:size] == wanted and alike


def btrees(model: Model) -> Iterator[Btree]:
    """The model's own indexes that hold all its rows, or all its live ones."""
    yield _btree(f"{model._meta.db_table}_pkey", ["tenant", "id"])
    for index in model._meta.indexes:
        if type(index) is models.Index and index.fields and _whole(model, index.condition):
            fields, orders = zip(*index.fields_orders, strict=True)
            yield _btree(index.name, fields, index.opclasses, [bool(order) for order in orders])
    for unique in model._meta.constraints:
        if not isinstance(unique, models.UniqueConstraint) or not unique.fields:
            continue
        if _whole(model, unique.condition):
            yield _btree(unique.name, unique.fields, getattr(unique, "opclasses", ()))


def supporting(model: Model, name: str, operator: str) -> set[str]:
    """The names of the indexes that serve a filter."""
    field = model._meta.get_field(name)
    if operator == "contains":
        return {search.name for search in searches_of(model, name)}
    return {btree.name for btree in btrees(model) if btree.finds(field, operator)}


def walking(model: Model, name: str) -> set[str]:
    """The names of the indexes that serve a sort by a field."""
    field = model._meta.get_field(name)
    return {btree.name for btree in btrees(model) if btree.walks(field)}


def listing_faults(model: Model) -> Iterator[Error]:
    """The faults of a model's listing."""
    listing = listing_of(model)
    for name, kind in listing.filters.items():
        yield from _filter(model, name, kind)
    for column in listing.sorts.values():
        yield from _sort(model, column.removeprefix("-"))
    search = search_of(model)
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
        "SELECT o.relname, i.indexrelid::regclass::text FROM owned o"
        " JOIN pg_index i ON i.indrelid = o.oid WHERE i.indisvalid"
    )
    found = {(table, name.replace('"', "")) for table, name in rows}
    for model in catalog.present:
        for name in sorted(_named(model) if issubclass(model, TenantModel) else ()):
            if (model._meta.db_table, name) not in found:
                yield _error(
                    model, "E034", f"lists by the index {name}, which is not there", "migrate"
                )


def _named(model: Model) -> set[str]:
    """The names of the btrees that a listing stands on; its searches are checked as declared."""
    listing, names = listing_of(model), set[str]()
    for name, kind in listing.filters.items():
        for operator in set(kind.operators) - {"contains"}:
            names |= supporting(model, name, operator)
    for column in listing.sorts.values():
        names |= walking(model, column.removeprefix("-"))
    return names


def _filter(model: Model, name: str, kind: Kind) -> Iterator[Error]:
    field = _field(model, name)
    if field is None or name in RESERVED:
        yield _error(model, "E030", f"filters by {name!r}", "name a field of the model's own table")
        return
    strange = ", ".join(sorted(set(kind.operators) - set(kind.known)))
    if strange or not kind.fits(field):
        yield _error(
            model,
            "E031",
            f"filters {name} ({type(field).__name__}) as {type(kind).__name__} {strange}".rstrip(),
            f"no index would serve it under row security; {type(kind).__name__} has:"
            f" {', '.join(kind.known)}; for parts of texts and for JSON declare a search",
        )
        return
    for operator in kind.operators:
        if not supporting(model, name, operator):
            yield _unserved(model, f"filters by {name}__{operator}", kind, name, operator)


def _unserved(model: Model, what: str, kind: Kind, name: str, operator: str) -> Error:
    hint = f'add models.Index(fields=["tenant", "{name}"]) to Meta.indexes'
    if operator == "startswith":
        hint += ' with opclasses=["uuid_ops", "text_pattern_ops"]'
    if isinstance(kind, JSON):
        hint = f'add JSONContains(fields=["{name}"]) to Meta.constraints'
    return _error(model, "E033", f"{what} without an index", hint)


def _sort(model: Model, name: str) -> Iterator[Error]:
    field = _field(model, name)
    if field is None:
        yield _error(model, "E030", f"sorts by {name!r}", "name a field of the model's own table")
    elif not isinstance(field, SORTABLE):
        hint = "no index would serve it under row security: sort by text, int, time or key"
        yield _error(model, "E031", f"sorts by {name} ({type(field).__name__})", hint)
    elif field.null:
        hint = "make it NOT NULL: a place beside NULL is nowhere"
        yield _error(model, "E032", f"sorts by {name}, which may be NULL", hint)
    elif not walking(model, name):
        hint = f'add models.Index(fields=["tenant", "{name}", "id"]) to Meta.indexes'
        yield _error(model, "E033", f"sorts by {name} without an index", hint)


def _btree(name: str, fields: Any, opclasses: Any = (), down: Any = ()) -> Btree:
    """An index, with the opclasses and the directions that were not said."""
    size = len(fields)
    return Btree(
        name, tuple(fields), tuple(opclasses) or ("",) * size, tuple(down) or (False,) * size
    )


def _whole(model: Model, condition: models.Q | None) -> bool:
    """Whether the manager's rows are all in an index with that condition."""
    live = models.Q(deleted_at=None)
    return condition is None or (condition == live and _field(model, "deleted_at") is not None)


def _field(model: Model, name: str) -> Any:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field.concrete and field.name == name else None


def _error(model: Model, number: str, what: str, hint: str) -> Error:
    return Error(f"{model._meta.label} {what}", hint=hint, obj=model, id=f"tenants.{number}")
