"""Listings for whoever asks: filters, sorts, search and pages, declared in the model.

A declaration is an allow-list; what is asked is read strictly (BadQuery), goes to PostgreSQL as
parameters, and keeps an index under row security (checks tenants.E030-E034). Pages are found by
their place; pages by number are for the admin's small lists alone, and nothing here counts rows.
Rows without a value of what they are sorted by come last, either way. Global models have listings
by the same means; their cursors are good in any block and outside.

    Product.objects.listed({"category": ..., "search": "assam"})    a queryset
    Product.objects.page(request.GET, cursor=page.next)             a Page of rows and cursors
"""

from tenants.listing.asked import Listing
from tenants.listing.kinds import IP, JSON, Day, Flag, Folded, Integer, Key, Moment, Text
from tenants.listing.pages import Page

__all__ = [
    "IP",
    "JSON",
    "Day",
    "Flag",
    "Folded",
    "Integer",
    "Key",
    "Listing",
    "Moment",
    "Page",
    "Text",
]
