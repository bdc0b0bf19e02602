"""The one way in for what comes from outside."""

from collections.abc import Mapping
from typing import Any, Self

from django.db import models

from tenants.listing.asked import Asked, declared, read
from tenants.listing.pages import Page, ordered, page_of
from tenants.managers.contract import ContractQuerySet, M


class ListedQuerySet(ContractQuerySet[M]):
    """Rows as somebody asked for them, within what the model's `listing` allows."""

    def listed(self, asked: Mapping[str, Any]) -> Self:
        """All the rows asked for, in order: `limit` and `cursor` are page()'s, and do nothing here.

        Raises BadQuery.
        """
        understood = read(declared(self.model), asked, {})
        return ordered(self._narrowed(understood), understood.sort)

    def page(
        self,
        asked: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
    ) -> Page[M]:
        """One page of the rows asked for, in one statement; keywords count before the mapping.

        The cursor says from where; follow `page.next` with everything else as before. Filters
        put on the queryset beforehand are the caller's to keep the same. A page that goes over to
        the rows without a value of a nullable sort takes a second statement.

        Raises BadQuery.
        """
        own = {"limit": limit, "cursor": cursor, "sort": sort}
        understood = read(declared(self.model), {} if asked is None else asked, own)
        return page_of(self._narrowed(understood), understood)

    def _narrowed(self, asked: Asked) -> Self:
        told = declared(self.model)
        conditions = [
            each.kind.condition(each.path, told.column(each.path), each.operator, each.value)
            for each in asked.filters
        ]
        if asked.wanted is not None and told.search is not None:
            along = (told.listing.search or "").rpartition("__")[0]
            conditions.append(told.search.matching(asked.wanted, along=along))
        return self.filter(told.listing.always or models.Q(), *conditions)
