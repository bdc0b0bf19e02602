"""`manage.py purge_deleted`: delete soft-deleted rows for good after some time."""

import argparse
from typing import Any

from rich.table import Table

from tenants import purging
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant, User


class Command(BaseCommand):
    """Purges rows by their age."""

    help = (
        "Delete the rows for good that were soft-deleted long ago; the ledger stays. Anonymise the"
        " users who were deactivated long ago. A dry run by default."
    )
    examples = """
  manage.py purge_deleted                        # the number of rows, of all tenants and of users
  manage.py purge_deleted --tenant tierney --days 365 --apply
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--tenant",
            metavar="SLUG",
            help="the only tenant to purge (default: all that are not suspended)",
        )
        parser.add_argument(
            "--days",
            type=int,
            default=purging.DAYS,
            help=f"the age in days from which rows are purged ({purging.DAYS})",
        )
        parser.add_argument(
            "--apply", action="store_true", help="purge the rows; without it, only count them"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, tenant: str | None, days: int, **options: Any) -> None:
        count = purging.purge if options["apply"] else purging.purgeable
        every = Tenant.objects.every_id
        tenant_ids = [Tenant.objects.id_of(tenant)] if tenant else every(writable=True)
        rows: list[dict[str, Any]] = []
        with self.progress() as bar:
            for tenant_id in bar.track(tenant_ids, description="tenants"):
                for model, number in count(tenant_id, days=days).items():
                    rows.append({"tenant": str(tenant_id), "model": model, "rows": number})
        if not tenant and (number := self._users(options["apply"], days)):
            rows.append({"tenant": None, "model": User._meta.label, "rows": number})
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
        """The number of users; they are global, so a purge of all tenants includes them."""
        return (purging.purge_users if apply else purging.purgeable_users)(days=days)
