"""The btrees of models, and which of them serve what a listing lets callers ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.functions import Lower

from tenants.listing.asked import Sort, column_of, listing_of
from tenants.listing.kinds import searches_of

type Model = type[models.Model]
type Fields = tuple[str, ...]
type Index = tuple[Model, str]
"""The model whose table has the index, and the index's name."""

TENANT = ("tenant",)
"""What every index of a tenants' table begins with; see `start_of` for the others."""


@dataclass(frozen=True)
class Btree:
    """An index of a model: fields, operator classes ('' is the type's own), and their orders.

    Lower("email") is the field `lower(email)`.
    """

    name: str
    fields: Fields
    opclasses: tuple[str, ...]
    down: tuple[bool, ...]
    nulls_first: tuple[bool, ...]

    def finds(
        self, field: Any, operator: str, after: Fields = TENANT, *, folded: bool = False
    ) -> bool:
        """Whether it serves the operator: it begins with the fields named and with this one."""
        size = len(after)
        name = f"lower({field.name})" if folded else field.name
        if self.fields[: size + 1] != (*after, name):
            return False
        bytewise = "_pattern_" in self.opclasses[size] or getattr(field, "db_collation", "") == "C"
        return operator != "startswith" or bytewise

    def walks(self, fields: Fields, after: Fields = TENANT, *, empty: bool | None = None) -> bool:
        """Whether it has the rows in the order of the fields, one way or the other.

        `empty` says of a first field that may be NULL whether the walk goes down it: its NULLs
        have to be at the end.
        """
        own = slice(len(after), len(after) + len(fields))
        nulls, down = self.nulls_first[own], self.down[own]
        if self.fields[: own.stop] != (*after, *fields) or len(set(down)) > 1:
            return False
        usual = down if empty is None else (down[0] != empty, *down[1:])
        return nulls == usual and not any("_pattern_" in each for each in self.opclasses[own])


def btrees(model: Model) -> Iterator[Btree]:
    """The model's own indexes that hold all its rows, or all its live ones."""
    yield _btree(f"{model._meta.db_table}_pkey", [*start_of(model), "id"])
    for index in model._meta.indexes:
        if type(index) is models.Index and _whole(model, index.condition):
            if index.fields:
                fields, orders = zip(*index.fields_orders, strict=True)
                yield _btree(index.name, fields, index.opclasses, [bool(order) for order in orders])
            elif all(map(_is_plain, index.expressions)):
                yield _of_expressions(index)
    for unique in model._meta.constraints:
        if not isinstance(unique, models.UniqueConstraint) or not unique.fields:
            continue
        if _whole(model, unique.condition):
            yield _btree(unique.name, unique.fields, getattr(unique, "opclasses", ()))


def start_of(model: Model) -> Fields:
    """What each of its indexes begins with: the tenant, where there is one."""
    return TENANT if hasattr(model, "tenant_attname") else ()


def supporting(model: Model, path: str, operator: str, *, folded: bool = False) -> list[set[Index]]:
    """The indexes that serve a filter, for each table on the way: one of each set will do."""
    relation, _, name = path.rpartition("__")
    field = column_of(model, path)
    holder = field.model if relation else model
    if operator == "contains":
        found = {(holder, search.name) for search in searches_of(holder, name)}
    else:
        found = {
            (holder, btree.name)
            for btree in btrees(holder)
            if any(
                btree.finds(field, operator, after, folded=folded)
                for after in _beginnings(model, relation, holder)
            )
        }
    return _led_to(model, relation, found)


def walking(model: Model, sort: Sort) -> list[set[Index]]:
    """The indexes that serve a sort, for each table on the way: one of each set will do.

    Along a foreign key the rows it leads to are walked, and for each the rows that lead to it.
    """
    first = column_of(model, sort.columns[0])
    relation = sort.columns[0].rpartition("__")[0]
    holder = first.model if relation else model
    own = tuple(path for path in sort.columns if "__" not in path)
    along = tuple(path.rpartition("__")[2] for path in sort.columns if "__" in path)
    empty = sort.descending if first.null else None
    found = {
        (holder, btree.name)
        for btree in btrees(holder)
        for after in _beginnings(model, relation, holder)
        if btree.walks(along or own, after, empty=empty)
    }
    return _led_to(model, relation, found, own[:-1])


def field_at(model: Model, path: str) -> Any:
    """The field that a path names, of the model or along one foreign key; or None."""
    relation, _, name = path.rpartition("__")
    try:
        holder: Any = model
        if relation:
            key = model._meta.get_field(relation)
            holder = key.related_model if isinstance(key, models.ForeignKey) else None
        field: Any = holder and holder._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field and field.concrete and field.name == name else None


def _beginnings(model: Model, relation: str, holder: Model) -> list[Fields]:
    """How an index may begin: by the tenant, or then by what the listing is always within."""
    start = start_of(holder)
    listing = listing_of(model)
    kind = listing.filters.get(listing.within or "")
    path = (kind.of or listing.within or "") if kind else ""
    led, _, name = path.rpartition("__")
    return [start, (*start, name)] if name and led == relation else [start]


def _led_to(model: Model, relation: str, found: set[Index], own: Fields = ()) -> list[set[Index]]:
    """With the indexes that lead back along a foreign key, in the order of the own fields."""
    if not relation:
        return [found]
    start, way = start_of(model), (relation, *own)
    return [found, {(model, btree.name) for btree in btrees(model) if btree.walks(way, start)}]


def _of_expressions(index: models.Index) -> Btree:
    """An index whose orders are said by expressions: `F("due").desc(nulls_last=True)`."""
    said: list[Any] = list(index.expressions)
    orders: list[Any] = [each if isinstance(each, OrderBy) else each.asc() for each in said]
    return Btree(
        index.name,
        tuple(_name(order.expression) for order in orders),
        ("",) * len(orders),
        tuple(order.descending for order in orders),
        tuple(
            bool(order.nulls_first or (order.descending and not order.nulls_last))
            for order in orders
        ),
    )


def _is_plain(expression: Any) -> bool:
    """Whether an expression of an index is a column or Lower of one, in whichever order."""
    plain = expression.expression if isinstance(expression, OrderBy) else expression
    return isinstance(_inner(plain), F)


def _inner(expression: Any) -> Any:
    """What Lower is of; anything else is itself."""
    return expression.source_expressions[0] if type(expression) is Lower else expression


def _name(expression: Any) -> str:
    inner = _inner(expression)
    return str(inner.name) if inner is expression else f"lower({inner.name})"


def _btree(name: str, fields: Any, opclasses: Any = (), down: Any = ()) -> Btree:
    """An index, with the opclasses and the directions that were not said."""
    size = len(fields)
    orders = tuple(down) or (False,) * size
    return Btree(name, tuple(fields), tuple(opclasses) or ("",) * size, orders, orders)


def _whole(model: Model, condition: models.Q | None) -> bool:
    """Whether the manager's rows are all in an index with that condition."""
    live = models.Q(deleted_at=None)
    return condition is None or (condition == live and field_at(model, "deleted_at") is not None)
