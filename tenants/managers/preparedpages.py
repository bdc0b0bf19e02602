"""Pages of a listing as prepared statements: those whose plan does not depend on the values."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from django.db.models import Q

from tenants.context import tenancy
from tenants.listing.pages import Page, Position, ahead, ordered, paged
from tenants.listing.query import ListingQuery, column_of, declaration_of, sort_from
from tenants.managers.compiled import Compiled, Placeholder, compiled

MOST_STATEMENTS = 64
"""Kept in a process; each connection keeps those that it ran last."""


def prepared_page(manager: Any, query: ListingQuery, filters: Collection[str]) -> Page[Any] | None:
    """The page of `page_of`; None for a query with another condition than equality of `filters`.

    None while inspecting, too: then there is no tenant to name. Raises BadCursor.
    """
    names = tuple(each.name for each in query.filters)
    equal = all(each.operator == "exact" and each.name in filters for each in query.filters)
    if not equal or len(set(names)) < len(names) or query.search is not None:
        return None
    if tenancy().tenant_id is None:
        return None
    using = manager.db
    values = {each.name: each.value for each in query.filters}

    def find(position: Position | None) -> list[Any]:
        back = position and position.back
        statement = _statement(manager.model, using, names, query.sort.name, back, query.limit)
        start = {} if position is None else _named(query.sort.columns, position.values)
        return statement.instances(using, **values, **start)

    return paged(manager.model, query, find)


def _named(columns: Collection[str], values: Collection[Any]) -> dict[str, Any]:
    return {f"after_{column}": value for column, value in zip(columns, values, strict=True)}


@lru_cache(maxsize=MOST_STATEMENTS)
def _statement(
    model: Any, using: str, names: tuple[str, ...], sort_name: str, back: bool | None, limit: int
) -> Compiled:
    """The page with these filters; `back` is None for the first page."""
    declaration = declaration_of(model)
    sort = sort_from(sort_name, declaration.listing.sorts[sort_name])
    kinds = {name: declaration.listing.filters[name] for name in names}
    conditions = [declaration.listing.always or Q()]
    for name, kind in kinds.items():
        path = kind.of or name
        column = declaration.column(path)
        conditions.append(kind.condition(path, column, "exact", Placeholder(name, column)))
    if back is not None:
        values = [Placeholder(f"after_{path}", column_of(model, path)) for path in sort.columns]
        conditions += ahead(model, sort, Position(back, values))
    rows = ordered(model.objects.using(using), sort, back=bool(back))
    return compiled(rows.filter(*conditions)[: limit + 1], binary=False)
