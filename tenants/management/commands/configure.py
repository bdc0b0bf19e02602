"""`manage.py configure`: show and change the settings of the system or of a tenant."""

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
    """Shows and changes settings."""

    help = "List the settings of the system or of a tenant, show one of them, or set one."
    examples = """
  manage.py configure
  manage.py configure invitation_days
  manage.py configure invitation_days 14
  manage.py configure invitation_days 14 --expect 3     # refuse unless the version is 3
  manage.py configure --tenant rivera currency EUR
  manage.py configure --tenant rivera quotas '{"budgets": 10, "members": null}'
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("key", nargs="?", metavar="KEY", help="the name of a setting")
        parser.add_argument(
            "value", nargs="?", metavar="VALUE", help="the new value, as JSON or text"
        )
        parser.add_argument("--tenant", metavar="SLUG", help="the settings of this tenant")
        parser.add_argument(
            "--expect", type=int, metavar="VERSION", help="the version that the change expects"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, tenant: str | None, **options: Any) -> None:
        settings: SystemSettings | TenantSettings
        if tenant is None:
            settings = _settings(SystemSettings.objects, **options)
        else:
            work = partial(_settings, TenantSettings.objects, **options)
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


def _settings(
    rows: Any, *, key: str | None, value: str | None, expect: int | None, **_: Any
) -> Any:
    """The settings, after setting `key` if there is a value. Raises BadDocument."""
    settings = rows.current()
    if key is not None and key not in settings.values.plain():
        keys = ", ".join(settings.values.plain())
        raise BadDocument(f"there is no setting {key!r}: use one of {keys}", field=key)
    if key is None or value is None:
        return settings
    return rows.change(expect=expect, **{key: _read(value)})


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
