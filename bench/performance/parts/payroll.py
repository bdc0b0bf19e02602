"""Payroll: many deposits in few calls, beside a bare INSERT of as many entries."""

import time
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from bench.performance import product
from bench.performance.limit import ENTRY, TABLES, columns_of
from bench.performance.measure import Slice, in_turn
from bench.performance.setting import LIMIT, Setting

BASE = "bare INSERT of the entries"

_COPY = """
INSERT INTO budgets_entry ({columns}) SELECT {values}
FROM budgets_entry AS e, generate_series(1, %s) AS n
WHERE e.tenant_id = %s AND e.movement_id = %s
"""


def measured(where: Setting) -> dict[str, Any]:
    """The group `payroll`."""
    sizes = where.sizes
    with where.client() as client:
        [(tenant, first), *others] = client(_found, sizes.payroll_budgets)
        budgets = [first, *(budget for _, budget in others)]
        wanted = [budgets[n % len(budgets)] for n in range(sizes.payroll)]
        with where.server.connect("owner", LIMIT) as owner:
            cases = {
                BASE: partial(_bare, owner, where.pairs[0], sizes.payroll),
                f"deposit_many, {sizes.payroll_call} in a call": partial(
                    client, product.payroll_slice, tenant, wanted, sizes.payroll_call
                ),
            }
            rows = in_turn(cases, where.few, BASE, warm=False)
    for row in rows.values():
        del row["p50_ms"], row["p95_ms"], row["p99_ms"]
    notes = [
        f"deposits per second: {sizes.payroll:,} deposits into {len(budgets):,} budgets of one"
        " tenant, 10 envelopes each; a transaction for each call",
        "the INSERT writes as many entries in one statement, with its indexes and foreign keys",
    ]
    return {"payroll": {"base": BASE, "rows": rows, "notes": notes}}


def _found(budgets: int) -> Any:
    return product.found("payroll", tenants=1, budgets=budgets, buckets=10, history=1)


def _bare(owner: psycopg.Connection, pair: tuple[UUID, UUID], deposits: int) -> Slice:
    """Insert the entries of one deposit so many times, and delete them again."""
    tenant, budget = pair
    columns = columns_of(owner, TABLES[3], ENTRY)
    own = {"id": "uuidv7()", "seq": "1000000 + n"}
    found = owner.execute(
        "SELECT id FROM budgets_movement WHERE tenant_id = %s AND budget_id = %s LIMIT 1",
        [tenant, budget],
    ).fetchone()
    if found is None:
        raise RuntimeError("the budget of the bare INSERT has no movement")
    values = [own.get(name, f"e.{name}") for name in columns]
    statement = _COPY.format(columns=", ".join(columns), values=", ".join(values))
    begin = time.perf_counter()
    owner.execute(statement.encode(), [deposits, tenant, found[0]])
    seconds = time.perf_counter() - begin
    owner.execute("DELETE FROM budgets_entry WHERE seq > 1000000")
    return [seconds / deposits] * deposits
