"""`audit --replay` of a growing ledger: every past cascade is computed again."""

import time
from typing import Any
from uuid import UUID

from bench.performance import product, profile
from bench.performance.measure import significant
from bench.performance.setting import Setting
from budgets.jobs.audit import breaks_of
from tenants.context import acting_for
from tenants.models import Tenant


def measured(where: Setting) -> dict[str, Any]:
    """The group `audit`: a tenant for each number of movements, audited in this order."""
    rows = {}
    with where.client() as client:
        for movements in where.sizes.audit:
            pairs = client(
                product.found, f"audit-{movements}", tenants=1, budgets=1, buckets=10, history=0
            )
            [(tenant, budget)] = pairs
            client(product.deposit_all, tenant, [budget] * movements)
            where.server.settle()
            rows[f"audit --replay, {movements:,} movements"] = client(audited, tenant, movements)
    notes = ["CPU of the client and the server together, for each movement of 10 envelopes"]
    return {"audit": {"rows": rows, "notes": notes}}


def audited(tenant_id: UUID, movements: int) -> dict[str, Any]:
    """Audit the tenant once. Raises RuntimeError if the ledger is broken."""
    with acting_for(tenant_id):
        tenant = Tenant.objects.get()
    found: list[Any] = []
    begin = time.perf_counter()
    cpu = profile.cpu_of(
        lambda: found.extend(breaks_of(tenant, replay=True)), product.backend_pid(), movements
    )
    if found:
        raise RuntimeError(f"the ledger of the benchmark is broken: {found[0]}")
    return {
        "seconds": significant(time.perf_counter() - begin),
        "cpu_ms": significant(cpu["client_ms"] + cpu["server_ms"]),
    }
