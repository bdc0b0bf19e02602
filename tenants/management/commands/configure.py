"""`manage.py configure`: show and change the settings of the system or of a tenant."""

import json
from functools import partial
from typing import Any

from tenants.context import run_for
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, argument
from tenants.management.table_layout import make_table
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

    arguments = (
        argument("key", "the name of a setting", "KEY", nargs="?"),
        argument("value", "the new value, as JSON or text", "VALUE", nargs="?"),
        argument("--tenant", "the settings of this tenant", "SLUG"),
        argument("--expect", "the version that the change expects", "VERSION", type=int),
        JSON,
    )

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
        rows = ((name, json.dumps(each, ensure_ascii=False)) for name, each in shown.items())
        table = make_table("setting", "value", rows=rows, title=str(settings))
        self.print_report(options["json"], ({"version": settings.version, "values": shown}, table))


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
