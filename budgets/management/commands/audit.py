"""`manage.py audit`: does every invariant hold?"""

import argparse
import sys
from typing import Any

from rich.table import Table

from budgets.jobs import audit
from tenants.context import acting_for, inspecting
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant


class Command(BaseCommand):
    """Reads every ledger and names what does not hold."""

    help = (
        "Check the invariants of every tenant's ledger, or of one, and that whoever is named as "
        "having done something is a user (unknown_user: make one of that id, without a password). "
        "Exit code 0: all hold; 1: some do not, or a tenant cannot be read, and each is named; "
        "2: it could not be asked."
    )
    examples = """
  manage.py audit
  manage.py audit --tenant rivera --json
  manage.py audit --replay
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant")
        parser.add_argument("--replay", action="store_true", help="re-run every past cascade too")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self, *args: Any, tenant: str | None, json: bool, replay: bool, **options: Any
    ) -> None:
        tenants = _tenants(tenant)
        breaks = list(audit.breaks_of_schema())
        audited = []
        with self.progress() as progress:
            for each in progress.track(tenants, description="Auditing"):
                found = list(audit.breaks_of(each, replay=replay))
                with acting_for(each):
                    audited.append({"tenant": each.slug, **audit.counts(), "breaks": len(found)})
                breaks += found
        if json:
            rows = [found.as_dict() for found in breaks]
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
        for found in breaks:
            self.stdout.write(str(found))
        asked = "I1-I13, every cascade replayed" if replay else "I1-I13"
        told = "1 break" if len(breaks) == 1 else f"{len(breaks)} breaks"
        self.stdout.write(told if breaks else f"every invariant holds: {asked}")


def _tenants(slug: str | None) -> list[Tenant]:
    """The tenant of that slug, or all of them. Raises UnknownTenant."""
    with inspecting() if slug is None else acting_for(Tenant.objects.id_of(slug)):
        return list(Tenant.objects.by_slug())
