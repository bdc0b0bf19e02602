"""The one way in for what comes from outside."""

from collections.abc import Mapping
from typing import Any, Self

from tenants.contract import ContractQuerySet, M
from tenants.listing.asked import Asked, read
from tenants.listing.pages import Page, page_of


class ListedQuerySet(ContractQuerySet[M]):
    """Rows as somebody asked for them, within what the model's `listing` allows."""

    def listed(self, asked: Mapping[str, Any]) -> Self:
        """All the rows asked for, in order: `limit` and `cursor` are page()'s, and do nothing here.

        Raises BadQuery.
        """
        understood = read(self.model, asked, {})
        sort = understood.sort
        turn = "-" if sort.descending else ""
        return self._narrowed(understood).order_by(*(turn + column for column in sort.columns))

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
        put on the queryset beforehand are the caller's to keep the same.

        Raises BadQuery.
        """
        own = {"limit": limit, "cursor": cursor, "sort": sort}
        understood = read(
            self.model,
            {} if asked is None else asked,
            {k: v for k, v in own.items() if v is not None},
        )
        return page_of(self._narrowed(understood), understood)

    def _narrowed(self, asked: Asked) -> Self:
        return self.filter(*asked.conditions)
