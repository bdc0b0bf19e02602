"""`manage.py rebuild_balances`: recompute balances and totals from the ledger."""

import sys
from typing import Any

from budgets.jobs.repairs import repair
from tenants.context import acting_for, inspecting
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, ONE_TENANT, flag
from tenants.management.table_layout import make_table
from tenants.models import Tenant
from tenants.postgres.base import as_owner


class Command(BaseCommand):
    """Runs as role owner, because role app cannot change a balance without an entry."""

    help = (
        "Compare every bucket with its entries and every budget with its movements, and report "
        "each difference. With --apply write the values of the ledger. The ledger itself is never "
        "changed. Exit code 1: there are differences, and --apply was not given."
    )
    examples = """
  manage.py rebuild_balances
  manage.py rebuild_balances --tenant tierney --apply
"""

    arguments = (
        ONE_TENANT,
        flag("--apply", "write the values of the ledger (default: only report)"),
        JSON,
    )

    def handle(
        self, *args: Any, tenant: str | None, apply: bool, json: bool, **options: Any
    ) -> None:
        with inspecting():
            slugs = {each.slug: each.pk for each in Tenant.objects.by_slug()}
        chosen = {tenant: Tenant.objects.id_of(tenant)} if tenant else slugs
        rows: list[dict[str, Any]] = []
        with as_owner(), self.progress() as progress:
            for slug in progress.track(chosen, description="Comparing"):
                with acting_for(chosen[slug]):
                    rows += [{"tenant": slug, **row} for row in repair(apply=apply)]
        done = "written" if apply else "reported; nothing was written (use --apply)"
        summary = f"{len(rows)} differences {done}" if rows else "no differences"
        cells = (row.values() for row in rows)
        table = make_table("tenant", "row", "column", "stored", "ledger", rows=cells)
        shown = (table, summary) if rows else (summary,)
        self.print_report(json, ({"applied": apply, "differences": rows}, *shown))
        if rows and not apply:
            sys.exit(1)
