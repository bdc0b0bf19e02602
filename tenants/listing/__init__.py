"""Listings for whoever asks: filters, sorts, search and pages, declared in the model.

A declaration is an allow-list; what is asked is read strictly (BadQuery), goes to PostgreSQL as
parameters, and keeps an index under row security (checks tenants.E030-E034).
"""

from tenants.listing.asked import Listing
from tenants.listing.kinds import Day, Document, Flag, Integer, Key, Moment, Text
from tenants.listing.pages import Page

__all__ = [
    "Day",
    "Document",
    "Flag",
    "Integer",
    "Key",
    "Listing",
    "Moment",
    "Page",
    "Text",
]
