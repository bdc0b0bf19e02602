"""The deposit as bare SQL in Django's cursor: five statements on the tables of the limit.

It is what an application could write by hand: block, lock, read, the cascade over tuples, one
statement that writes. As role app, with row security and prepared by nobody.
"""

from typing import Any
from uuid import UUID, uuid4

from django.db import connections, transaction

from bench.performance.amounts import AMOUNT
from bench.performance.measure import Slice, slice_of
from bench.performance.product import Pair

ALIAS = "bare"

LOCK = """
UPDATE budgets_budget SET last_movement_seq = last_movement_seq + 1, deposited = deposited + %s,
    last_recorded_at = now(), updated_at = now()
WHERE tenant_id = %s AND id = %s RETURNING last_movement_seq
"""
READ = """
SELECT id, kind, filter_flat, filter_share, hold_flat, hold_share, target, locked, balance
FROM budgets_bucket WHERE tenant_id = %s AND budget_id = %s AND archived_at IS NULL
ORDER BY priority NULLS LAST
"""


class _State:
    pairs: list[Pair]
    write: str


def prepare(pairs: list[Pair], write: str) -> None:
    """Add the alias, with Django's own engine, and keep the budgets."""
    config = {**connections.settings["default"], "ENGINE": "django.db.backends.postgresql"}
    config["OPTIONS"] = {
        key: value for key, value in config["OPTIONS"].items() if key not in ("pool",)
    }
    connections.settings[ALIAS] = config
    _State.pairs, _State.write = pairs, write


def deposit(number: int) -> None:
    """A deposit into one budget after the other."""
    tenant, budget = _State.pairs[number * 7 % len(_State.pairs)]
    with transaction.atomic(using=ALIAS), connections[ALIAS].cursor() as cursor:
        cursor.execute("SELECT enter_tenant(%s, NULL, '', false)", [tenant])
        cursor.execute(LOCK, [AMOUNT, tenant, budget])
        [(seq,)] = cursor.fetchall()
        cursor.execute(READ, [tenant, budget])
        values = divided(AMOUNT, cursor.fetchall())
        key = uuid4()
        values |= {"id": key, "tenant": tenant, "budget": budget, "seq": seq}
        cursor.execute(_State.write, values | {"amount": AMOUNT, "key": key.hex})


def divided(left: int, buckets: list[tuple[Any, ...]]) -> dict[str, Any]:
    """The cascade over tuples: the arrays that the statement writes."""
    ids: list[UUID] = []
    amounts, reasons, fills = [], [], []
    for id_, kind, flat, share, hold, hold_share, target, locked, balance in buckets:
        if locked or not left:
            continue
        claim = left if kind == "money" else min(flat or 0, left) or left * (share or 0) // 10**6
        floor = min(hold or 0, left) or left * (hold_share or 0) // 10**6
        wanted = max(claim, floor)
        kept = wanted if target is None else min(wanted, max(target - balance, 0))
        if kept:
            ids.append(id_)
            amounts.append(kept)
            fills.append(target is not None and balance + kept == target)
            named = "hold_floor" if floor > claim else "filter"
            named = "capacity_limit" if kept < wanted else named
            reasons.append("remainder" if kind == "money" else named)
            left -= kept
    return {"buckets": ids, "amounts": amounts, "reasons": reasons, "fills": fills}


def raw_slice(seconds: float) -> Slice:
    """One slice of deposits."""
    return slice_of(deposit, seconds)
