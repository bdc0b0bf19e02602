"""`manage.py explain`: why each bucket kept its part of a movement."""

from typing import Any
from uuid import UUID

from budgets.errors import UnknownMovement
from budgets.management.base import LOCALE, LocalCommand
from budgets.management.ledger_tables import explain_rows, explain_table
from budgets.models import Movement
from tenants.context import inspecting, run_for
from tenants.management.base import Report
from tenants.management.declarations import JSON, argument, parse_or_raise
from tenants.models import Tenant


class Command(LocalCommand):
    """Recomputes a movement from the rules at its time."""

    help = (
        "Show for each bucket of a cascade, in order: the money that arrived, filter, hold, space, "
        "the amount it kept and the reason, also for buckets that kept nothing. The steps are "
        "recomputed from the history of rules. Of other movements the entries are shown."
    )
    examples = """
  manage.py explain 01a1fcb3-6476-70c3-a79a-7d35aba7c0de
  manage.py explain --tenant tierney 01a1fcb3-6476-70c3-a79a-7d35aba7c0de --json
"""

    arguments = (
        argument("movement", "id of the movement", "ID"),
        argument(
            "--tenant", "tenant of the movement; needed if several tenants have the id", "SLUG"
        ),
        JSON,
        LOCALE,
    )

    def handle(
        self, *args: Any, movement: str, tenant: str | None, json: bool, **options: Any
    ) -> None:
        pk = _uuid(movement)
        tenant_id = Tenant.objects.id_of(tenant) if tenant else _tenant_of(pk)
        self.print_report(json, run_for(tenant_id, lambda: _explained(pk)))


def _explained(pk: UUID) -> Report:
    movement = Movement.objects.get_by_id(pk)
    rows = explain_rows(movement)
    value = {
        "movement": movement.pk,
        "kind": movement.kind,
        "seq": movement.seq,
        "amount_minor": movement.amount,
        "currency": movement.budget.currency,
        "steps": rows,
    }
    return value, explain_table(movement, rows)


def _tenant_of(pk: UUID) -> UUID:
    """The only tenant that has a movement with that id. Raises UnknownMovement."""
    with inspecting():
        tenants = Movement.objects.tenants_of(pk)
    if len(tenants) != 1:
        several = "several tenants have a movement with that id: add --tenant SLUG"
        raise UnknownMovement(several if tenants else f"no tenant has a movement {pk}")
    return tenants[0]


def _uuid(text: str) -> UUID:
    message = f"{text!r} is not an id: use the UUID that the command which posted it printed"
    return parse_or_raise(UUID, text, UnknownMovement(message))
