"""`manage.py purge_deleted`: rows that were deleted long ago go for good."""

import argparse
from typing import Any

from rich.table import Table

from tenants import purging
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant, User


class Command(BaseCommand):
    """Purging by age."""

    help = (
        "Delete for good what was deleted long ago; never the ledger. Of users who were deactivated"
        " long ago, forget who they were. A dry run by default."
    )
    examples = """
  manage.py purge_deleted                        # how much would go, of every tenant, and of users
  manage.py purge_deleted --tenant tierney --days 365 --apply
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--tenant", metavar="SLUG", help="this one alone (default: all that are not suspended)"
        )
        parser.add_argument(
            "--days", type=int, default=purging.DAYS, help=f"deleted before ({purging.DAYS})"
        )
        parser.add_argument("--apply", action="store_true", help="do it")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, tenant: str | None, days: int, **options: Any) -> None:
        count = purging.purge if options["apply"] else purging.purgeable
        every = Tenant.objects.every_id
        wanted = [Tenant.objects.id_of(tenant)] if tenant else every(writable=True)
        rows: list[dict[str, Any]] = []
        with self.progress() as bar:
            for tenant_id in bar.track(wanted, description="tenants"):
                for model, found in count(tenant_id, days=days).items():
                    rows.append({"tenant": str(tenant_id), "model": model, "rows": found})
        if not tenant and (found := self._users(options["apply"], days)):
            rows.append({"tenant": None, "model": User._meta.label, "rows": found})
        if options["json"]:
            self.print_json({"applied": options["apply"], "rows": rows})
            return
        if not rows:
            self.print_rich(f"nothing was deleted more than {days} days ago")
            return
        table = Table("tenant", "model", "rows", title=None if options["apply"] else "would go")
        for row in rows:
            table.add_row(*(str(value or "-") for value in row.values()))
        self.print_rich(table)

    def _users(self, apply: bool, days: int) -> int:
        """Users belong to no tenant: they are purged with every tenant's rows."""
        return (purging.purge_users if apply else purging.purgeable_users)(days=days)
