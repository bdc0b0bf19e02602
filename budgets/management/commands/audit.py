"""`manage.py audit`: check the invariants of every ledger."""

import argparse
import sys
from typing import Any

from rich.table import Table

from budgets.jobs import audit
from tenants.context import acting_for, inspecting
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant


class Command(BaseCommand):
    """Reads every ledger and reports each broken invariant."""

    help = (
        "Check the invariants of the ledgers of all tenants, or of one. Check also that every "
        "actor is a user (for unknown_user, create a user with that id, without a password), and "
        "that no live row is below a deleted one (for parent_deleted, restore the one or delete "
        "the other). "
        "Exit code 0: every invariant holds; 1: an invariant is broken or a tenant cannot be "
        "read, and each break is printed; 2: the audit could not run."
    )
    examples = """
  manage.py audit
  manage.py audit --tenant tierney --json
  manage.py audit --replay
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant")
        parser.add_argument(
            "--replay", action="store_true", help="also recompute every past cascade"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self, *args: Any, tenant: str | None, json: bool, replay: bool, **options: Any
    ) -> None:
        tenants = _tenants(tenant)
        breaks = list(audit.breaks_of_schema())
        audited = []
        with self.progress() as progress:
            for each in progress.track(tenants, description="Auditing"):
                of_tenant = list(audit.breaks_of(each, replay=replay))
                with acting_for(each):
                    audited.append(
                        {"tenant": each.slug, **audit.counts(), "breaks": len(of_tenant)}
                    )
                breaks += of_tenant
        if json:
            rows = [each.as_dict() for each in breaks]
            self.print_json({"ok": not breaks, "tenants": audited, "breaks": rows})
        else:
            self._print(audited, breaks, replay)
        if breaks:
            sys.exit(1)

    def _print(
        self, audited: list[dict[str, Any]], breaks: list[audit.Break], replay: bool
    ) -> None:
        table = Table("tenant", *("budgets", "movements", "entries", "breaks"))
        for column in table.columns[1:]:
            column.justify = "right"
        for row in audited:
            table.add_row(*map(str, row.values()))
        self.print_rich(table)
        for each in breaks:
            self.stdout.write(str(each))
        scope = "I1-I14, every cascade replayed" if replay else "I1-I14"
        count = "1 break" if len(breaks) == 1 else f"{len(breaks)} breaks"
        self.stdout.write(count if breaks else f"every invariant holds: {scope}")


def _tenants(slug: str | None) -> list[Tenant]:
    """The tenant with that slug, or all tenants. Raises UnknownTenant."""
    with inspecting() if slug is None else acting_for(Tenant.objects.id_of(slug)):
        return list(Tenant.objects.by_slug())
