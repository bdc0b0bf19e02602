"""What buckets held at a time, by any of the ledger's three orders."""

from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import BigIntegerField, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from budgets.cascade import MAX_MINOR
from budgets.errors import BadQuestion
from budgets.managers.reads.validation import clean_integer, clean_time, require_rows
from tenants.context import current_tenant_id

if TYPE_CHECKING:
    from budgets.models import Budget

ENTERED = """
SELECT b.id, b.name, b.kind, b.archived_at IS NOT NULL,
    coalesce(last.balance_after, 0), coalesce(last.movement_seq, 0)
FROM budgets_bucket AS b
LEFT JOIN LATERAL (
    SELECT e.balance_after, e.movement_seq
    FROM budgets_entry AS e
    WHERE e.tenant_id = b.tenant_id AND e.bucket_id = b.id
        AND e.movement_seq > 0 AND e.movement_seq <= least(
        %(seq)s::bigint,
        (
            SELECT m.seq
            FROM budgets_movement AS m
            WHERE m.tenant_id = %(tenant)s AND m.budget_id = %(budget)s
                AND m.recorded_at <= %(recorded)s::timestamptz
            ORDER BY m.recorded_at DESC, m.seq DESC
            LIMIT 1
        )
    )
    ORDER BY e.movement_seq DESC
    LIMIT 1
) AS last ON true
WHERE b.tenant_id = %(tenant)s AND b.budget_id = %(budget)s
ORDER BY b.archived_at NULLS FIRST, b.priority, b.name
"""
"""By seq or by recorded time: the other is null, and `least` passes over it."""

IN_ORDER = (F("archived_at").asc(nulls_first=True), "priority", "name")
"""Envelopes first, in priority order, then the money bucket, then closed ones as closed."""


@dataclass(frozen=True, slots=True)
class BalanceThen:
    """What one bucket held, in minor units; name and `closed` are those of now."""

    bucket: UUID
    name: str
    kind: str
    closed: bool
    balance: int


class Stood(NamedTuple):
    """The same of any bucket, and the last movement that touched it until then, 0 for none."""

    bucket: UUID
    name: str
    kind: str
    closed: bool
    balance: int
    newest: int


@dataclass(frozen=True, slots=True)
class Balances:
    """What buckets held: the open ones, and those closed since that held something.

    `seq` is the newest movement counted, 0 for none. By effective time others before it may
    not count, and a balance may be below zero: money can be said to have gone before it came.
    """

    seq: int
    buckets: tuple[BalanceThen, ...]

    @property
    def total(self) -> int:
        """What the budget held."""
        return sum(bucket.balance for bucket in self.buckets)


def balances(
    budget: "Budget", effective: datetime | None, recorded: datetime | None, seq: int | None
) -> Balances:
    """In one statement; by seq or recorded time with one index probe for each bucket.

    By effective time it adds up the entries: they come in any order, so no single one of them
    says where its bucket stood then. Raises BadQuestion unless one order is named.
    """
    if [effective, recorded, seq].count(None) != 2:
        raise BadQuestion("say as of when, once: effective, recorded or seq", field="as of")
    if effective is not None:
        rows = _happened(budget, clean_time("effective", effective))
    elif recorded is not None:
        rows = entered(budget, recorded=clean_time("recorded", recorded))
    else:
        rows = entered(budget, seq=clean_integer("seq", seq, least=0, most=MAX_MINOR))
    held = [BalanceThen(*row[:-1]) for row in require_rows(rows) if row.balance or not row.closed]
    return Balances(max(row.newest for row in rows), tuple(held))


def entered(
    budget: "Budget", *, seq: int | None = None, recorded: datetime | None = None
) -> list[Stood]:
    """Every bucket as its last entry up to that seq, or that recorded time, left it; in order."""
    asked = {"tenant": current_tenant_id(), "budget": budget.pk, "seq": seq, "recorded": recorded}
    with connections[budget.buckets.db].cursor() as cursor:
        cursor.execute(ENTERED, asked)
        return list(starmap(Stood, cursor.fetchall()))


def _happened(budget: "Budget", effective: datetime) -> list[Stood]:
    """Every bucket with the sum of its entries up to that effective time, in the same order."""
    counted = Q(entries__movement__effective_at__lte=effective)
    rows = budget.buckets.annotate(
        closed=Q(archived_at__isnull=False),
        then=_whole(Sum("entries__amount", filter=counted)),
        newest=_whole(Max("entries__movement__seq", filter=counted)),
    ).order_by(*IN_ORDER)
    return list(starmap(Stood, rows.values_list("pk", "name", "kind", "closed", "then", "newest")))


def _whole(aggregate: Any) -> Coalesce:
    return Coalesce(aggregate, 0, output_field=BigIntegerField())
