"""The descriptions of models for the contract test-suite, which derives the other values."""

import re
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from budgets.models import Budget
from examples.forms.models import Event, Form, Organization, Submission, Workflow
from examples.shop.models import Category, Item, Order, Product, StatusChange
from tenants.errors import (
    CheckBroken,
    CodedError,
    ConstraintBroken,
    ForeignKeyBroken,
    NotNullBroken,
    UniqueBroken,
)
from tenants.models import Membership, SoftDeleteModel, User
from tenants.postgres import grants
from tests.factories import UserFactory
from tests.tenants.listing.questions import LISTED


@dataclass(frozen=True)
class Broken:
    """Values that break a rule, beside a row that is there already."""

    error: type[ConstraintBroken]
    constraint: str
    fields: tuple[str, ...]
    values: Callable[[Any], dict[str, Any]]

    def __str__(self) -> str:
        return self.constraint


@dataclass(frozen=True)
class Described:
    """A model: how to make a row of it, a field to change, and the rules it has.

    `make` gives the values of a new row that breaks no rule; `upsert` the fields by which a
    row is known again.
    """

    model: Any
    make: Callable[[], dict[str, Any]]
    field: str
    values: tuple[Any, Any]
    broken: tuple[Broken, ...]
    upsert: tuple[str, ...] = ("id",)

    def __str__(self) -> str:
        return str(self.model.__name__)

    @property
    def rows(self) -> Any:
        return self.model.objects

    @property
    def soft(self) -> bool:
        return issubclass(self.model, SoftDeleteModel)

    @property
    def app_privileges(self) -> str:
        return str(
            getattr(self.model, "app_privileges", None) or grants.APP[self.model._meta.db_table]
        )

    @property
    def updates(self) -> bool:
        """Whether a row may be changed, a column of it at least."""
        return "UPDATE" in self.app_privileges

    @property
    def saves(self) -> bool:
        """Whether a row may be written whole."""
        columns = {field.column for field in self.model._meta.local_concrete_fields}
        if by_column := re.search(r"UPDATE \(([^)]*)\)", self.app_privileges):
            return columns - {"id", *by_column[1].split(", ")} == set()
        return self.updates

    @property
    def deletes(self) -> bool:
        return "DELETE" in self.app_privileges

    def new(self, **values: Any) -> Any:
        """An instance that is not stored."""
        return self.model(**self.make() | values)

    def create(self, **values: Any) -> Any:
        return self.rows.create(**self.make() | values)


def word() -> str:
    return uuid.uuid4().hex


def null(model: type[models.Model], field: str) -> Broken:
    column = model._meta.get_field(field).column  # type: ignore[union-attr]
    constraint = f"{model._meta.db_table}_{column}_not_null"
    return Broken(NotNullBroken, constraint, (field,), lambda row: {field: None})


def dangling(model: type[models.Model], field: str, to: type[models.Model]) -> Broken:
    constraint = f"{model._meta.db_table}_{field}_same_tenant"
    values = lambda row: {field: to(pk=uuid.uuid4())}  # noqa: E731
    return Broken(ForeignKeyBroken, constraint, (field,), values)


def twice(constraint: str, *fields: str, **others: Any) -> Broken:
    values = lambda row: others | {field: getattr(row, field) for field in fields}  # noqa: E731
    return Broken(UniqueBroken, constraint, fields, values)


def check(constraint: str, **values: Any) -> Broken:
    return Broken(CheckBroken, constraint, tuple(values), lambda row: values)


def organization() -> Organization:
    return Organization.objects.create(name=word())


def form() -> Form:
    return Form.objects.create(organization=organization(), title=word())


def submission() -> Submission:
    return Submission.objects.create(form=form(), email=f"{word()}@example.com")


def category() -> Category:
    return Category.objects.create(name=word())


def product() -> Product:
    return Product.objects.create(category=category(), name=word(), price=4_50)


def order() -> Order:
    return Order.objects.create(customer=UserFactory())


DESCRIBED = [
    Described(
        User,
        lambda: {"email": f"{word()}@example.com"},
        "first_name",
        ("Ada", "Grace"),
        (twice("tenants_user_email_once", "email"), null(User, "email")),
    ),
    Described(
        Membership,
        lambda: {"user": UserFactory(), "role": "editor"},
        "role",
        ("viewer", "owner"),
        (
            twice("tenants_membership_user_once", "user"),
            check("tenants_membership_role", role="king"),
            null(Membership, "role"),
        ),
        upsert=("user",),
    ),
    Described(
        Budget,
        lambda: {"name": word(), "currency": "EUR", "exponent": 2},
        "name",
        ("Old", "New"),
        (
            twice("budgets_budget_open_name_once", "name"),
            check("budgets_budget_currency", currency="eur"),
            null(Budget, "name"),
            dangling(Budget, "owner", Membership),
        ),
    ),
    Described(
        Organization,
        lambda: {"name": word()},
        "homepage",
        ("https://a.example", "https://b.example"),
        (twice("forms_organization_name_once", "name"), null(Organization, "name")),
        upsert=("name",),
    ),
    Described(
        Form,
        lambda: {"organization": organization(), "title": word()},
        "status",
        ("open", "closed"),
        (
            twice("forms_form_once", "organization", "title"),
            check("forms_form_status", status="odd"),
            null(Form, "title"),
            dangling(Form, "organization", Organization),
        ),
        upsert=("organization", "title"),
    ),
    Described(
        Workflow,
        lambda: {"form": form(), "name": word()},
        "steps",
        (2, 3),
        (
            twice("forms_workflow_once", "form", "name"),
            check("forms_workflow_steps", steps=0),
            null(Workflow, "name"),
            dangling(Workflow, "form", Form),
        ),
        upsert=("form", "name"),
    ),
    Described(
        Submission,
        lambda: {"form": form(), "email": f"{word()}@example.com"},
        "answers",
        ({"age": 7}, {"age": 8, "tags": ["ü"]}),
        (
            twice("forms_submission_once", "form", "email"),
            check("forms_submission_email", email=""),
            null(Submission, "email"),
            dangling(Submission, "form", Form),
        ),
        upsert=("form", "email"),
    ),
    Described(
        Event,
        lambda: {"submission": submission(), "what": "seen"},
        "what",
        ("read", "kept"),
        (
            check("forms_event_what", what=""),
            null(Event, "what"),
            dangling(Event, "submission", Submission),
        ),
    ),
    Described(
        Category,
        lambda: {"name": word()},
        "name",
        ("Tea", "Coffee"),
        (twice("shop_category_name_once", "name"), null(Category, "name")),
    ),
    Described(
        Product,
        lambda: {"category": category(), "name": word(), "price": 4_50},
        "stock",
        (10, 0),
        (
            check("shop_product_stock_check", stock=-1),
            null(Product, "price"),
            dangling(Product, "category", Category),
        ),
    ),
    Described(
        Order,
        lambda: {"customer": UserFactory()},
        "note",
        ("", "By the back door"),
        (null(Order, "status"), null(Order, "customer")),
    ),
    Described(
        Item,
        lambda: {"order": order(), "product": product(), "quantity": 1, "price": 4_50},
        "quantity",
        (1, 2),
        (
            check("shop_item_quantity_check", quantity=-1),
            null(Item, "price"),
            dangling(Item, "order", Order),
            dangling(Item, "product", Product),
        ),
    ),
    Described(
        StatusChange,
        lambda: {"order": order(), "after": "paid"},
        "after",
        ("paid", "sent"),
        (null(StatusChange, "after"), dangling(StatusChange, "order", Order)),
    ),
]
"""The models that the contract is tested with; verbs alone write a bucket."""


# -- What the tests share ----------------------------------------------------------------------


def each(*conditions):
    """Run for every model that fits."""
    fits = [one for one in DESCRIBED if all(condition(one) for condition in conditions)]
    return pytest.mark.parametrize("described", fits, ids=str)


def updates(described):
    return described.updates


def saves(described):
    return described.saves


def deletes(described):
    return described.deletes


def soft(described):
    return described.soft


def listed(described):
    return described.model in LISTED


def unique(described):
    return any(broken.error is UniqueBroken for broken in described.broken)


def not_(condition):
    return lambda described: not condition(described)


def stored(row):
    """The row as the database has it."""
    return type(row).objects.get(pk=row.pk)


def value(described, row):
    return getattr(stored(row), described.field)


@contextmanager
def refused(error, constraint=None, fields=None):
    """The block ends in that very error, and the transaction goes on."""
    with pytest.raises(CodedError) as caught, transaction.atomic():
        yield caught
    said = caught.value
    assert type(said) is error
    assert said.code == error.code
    if constraint is not None:
        assert (said.constraint, said.fields) == (constraint, fields)  # type: ignore[attr-defined]
    assert not [one for one in type(said).__mro__ if one.__module__.startswith("psycopg")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def statements(work):
    with CaptureQueriesContext(connection) as captured:
        work()
    return len(captured)
