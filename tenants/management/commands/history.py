"""`manage.py history`: who changed a row, when, and what was before and after."""

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
"""Changes that are shown at most, whatever --limit says."""


class NoHistory(StoreError):
    """There is no history of that."""

    code = "no_history"


class Command(BaseCommand):
    """The history of a row."""

    help = "Show who changed a row, when, and what was before and after; latest first."
    examples = """
  manage.py history membership 0190c6f4-0000-7000-8000-000000000001
  manage.py history budgets.Budget 0190c6f4-0000-7000-8000-000000000002 --tenant tierney --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("model", metavar="MODEL", help="such as membership, or budgets.Budget")
        parser.add_argument("row", metavar="ID", help="the row's id")
        parser.add_argument("--tenant", metavar="SLUG", help="look in this tenant alone")
        parser.add_argument("--limit", type=int, default=100, help="at most so many (100)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, row: str, tenant: str | None, **options: Any) -> None:
        model, pk = _model(options["model"]), _uuid(row)
        changes = _changes(model, pk, tenant, min(max(options["limit"], 1), MOST))
        if not changes:
            raise NoHistory(f"no change of {model._meta.label} {pk} was recorded here")
        if options["json"]:
            self.print_json([_plain(change) for change in changes])
            return
        table = Table("when", "who", "request", "what", "before", "after")
        for change in changes:
            who = str(change.actor or "-")
            for number, (name, was, is_) in enumerate(change.columns):
                when = change.created_at.isoformat(sep=" ", timespec="seconds")
                first = (when, who, change.request_id or "-") if not number else ("", "", "")
                what = f"{change.verb} {name}" if not number else name
                table.add_row(*first, what, _text(was), _text(is_))
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
    """The model called so, with its app or without. Raises NoHistory."""
    named = [
        model
        for model in apps.get_models()
        if name.lower() in (model._meta.label_lower, model._meta.model_name)
    ]
    if len(named) != 1:
        raise NoHistory(f"{name!r} is {'several models: say app.Model' if named else 'no model'}")
    if getattr(named[0], "history", True) is None:
        raise NoHistory(f"{named[0]._meta.label} is written once: the ledger is its own history")
    return named[0]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NoHistory(f"{text!r} is not the id of a row") from error


def _plain(change: Change | GlobalChange) -> dict[str, Any]:
    names = ("created_at", "verb", "model", "row_id", "before", "after", "actor_id", "request_id")
    return {name: getattr(change, name) for name in names}


def _text(value: object) -> str:
    return "" if value is None else str(value)
