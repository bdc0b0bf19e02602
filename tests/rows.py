"""One row of every tenant's model, made by the same verbs as everybody's.

The isolation matrix asks here. A new TenantModel joins the matrix by itself, and a test fails
until its maker is listed.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.utils import timezone

from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from tenants.context import acting_for
from tenants.models import Invitation, Membership, Tenant, TenantModel
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory

type Model = type[TenantModel]
type Rows = Mapping[Model, Any]

MODELS: list[Model] = [model for model in apps.get_models() if issubclass(model, TenantModel)]


def invite() -> Invitation:
    invitation = Invitation(
        email="somebody@example.com",
        role="viewer",
        token_hash=uuid.uuid4().hex,
        expires_at=timezone.now() + timedelta(days=7),
    )
    invitation.save()
    return invitation


# Each is given the rows made before it, in this order.
MAKERS: dict[Model, Callable[[Rows], Any]] = {
    Membership: lambda _: MembershipFactory(),
    Invitation: lambda _: invite(),
    Budget: lambda made: BudgetFactory(owner=made[Membership]),
    Bucket: lambda made: BucketFactory(budget=made[Budget]),
    BucketVersion: lambda made: made[Bucket].versions.get(),
    Movement: lambda made: Movement.objects.deposit(made[Budget], 50_00),
    Entry: lambda made: made[Movement].entries.get(),
}


@dataclass(frozen=True)
class Side:
    """A tenant with one row of every model."""

    tenant: Tenant
    rows: Rows

    @classmethod
    def of(cls, tenant: Tenant) -> "Side":
        rows: dict[Model, Any] = {}
        with acting_for(tenant):
            for model, make in MAKERS.items():
                rows[model] = make(rows)
        return cls(tenant, rows)

    def sees(self, model: Model) -> list[tuple[object, ...]]:
        """Every row of the model this tenant sees, whole."""
        with acting_for(self.tenant):
            return list(model.objects.order_by("pk").values_list())
