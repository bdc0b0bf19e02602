"""One row of every tenant's model, created by the usual verbs, for the isolation matrix.

A new TenantModel is in the matrix automatically; a test fails until its factory is listed here.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.utils import timezone

from budgets.models import (
    Bucket,
    BucketVersion,
    Budget,
    Entry,
    ImportProfile,
    Movement,
    Schedule,
    ScheduleRun,
    ScheduleVersion,
    Statement,
    StatementLine,
)
from examples.forms.models import Event, Form, Organization, Submission, Workflow
from examples.shop.models import Category, Item, Order, Product, StatusChange
from tenants.context import acting_for
from tenants.models import Change, Invitation, Membership, Tenant, TenantModel, TenantSettings
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory, UserFactory

type Model = type[TenantModel]
type Rows = Mapping[Model, Any]

MODELS: list[Model] = [model for model in apps.get_models() if issubclass(model, TenantModel)]


def invite() -> Invitation:
    invitation = Invitation(
        email=f"{uuid.uuid4().hex}@example.com",
        role="viewer",
        token_hash=uuid.uuid4().hex,
        expires_at=timezone.now() + timedelta(days=7),
    )
    invitation.save()
    return invitation


def reverse_deposit(budget: Budget) -> Movement:
    deposit = Movement.objects.deposit(budget, 50_00)
    return Movement.objects.reverse_movement(deposit, memo="Entered twice")


def begin_schedule(budget: Budget) -> Schedule:
    yesterday = timezone.now().replace(tzinfo=None, microsecond=0) - timedelta(days=1)
    return Schedule.objects.create_schedule(
        budget, "Salary", 5_00, rrule="FREQ=YEARLY", starts=yesterday, time_zone="UTC"
    )


def run_schedule(schedule: Schedule) -> ScheduleRun:
    [run] = Schedule.objects.run_due(schedule, timezone.now())
    return run


def raise_pay(schedule: Schedule) -> ScheduleVersion:
    return Schedule.objects.edit(schedule, amount=6_00).versions.get()


def import_line(statement: Statement) -> StatementLine:
    line = StatementLine(
        statement=statement,
        budget=statement.budget,
        number=1,
        identity=uuid.uuid4().hex,
        posted=timezone.now().date(),
        amount=5_00,
        currency="EUR",
        description="Salary",
        status="new",
        movement=Movement.objects.deposit(statement.budget, 5_00),
    )
    line.save()
    return line


def begin_statement(budget: Budget) -> Statement:
    digest = hashlib.sha256(uuid.uuid4().bytes).hexdigest()
    statement = Statement(
        budget=budget,
        sha256=digest,
        name="may.csv",
        format="csv",
        currency="EUR",
        total=1,
        outgoing=0,
    )
    statement.save()
    return statement


def remember_profile(budget: Budget) -> ImportProfile:
    return ImportProfile.objects.remember(
        budget, uuid.uuid4().hex, ["Date", "Amount"], {"sign": "reversed"}
    )


def stock_up(category: Category) -> Product:
    return Product.objects.create(category=category, name="Assam", price=4_50, stock=10)


def open_form(organization: Organization) -> Form:
    return Form.objects.move(organization.forms.create(title="Intake"), "open")


# Each is given the rows made before it, in this order; every key it has to a tenant's row is set.
MAKERS: dict[Model, Callable[[Rows], Any]] = {
    Membership: lambda _: MembershipFactory(),
    Invitation: lambda _: invite(),
    TenantSettings: lambda _: TenantSettings.objects.change(locale="de"),
    Change: lambda made: Change.objects.of(Membership, made[Membership].pk).get(),
    Budget: lambda made: BudgetFactory(owner=made[Membership]),
    Bucket: lambda made: BucketFactory(budget=made[Budget]),
    BucketVersion: lambda made: made[Bucket].versions.get(),
    Movement: lambda made: reverse_deposit(made[Budget]),
    Entry: lambda made: made[Movement].entries.get(),
    Schedule: lambda made: begin_schedule(made[Budget]),
    ScheduleRun: lambda made: run_schedule(made[Schedule]),
    ScheduleVersion: lambda made: raise_pay(made[Schedule]),
    Statement: lambda made: begin_statement(made[Budget]),
    ImportProfile: lambda made: remember_profile(made[Budget]),
    StatementLine: lambda made: import_line(made[Statement]),
    Category: lambda _: Category.objects.create(name=uuid.uuid4().hex),
    Product: lambda made: stock_up(made[Category]),
    Order: lambda made: Order.objects.place(UserFactory(), {made[Product]: 1}),
    Item: lambda made: made[Order].items.get(),
    StatusChange: lambda made: made[Order].changes.get(),
    Organization: lambda _: Organization.objects.create(name=uuid.uuid4().hex),
    Form: lambda made: open_form(made[Organization]),
    Workflow: lambda made: made[Form].workflows.create(name="Review", steps=2),
    Submission: lambda made: Submission.objects.submit(made[Form], "a@example.com", {"age": 7}),
    Event: lambda made: made[Submission].events.get(),
}


@dataclass(frozen=True)
class Side:
    """A tenant with one row of each model."""

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
        """All rows of the model that this tenant sees, with all fields."""
        with acting_for(self.tenant):
            return list(model.objects.order_by("pk").values_list())
