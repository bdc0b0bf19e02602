"""`manage.py configure`: look at the system's settings or a tenant's, and change them."""

import argparse
import json
from functools import partial
from typing import Any

from rich.table import Table

from tenants.context import run_for
from tenants.management.base import Command as BaseCommand
from tenants.models import SystemSettings, Tenant, TenantSettings
from tenants.refusals import BadDocument


class Command(BaseCommand):
    """The settings that hold for every tenant, and those of one."""

    help = "List the system's settings, or a tenant's, show one, or set one."
    examples = """
  manage.py configure
  manage.py configure invitation_days
  manage.py configure invitation_days 14
  manage.py configure invitation_days 14 --expect 3     # refuse unless they are at version 3
  manage.py configure --tenant rivera currency EUR
  manage.py configure --tenant rivera quotas '{"budgets": 10, "members": null}'
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("key", nargs="?", metavar="KEY", help="which setting")
        parser.add_argument("value", nargs="?", metavar="VALUE", help="JSON; else taken as text")
        parser.add_argument("--tenant", metavar="SLUG", help="this tenant's, not the system's")
        parser.add_argument("--expect", type=int, metavar="VERSION", help="the version to change")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, tenant: str | None, **options: Any) -> None:
        settings: SystemSettings | TenantSettings
        if tenant is None:
            settings = _settled(SystemSettings.objects, **options)
        else:
            work = partial(_settled, TenantSettings.objects, **options)
            settings = run_for(Tenant.objects.id_of(tenant), work)
        key = options["key"]
        shown = settings.values.plain()
        if key is not None:
            shown = {key: shown[key]}
        if options["json"]:
            self.print_json({"version": settings.version, "values": shown})
            return
        table = Table("setting", "value", title=str(settings), title_justify="left")
        for name, each in shown.items():
            table.add_row(name, json.dumps(each, ensure_ascii=False))
        self.print_rich(table)


def _settled(rows: Any, *, key: str | None, value: str | None, expect: int | None, **_: Any) -> Any:
    """The settings, after one was set when there is a value. Raises BadDocument."""
    settings = rows.current()
    if key is not None and key not in settings.values.plain():
        known = ", ".join(settings.values.plain())
        raise BadDocument(f"there is no setting {key!r}: say {known}", field=key)
    if key is None or value is None:
        return settings
    return rows.change(expect=expect, **{key: _read(value)})


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
