"""`manage.py rebuild_balances`: recompute balances and totals from the ledger."""

import argparse
import sys
from typing import Any

from rich.table import Table

from budgets.jobs.repairs import repair
from tenants.context import acting_for, inspecting
from tenants.management.base import Command as BaseCommand
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

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant")
        parser.add_argument(
            "--apply",
            action="store_true",
            help="write the values of the ledger (default: only report)",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

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
        if json:
            self.print_json({"applied": apply, "differences": rows})
        else:
            self._print(rows, apply)
        if rows and not apply:
            sys.exit(1)

    def _print(self, rows: list[dict[str, Any]], applied: bool) -> None:
        table = Table("tenant", "row", "column", "stored", "ledger")
        for row in rows:
            table.add_row(*map(str, row.values()))
        if rows:
            self.print_rich(table)
        done = "written" if applied else "reported; nothing was written (use --apply)"
        self.stdout.write(f"{len(rows)} differences {done}" if rows else "no differences")
