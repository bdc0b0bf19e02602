"""`manage.py history`: the changes of a row, with their actors, times and values."""

import argparse
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from rich.table import Table

from tenants.context import acting_for, inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.models import Change, GlobalChange, Tenant, TenantOwned

MOST = 10_000
"""The upper bound of --limit."""


class NoHistory(StoreError):
    """The row or the model has no history."""

    code = "no_history"


class Command(BaseCommand):
    """Shows the history of a row."""

    help = "Show who changed a row and when, with the values before and after; latest first."
    examples = """
  manage.py history membership 0190c6f4-0000-7000-8000-000000000001
  manage.py history budgets.Budget 0190c6f4-0000-7000-8000-000000000002 --tenant tierney --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "model", metavar="MODEL", help="a model, such as membership or budgets.Budget"
        )
        parser.add_argument("row", metavar="ID", help="the row's id")
        parser.add_argument("--tenant", metavar="SLUG", help="search this tenant only")
        parser.add_argument(
            "--limit", type=int, default=100, help="the largest number of changes (100)"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, row: str, tenant: str | None, **options: Any) -> None:
        model, pk = _model(options["model"]), _uuid(row)
        changes = _changes(model, pk, tenant, min(max(options["limit"], 1), MOST))
        if not changes:
            raise NoHistory(f"no change of {model._meta.label} {pk} is recorded: check the id")
        if options["json"]:
            self.print_json([_plain(change) for change in changes])
            return
        table = Table("when", "who", "request", "what", "before", "after")
        for change in changes:
            who = str(change.actor or "-")
            for number, (name, before, after) in enumerate(change.columns):
                when = change.created_at.isoformat(sep=" ", timespec="seconds")
                first = (when, who, change.request_id or "-") if not number else ("", "", "")
                what = f"{change.verb} {name}" if not number else name
                table.add_row(*first, what, _text(before), _text(after))
        self.print_rich(table)


def _changes(
    model: type[models.Model], pk: UUID, slug: str | None, limit: int
) -> list[Change] | list[GlobalChange]:
    if not issubclass(model, TenantOwned):
        return list(GlobalChange.objects.of(model, pk)[:limit])
    block = acting_for(Tenant.objects.id_of(slug)) if slug else inspecting()
    with block:
        return list(Change.objects.of(model, pk)[:limit])


def _model(name: str) -> type[models.Model]:
    """The model of a name, with or without its app. Raises NoHistory."""
    matches = [
        model
        for model in apps.get_models()
        if name.lower() in (model._meta.label_lower, model._meta.model_name)
    ]
    if len(matches) != 1:
        count = "several models are" if matches else "no model is"
        raise NoHistory(f"{count} named {name!r}: write app.Model, such as budgets.Budget")
    if getattr(matches[0], "history", True) is None:
        raise NoHistory(
            f"{matches[0]._meta.label} has no history: the ledger is written once and never changes"
        )
    return matches[0]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NoHistory(f"{text!r} is not the id of a row: ids are UUIDs") from error


def _plain(change: Change | GlobalChange) -> dict[str, Any]:
    names = ("created_at", "verb", "model", "row_id", "before", "after", "actor_id", "request_id")
    return {name: getattr(change, name) for name in names}


def _text(value: object) -> str:
    return "" if value is None else str(value)
