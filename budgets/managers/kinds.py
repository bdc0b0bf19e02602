"""The kinds of buckets and movements, and the reasons of entries: names that are stored."""

from django.db.models import TextChoices


class BucketKind(TextChoices):
    """An envelope, or the one bucket of a budget that gets the unallocated rest."""

    ENVELOPE = "envelope"
    MONEY = "money"


class MovementKind(TextChoices):
    """Which verb moved the money."""

    DEPOSIT = "deposit"
    DEPOSIT_INTO = "deposit_into"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    REDISTRIBUTE = "redistribute"
    REDISTRIBUTE_TO = "redistribute_to"
    RELEASE_EXCESS = "release_excess"
    CLOSE = "close"
    CLOSE_CASCADE = "close_cascade"
    REVERSAL = "reversal"


class EntryReason(TextChoices):
    """Why a bucket got or gave an amount. The first three are those of `budgets.cascade`."""

    FILTER = "filter"
    HOLD_FLOOR = "hold_floor"
    CAPACITY_LIMIT = "capacity_limit"
    REMAINDER = "remainder"
    DIRECT = "direct"
    OVERFLOW = "overflow"
    SOURCE = "source"
    WITHDRAWN = "withdrawn"
    REVERSAL = "reversal"


CASCADES = (MovementKind.DEPOSIT, MovementKind.REDISTRIBUTE, MovementKind.CLOSE_CASCADE)
"""Kinds of movement whose lines are a cascade's."""

REDISTRIBUTIONS = (MovementKind.REDISTRIBUTE, MovementKind.REDISTRIBUTE_TO)

KEPT = (EntryReason.FILTER, EntryReason.HOLD_FLOOR, EntryReason.CAPACITY_LIMIT)
"""The reasons of a cascade's own lines."""

CLOSINGS = (MovementKind.CLOSE, MovementKind.CLOSE_CASCADE)
"""Kinds of movement that empty a bucket, whose newest version then closes it."""

REASONS = {
    MovementKind.DEPOSIT: (*KEPT, EntryReason.REMAINDER),
    MovementKind.DEPOSIT_INTO: (EntryReason.DIRECT, EntryReason.OVERFLOW),
    MovementKind.WITHDRAW: (EntryReason.WITHDRAWN,),
    MovementKind.TRANSFER: (EntryReason.SOURCE, EntryReason.DIRECT, EntryReason.OVERFLOW),
    MovementKind.REDISTRIBUTE: (EntryReason.SOURCE, *KEPT),
    MovementKind.REDISTRIBUTE_TO: (EntryReason.SOURCE, EntryReason.DIRECT),
    MovementKind.RELEASE_EXCESS: (EntryReason.SOURCE, EntryReason.OVERFLOW),
    MovementKind.CLOSE: (EntryReason.SOURCE, EntryReason.DIRECT, EntryReason.WITHDRAWN),
    MovementKind.CLOSE_CASCADE: (EntryReason.SOURCE, *KEPT, EntryReason.REMAINDER),
    MovementKind.REVERSAL: (EntryReason.REVERSAL,),
}
"""The reasons that the entries of each kind of movement may have."""

TAKING = (EntryReason.SOURCE, EntryReason.WITHDRAWN)
"""The reasons of entries that take money out of a bucket. Those of a reversal give or take."""
