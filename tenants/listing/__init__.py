"""Listings: filters, sorts, search and pages from untrusted input, as the model declares them.

The declaration is an allow-list. Input is parsed strictly (BadQuery), reaches PostgreSQL as
parameters, and is served by an index under row security (checks tenants.E030-E034). Pages are
found by keyset, never by offset and without counting rows; numbered pages are for the small lists
of the admin. Rows without a value in the sort column come last in both directions. Global models
are listed in the same way; their cursors are valid in every block and outside of blocks.

    Product.objects.listed({"category": ..., "search": "assam"})    a queryset
    Product.objects.page(request.GET, cursor=page.next)             a Page of rows and cursors
"""

from tenants.listing.filters import (
    IP,
    JSON,
    CaseInsensitive,
    Day,
    Flag,
    HasValue,
    Integer,
    Key,
    Moment,
    Text,
)
from tenants.listing.pages import Page
from tenants.listing.query import Listing

__all__ = [
    "IP",
    "JSON",
    "CaseInsensitive",
    "Day",
    "Flag",
    "HasValue",
    "Integer",
    "Key",
    "Listing",
    "Moment",
    "Page",
    "Text",
]
