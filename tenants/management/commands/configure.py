"""`manage.py configure`: look at the system's settings, and change them."""

import argparse
import json
from typing import Any

from rich.table import Table

from tenants.management.base import Command as BaseCommand
from tenants.models import SystemSettings
from tenants.refusals import BadDocument


class Command(BaseCommand):
    """The settings that hold for every tenant."""

    help = "List the system's settings, show one, or set one."
    examples = """
  manage.py configure
  manage.py configure invitation_days
  manage.py configure invitation_days 14
  manage.py configure invitation_days 14 --expect 3     # refuse unless they are at version 3
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("key", nargs="?", metavar="KEY", help="which setting")
        parser.add_argument("value", nargs="?", metavar="VALUE", help="JSON; else taken as text")
        parser.add_argument("--expect", type=int, metavar="VERSION", help="the version to change")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self, *args: Any, key: str | None, value: str | None, expect: int | None, **options: Any
    ) -> None:
        settings = SystemSettings.objects.current()
        if key is not None and key not in settings.values.plain():
            known = ", ".join(settings.values.plain())
            raise BadDocument(f"there is no setting {key!r}: say {known}", field=key)
        if key is not None and value is not None:
            settings = SystemSettings.objects.change(expect=expect, **{key: _read(value)})
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


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
