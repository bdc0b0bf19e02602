"""`manage.py history`: the changes of a row, with their actors, times and values."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from tenants.context import acting_for, inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, argument, parse_or_raise
from tenants.management.table_layout import make_table
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

    arguments = (
        argument("model", "a model, such as membership or budgets.Budget", "MODEL"),
        argument("row", "the row's id", "ID"),
        argument("--tenant", "search this tenant only", "SLUG"),
        argument("--limit", "the largest number of changes (100)", type=int, default=100),
        JSON,
    )

    def handle(self, *args: Any, row: str, tenant: str | None, **options: Any) -> None:
        model, pk = _model(options["model"]), _uuid(row)
        changes = _changes(model, pk, tenant, min(max(options["limit"], 1), MOST))
        if not changes:
            raise NoHistory(f"no change of {model._meta.label} {pk} is recorded: check the id")
        rows = (row for change in changes for row in _rows(change))
        table = make_table("when", "who", "request", "what", "before", "after", rows=rows)
        self.print_report(options["json"], ([_plain(change) for change in changes], table))


def _rows(change: Change | GlobalChange) -> Iterator[tuple[object, ...]]:
    """A row for each changed column; the first one says when, who and what."""
    when = change.created_at.isoformat(sep=" ", timespec="seconds")
    first: tuple[object, ...] = (when, change.actor or "-", change.request_id or "-")
    verb = f"{change.verb} "
    for name, before, after in change.columns:
        yield *first, f"{verb}{name}", before, after
        first, verb = ("", "", ""), ""


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
    refusal = NoHistory(f"{text!r} is not the id of a row: ids are UUIDs")
    return parse_or_raise(UUID, text, refusal)


def _plain(change: Change | GlobalChange) -> dict[str, Any]:
    names = ("created_at", "verb", "model", "row_id", "before", "after", "actor_id", "request_id")
    return {name: getattr(change, name) for name in names}
