"""Deposit, transfer and withdraw beside the limit, and beside bare SQL in Django's cursor."""

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.performance import product, raw
from bench.performance.limit import STATED
from bench.performance.measure import Slice, in_turn
from bench.performance.setting import INDEXED, LIMIT, Setting

BASE = "limit: one function, one round trip"
NOTES = [
    f"{BASE.partition(':')[0]}: {STATED}",
    "control: the same measured a second time; how far its ratio is from 1 is the error",
    "bare SQL: five statements of role app in Django's cursor, on the tables of the limit",
    "each operation has a key and is a transaction of its own; 10 envelopes that all get a part",
    "transfer and withdraw move money between two rows, and are compared with the limit's deposit",
]


def measured(where: Setting) -> dict[str, Any]:
    """The group `verbs`."""
    with where.client() as client, where.client(LIMIT) as bare:
        client(product.hold, where.pairs)
        bare(raw.prepare, where.pairs, where.write)
        limit, again = where.limit(), where.limit()
        indexed = where.limit(INDEXED)
        seconds = where.seconds

        def verb(name: str) -> Callable[[], Slice]:
            return partial(client, product.verb_slice, name, seconds)

        cases: dict[str, Callable[[], Slice]] = {
            BASE: partial(limit.slice, seconds),
            "limit, control": partial(again.slice, seconds),
            "limit with every index of the product": partial(indexed.slice, seconds),
            "deposit": verb("deposit"),
            "deposit, control": verb("deposit"),
            "bare SQL in Django's cursor": partial(bare, raw.raw_slice, seconds),
            "transfer": verb("transfer"),
            "withdraw": verb("withdraw"),
        }
        rows = in_turn(cases, where.sizes.rounds, BASE)
        for connection in (limit, again, indexed):
            connection.close()
    return {"verbs": {"base": BASE, "rows": rows, "notes": NOTES}}
