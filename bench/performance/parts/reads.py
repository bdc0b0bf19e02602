"""A page of the ledger and the dashboard, beside the same SQL without Django.

The statements are noted at the driver while the managers read once; then a connection of role app
sends the same statements, prepared and with binary results.
"""

from functools import partial
from typing import Any

from bench.performance import reading
from bench.performance.measure import in_turn
from bench.performance.setting import Setting


def measured(where: Setting) -> dict[str, Any]:
    """The group `reads`: each read in a block of its own, and inside an open block."""
    tenant, budget = where.pairs[0]
    rows: dict[str, Any] = {}
    with where.client() as client, where.client() as bare:
        statements = client(reading.prepare, tenant, budget)
        bare(reading.prepare_bare, where.server.url(), tenant, statements)
        for name in reading.READS:
            for place, inside in (("block of its own", False), ("open block", True)):
                base = f"{name}, same SQL, {place}"
                cases = {
                    base: partial(bare, reading.bare_slice, name, where.seconds, inside),
                    f"{name}, {place}": partial(
                        client, reading.slice_of_read, name, where.seconds, inside
                    ),
                }
                rows |= in_turn(cases, where.sizes.rounds, base)
    count = {name: len(some) for name, some in statements.items()}
    notes = [
        "the ratio is to the same SQL, prepared, in the driver alone",
        *(f"{name}: {number} statements besides the block" for name, number in count.items()),
    ]
    return {"reads": {"rows": rows, "notes": notes}}
