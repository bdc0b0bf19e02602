"""`manage.py explain`: why a bucket got what it got."""

import argparse
from typing import Any
from uuid import UUID

from budgets.errors import UnknownMovement
from budgets.management.base import LocalCommand, add_locale
from budgets.management.tables import explained, explained_table
from budgets.models import Movement
from tenants.context import inspecting, run_for
from tenants.models import Tenant


class Command(LocalCommand):
    """Recomputes a movement from the rules of its time."""

    help = (
        "Show for each bucket in order what arrived, what its filter and hold asked, what space "
        "it had, what it kept and why: recomputed from the history of rules, buckets that got "
        "nothing included. A movement that no cascade decided is shown line by line."
    )
    examples = """
  manage.py explain 01a1fcb3-6476-70c3-a79a-7d35aba7c0de
  manage.py explain --tenant rivera 01a1fcb3-6476-70c3-a79a-7d35aba7c0de --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("movement", metavar="ID", help="of the movement")
        parser.add_argument("--tenant", metavar="SLUG", help="whose; needed if two have the id")
        parser.add_argument("--json", action="store_true", help="print JSON")
        add_locale(parser)

    def handle(
        self, *args: Any, movement: str, tenant: str | None, json: bool, **options: Any
    ) -> None:
        pk = _uuid(movement)
        tenant_id = Tenant.objects.id_of(tenant) if tenant else _tenant_of(pk)
        table, rows = run_for(tenant_id, lambda: _explained(pk))
        if json:
            self.print_json(rows)
        else:
            self.print_rich(table)


def _explained(pk: UUID) -> tuple[Any, dict[str, Any]]:
    movement = Movement.objects.get_by_id(pk)
    rows = explained(movement)
    return explained_table(movement, rows), {
        "movement": movement.pk,
        "kind": movement.kind,
        "seq": movement.seq,
        "amount_minor": movement.amount,
        "currency": movement.budget.currency,
        "steps": rows,
    }


def _tenant_of(pk: UUID) -> UUID:
    """The one tenant that has a movement of that id. Raises UnknownMovement."""
    with inspecting():
        tenants = Movement.objects.tenants_of(pk)
    if len(tenants) != 1:
        many = "several tenants have a movement of that id: say --tenant SLUG"
        raise UnknownMovement(many if tenants else f"there is no movement {pk}")
    return tenants[0]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise UnknownMovement(f"{text!r} is not the id of a movement") from error
