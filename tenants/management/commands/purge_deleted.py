"""`manage.py purge_deleted`: delete soft-deleted rows for good after some time."""

from typing import Any

from tenants import purging
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, argument, flag
from tenants.management.table_layout import make_table
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

    arguments = (
        argument(
            "--tenant", "the only tenant to purge (default: all that are not suspended)", "SLUG"
        ),
        argument(
            "--days",
            f"the age in days from which rows are purged ({purging.DAYS})",
            type=int,
            default=purging.DAYS,
        ),
        flag("--apply", "purge the rows; without it, only count them"),
        JSON,
    )

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
        title = None if options["apply"] else "would go"
        cells = ([value or "-" for value in row.values()] for row in rows)
        table = make_table(
            "tenant", "model", "rows", rows=cells, title=title, title_justify="center"
        )
        nothing = f"nothing was deleted more than {days} days ago"
        value = {"applied": options["apply"], "rows": rows}
        self.print_report(options["json"], (value, table if rows else nothing))

    def _users(self, apply: bool, days: int) -> int:
        """The number of users; they are global, so a purge of all tenants includes them."""
        return (purging.purge_users if apply else purging.purgeable_users)(days=days)
