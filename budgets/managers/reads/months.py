"""Income, withdrawals and fill, month by month, for each currency by itself.

A month is one of the effective time, in a time zone that is said. What a reversal takes back is
taken off where it was counted, in the month of the reversal, so a month that is over changes
only when somebody enters something into it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import DateField, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from budgets.managers.reads.dashboard import fill_share
from budgets.managers.reads.redistribution import Redistributed, by_month
from budgets.managers.reads.validation import clean_integer

if TYPE_CHECKING:
    from budgets.managers.budgets import BudgetQuerySet

MOST_MONTHS = 240

type Unit = tuple[str, int]
"""A currency and its exponent: only sums that have both in common are ever added."""


@dataclass(frozen=True, slots=True)
class BucketMonth:
    """What one bucket gained (+) or lost (-) in a month, and how full it was in the end.

    Sums in minor units; `fill` in parts per million, against the target of today.
    """

    budget: UUID
    bucket: UUID
    name: str
    change: int
    closing: int
    fill: int | None


@dataclass(frozen=True, slots=True)
class Month:
    """What came in and went out in the month that `first` begins, in minor units.

    Each may be below zero, when more was reversed than came in or went out. Buckets that are
    closed are listed while they held or moved something. `redistributed` is what went from money
    buckets to envelopes by redistribution; the last of it that was not reversed since happened at
    `last_redistributed_at`.
    """

    first: date
    income: int
    withdrawn: int
    buckets: tuple[BucketMonth, ...]
    redistributed: int
    last_redistributed_at: datetime | None

    @property
    def closing(self) -> int:
        """What all buckets held when it ended."""
        return sum(bucket.closing for bucket in self.buckets)


@dataclass(frozen=True, slots=True)
class CurrencyMonths:
    """The months of every budget in one currency, the oldest first, none left out between."""

    currency: str
    exponent: int
    budgets: int
    months: tuple[Month, ...]


@dataclass(slots=True)
class _Kept:
    """One bucket's changes by month."""

    budget: UUID
    bucket: UUID
    name: str
    closed: bool
    target: int | None
    changes: dict[date, int] = field(default_factory=dict)


def by_currency(
    budgets: "BudgetQuerySet", zone: tzinfo, last: int, until: date | None
) -> tuple[CurrencyMonths, ...]:
    """The `last` months up to that of `until`, or of now in `zone`; three statements."""
    clean_integer("last", last, least=1, most=MOST_MONTHS)
    end = timezone.localdate(timezone=zone) if until is None else until
    flows, kept, given = _flows(budgets, zone), _kept(budgets, zone), by_month(budgets, zone)
    moved = [month for buckets in kept.values() for one in buckets for month in one.changes]
    months = tuple(_calendar(moved, last, end))
    return tuple(
        CurrencyMonths(
            *unit,
            len({bucket.budget for bucket in kept[unit]}),
            tuple(_months(months, flows[unit], kept[unit], given[unit])),
        )
        for unit in sorted(kept)
    )


def _flows(budgets: "BudgetQuerySet", zone: tzinfo) -> dict[Unit, dict[date, tuple[int, int]]]:
    """Income and withdrawals by currency and month."""
    incoming, reversal = Q(movements__net_amount__gt=0), Q(movements__kind="reversal")
    income = (incoming & ~reversal) | (~incoming & reversal)
    rows = budgets.values_list(
        "currency",
        "exponent",
        TruncMonth("movements__effective_at", output_field=DateField(), tzinfo=zone),
    ).annotate(
        came=Sum("movements__net_amount", filter=income, default=0),
        went=-Sum("movements__net_amount", filter=~income, default=0),
    )
    flows: dict[Unit, dict[date, tuple[int, int]]] = defaultdict(dict)
    for currency, exponent, month, came, went in rows:
        flows[currency, exponent][month] = (came, went)
    return flows


def _kept(budgets: "BudgetQuerySet", zone: tzinfo) -> dict[Unit, list[_Kept]]:
    """Every bucket by currency, in priority order, with its changes."""
    month = TruncMonth(
        "buckets__entries__movement__effective_at", output_field=DateField(), tzinfo=zone
    )
    rows = (
        budgets.values_list(
            "currency", "exponent", "pk", "buckets__pk", "buckets__name",
            "buckets__archived_at", "buckets__target", month,
        )
        .annotate(Sum("buckets__entries__amount"))
        .order_by("name", "pk", "buckets__archived_at", "buckets__priority", "buckets__pk")
    )  # fmt: skip
    kept: dict[Unit, dict[UUID, _Kept]] = defaultdict(dict)
    for currency, exponent, budget, bucket, name, archived_at, target, month, change in rows:
        one = kept[currency, exponent].setdefault(
            bucket, _Kept(budget, bucket, name, archived_at is not None, target)
        )
        if month is not None:
            one.changes[month] = change
    return {unit: list(buckets.values()) for unit, buckets in kept.items()}


def _calendar(moved: list[date], last: int, end: date) -> Iterator[date]:
    """The firsts of up to `last` months, beginning no earlier than money first moved."""
    if not moved:
        return
    newest = end.year * 12 + end.month - 1
    oldest = min(moved).year * 12 + min(moved).month - 1
    for month in range(max(oldest, newest - last + 1), newest + 1):
        yield date(month // 12, month % 12 + 1, 1)


def _months(
    calendar: tuple[date, ...],
    flows: Mapping[date, tuple[int, int]],
    kept: list[_Kept],
    given: Mapping[date, Redistributed],
) -> Iterator[Month]:
    histories = [_history(bucket, calendar) for bucket in kept]
    for first in calendar:
        lines = [next(history) for history in histories]
        shown = (line for line in lines if line is not None)
        moved = given.get(first, (0, None))
        yield Month(first, *flows.get(first, (0, 0)), tuple(shown), *moved)


def _history(kept: _Kept, calendar: tuple[date, ...]) -> Iterator[BucketMonth | None]:
    """A bucket's months; None for those that a closed one has nothing to say about."""
    closing = sum(change for month, change in kept.changes.items() if month < calendar[0])
    for month in calendar:
        change = kept.changes.get(month, 0)
        closing += change
        if kept.closed and not change and not closing:
            yield None
        else:
            yield BucketMonth(
                kept.budget,
                kept.bucket,
                kept.name,
                change,
                closing,
                fill_share(closing, kept.target),
            )
