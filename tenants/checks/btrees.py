"""The btree indexes of models, and the ones that serve the filters and sorts of listings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.functions import Lower

from tenants.listing.filters import searches_of
from tenants.listing.query import Sort, column_of, listing_of

type Model = type[models.Model]
type Fields = tuple[str, ...]
type Index = tuple[Model, str]
"""The model whose table has the index, and the index's name."""

TENANT = ("tenant",)
"""The first column of every index of a tenant's table; see `index_prefix`."""


@dataclass(frozen=True)
class Btree:
    """An index of a model: its fields with their operator classes and orders.

    '' is the default operator class. The field of Lower("email") is `lower(email)`.
    """

    name: str
    fields: Fields
    opclasses: tuple[str, ...]
    down: tuple[bool, ...]
    nulls_first: tuple[bool, ...]

    def serves_filter(
        self, field: Any, operator: str, after: Fields = TENANT, *, ignore_case: bool = False
    ) -> bool:
        """Whether the index begins with the fields `after` and `field`, and serves the operator."""
        size = len(after)
        name = f"lower({field.name})" if ignore_case else field.name
        if self.fields[: size + 1] != (*after, name):
            return False
        bytewise = "_pattern_" in self.opclasses[size] or getattr(field, "db_collation", "") == "C"
        return operator != "startswith" or bytewise

    def serves_sort(
        self, fields: Fields, after: Fields = TENANT, *, empty: bool | None = None
    ) -> bool:
        """Whether the index has the rows in the order of the fields, forwards or backwards.

        `empty` is for a nullable first field: whether the order is descending. Its NULLs must be
        at the end.
        """
        own = slice(len(after), len(after) + len(fields))
        nulls, down = self.nulls_first[own], self.down[own]
        if self.fields[: own.stop] != (*after, *fields) or len(set(down)) > 1:
            return False
        usual = down if empty is None else (down[0] != empty, *down[1:])
        return nulls == usual and not any("_pattern_" in each for each in self.opclasses[own])


def btrees(model: Model, always: models.Q | None = None) -> Iterator[Btree]:
    """The btrees of the model that contain all rows, all live rows, or all rows of `always`."""
    yield _btree(f"{model._meta.db_table}_pkey", [*index_prefix(model), "id"])
    for index in model._meta.indexes:
        if type(index) is models.Index and _covers_listing(model, index.condition, always):
            if index.fields:
                fields, orders = zip(*index.fields_orders, strict=True)
                yield _btree(index.name, fields, index.opclasses, [bool(order) for order in orders])
            elif all(map(_is_plain, index.expressions)):
                yield _of_expressions(index)
    for unique in model._meta.constraints:
        if not isinstance(unique, models.UniqueConstraint) or not unique.fields:
            continue
        if _covers_listing(model, unique.condition):
            yield _btree(unique.name, unique.fields, getattr(unique, "opclasses", ()))


def index_prefix(model: Model) -> Fields:
    """The first columns of the model's indexes: the tenant for a tenant's model, else nothing."""
    return TENANT if hasattr(model, "tenant_attname") else ()


def indexes_for_filter(
    model: Model, path: str, operator: str, *, ignore_case: bool = False
) -> list[set[Index]]:
    """For each table on the path of a filter, the indexes that serve it; one of each is enough."""
    relation, _, name = path.rpartition("__")
    field = column_of(model, path)
    holder = field.model if relation else model
    if operator == "contains":
        found = {(holder, search.name) for search in searches_of(holder, name)}
    else:
        found = {
            (holder, btree.name)
            for btree in btrees(holder, _always(model, relation))
            if any(
                btree.serves_filter(field, operator, after, ignore_case=ignore_case)
                for after in _prefixes(model, relation, holder)
            )
        }
    return _with_join_index(model, relation, found)


def indexes_for_sort(model: Model, sort: Sort) -> list[set[Index]]:
    """For each table on the path of a sort, the indexes that serve it; one of each is enough.

    Along a foreign key, one index sorts the referenced rows, and another finds for each of them
    the rows that reference it.
    """
    first = column_of(model, sort.columns[0])
    relation = sort.columns[0].rpartition("__")[0]
    holder = first.model if relation else model
    own = tuple(path for path in sort.columns if "__" not in path)
    along = tuple(path.rpartition("__")[2] for path in sort.columns if "__" in path)
    empty = sort.descending if first.null else None
    found = {
        (holder, btree.name)
        for btree in btrees(holder, _always(model, relation))
        for after in _prefixes(model, relation, holder)
        if btree.serves_sort(along or own, after, empty=empty)
    }
    return _with_join_index(model, relation, found, own[:-1])


def field_at(model: Model, path: str) -> Any:
    """The field of a path, of the model or along one foreign key, or None."""
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


def _always(model: Model, relation: str) -> models.Q | None:
    """The condition `always` of the listing; it does not apply to the rows of a relation."""
    return None if relation else listing_of(model).always


def _prefixes(model: Model, relation: str, holder: Model) -> list[Fields]:
    """The possible first columns of an index: the tenant, or the tenant and the parent."""
    start = index_prefix(holder)
    listing = listing_of(model)
    kind = listing.filters.get(listing.within or "")
    path = (kind.of or listing.within or "") if kind else ""
    led, _, name = path.rpartition("__")
    return [start, (*start, name)] if name and led == relation else [start]


def _with_join_index(
    model: Model, relation: str, found: set[Index], own: Fields = ()
) -> list[set[Index]]:
    """The indexes `found`, and those of the foreign key in the order of the model's own fields."""
    if not relation:
        return [found]
    start, way = index_prefix(model), (relation, *own)
    return [
        found,
        {(model, btree.name) for btree in btrees(model) if btree.serves_sort(way, start)},
    ]


def _of_expressions(index: models.Index) -> Btree:
    """An index with ordering expressions, such as `F("due").desc(nulls_last=True)`."""
    expressions: list[Any] = list(index.expressions)
    orders: list[Any] = [each if isinstance(each, OrderBy) else each.asc() for each in expressions]
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
    """Whether an expression of an index is a column or Lower of a column, in any order."""
    plain = expression.expression if isinstance(expression, OrderBy) else expression
    return isinstance(_inner(plain), F)


def _inner(expression: Any) -> Any:
    """The argument of Lower, or the expression itself."""
    return expression.source_expressions[0] if type(expression) is Lower else expression


def _name(expression: Any) -> str:
    inner = _inner(expression)
    return str(inner.name) if inner is expression else f"lower({inner.name})"


def _btree(name: str, fields: Any, opclasses: Any = (), down: Any = ()) -> Btree:
    """An index with defaults for its operator classes and directions."""
    size = len(fields)
    orders = tuple(down) or (False,) * size
    return Btree(name, tuple(fields), tuple(opclasses) or ("",) * size, orders, orders)


def _covers_listing(
    model: Model, condition: models.Q | None, always: models.Q | None = None
) -> bool:
    """Whether an index with that condition contains all rows of the manager."""
    live = models.Q(deleted_at=None)
    return condition in (None, always) or (
        condition == live and field_at(model, "deleted_at") is not None
    )
