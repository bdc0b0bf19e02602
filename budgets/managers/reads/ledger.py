"""What may be asked of the ledger, a page at a time: the listing of its entries.

    Entry.objects.page({"budget": budget.pk, "kind": "deposit", "search": "salary"})

The page is of one budget, newest first by the movement's `seq` and the `position` in it. Both are
written once and only grow, so a cursor stays good whatever is entered meanwhile.
"""

from tenants.listing import Integer, Key, Listing, Moment, Text
from tenants.schema.searches import TrigramSearch

MEMOS = TrigramSearch(fields=["memo", "source"], name="budgets_movement_search")
"""A part of a movement's memo or source, upper and lower case alike, of three letters or more."""

LEDGER = Listing(
    filters={
        "budget": Key(of="movement__budget"),
        "bucket": Key("exact", "in"),
        "kind": Text("exact", "in", of="movement__kind"),
        "seq": Integer("exact", "lt", "lte", "gt", "gte", of="movement__seq"),
        "effective_at": Moment("gte", "lt", of="movement__effective_at"),
        "recorded_at": Moment("gte", "lt", of="movement__recorded_at"),
        "amount": Integer("exact", "lt", "lte", "gt", "gte"),
    },
    sorts={
        "newest": ("-movement__seq", "-position"),
        "oldest": ("movement__seq", "position"),
    },
    search=f"movement__{MEMOS.name}",
    within="budget",
    most=500,
)
"""Of `Entry`: `seq` is the movement's; amounts are the entry's, below zero when money left."""
