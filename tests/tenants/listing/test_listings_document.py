"""The guide has a line for each listing: what it can be filtered, sorted and searched by."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from tenants.listing import Listing
from tenants.listing.filters import filter_keys
from tenants.listing.query import search_of

GUIDE = Path(__file__).parents[3] / "docs" / "data-access.md"
OURS = ("budgets", "tenants")


def lines() -> Iterator[str]:
    """The rows of the table, as the declarations have them."""
    for model in sorted(apps.get_models(), key=lambda model: model.__name__):
        listing = getattr(model, "listing", None)
        if model._meta.app_label in OURS and isinstance(listing, Listing):
            search = search_of(model)
            filters = " ".join(f"`{key}`" for key in filter_keys(listing.filters.items()))
            sorts = " ".join(f"`{name}`" for name in listing.sorts)
            fields = ", ".join(name.replace("_", " ") for name in search.fields) if search else ""
            yield f"| `{model.__name__}` | {filters} | {sorts} | {fields} |"


def test_the_guide_has_a_line_for_each_listing_as_it_is_declared():
    told = re.search(r"^\| model \| filters .*\n\|---.*\n((?:\|.*\n)+)", GUIDE.read_text(), re.M)

    assert told is not None
    assert told[1].splitlines() == list(lines())
