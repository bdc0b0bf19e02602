"""The latency of a deposit by the number of envelopes that get a part of it."""

from functools import partial
from typing import Any

from bench.performance import product
from bench.performance.measure import in_turn
from bench.performance.setting import LIMIT, Setting


def measured(where: Setting) -> dict[str, Any]:
    """The group `latency`: the product and the limit at each size."""
    rows: dict[str, Any] = {}
    with where.client() as client:
        for size, pairs in where.sized.items():
            client(product.hold, pairs)
            limit = where.limit(LIMIT, pairs)
            words = f"{size} envelope{'s' if size > 1 else ''}"
            base = f"limit, {words}"
            cases = {
                base: partial(limit.slice, where.seconds),
                f"deposit, {words}": partial(client, product.verb_slice, "deposit", where.seconds),
            }
            rows |= in_turn(cases, where.sizes.rounds, base)
            limit.close()
    notes = ["the ratio is to the limit with as many envelopes"]
    return {"latency": {"rows": rows, "notes": notes}}
