"""Who may read and not write: everybody in a suspended tenant, and a viewer in any.

Managers refuse with a typed error; PostgreSQL refuses too, for the transaction is READ ONLY.
"""

from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from budgets.cascade import Claim
from budgets.managers.bulk import Deposit
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.errors import (
    CodedError,
    NotAllowed,
    QueryFailed,
    ReadOnly,
    TenantSuspended,
)
from tenants.models import Membership, Tenant, User
from tests.factories import (
    TenantFactory,
    UserFactory,
)
from tests.rows import MAKERS, Side
from tests.tenants.matrix import held


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def run_all(*statements):
    for statement in statements:
        run(statement)


@pytest.fixture(scope="module")
def sides(django_db_setup, django_db_blocker):
    """A tenant that is suspended, and one that is not, with one row of every model."""
    with django_db_blocker.unblock():
        suspended, working = Side.of(TenantFactory()), Side.of(TenantFactory())
        Tenant.objects.suspend(suspended.tenant)
    return {"suspended": suspended, "viewer": working}


WAYS: dict[str, tuple[type[CodedError], dict[str, Any]]] = {
    "suspended": (TenantSuspended, {}),
    "viewer": (NotAllowed, {"role": "viewer"}),
}


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture
def side(sides, way, committed):
    return sides[way]


@pytest.fixture
def reading(side, way):
    """Opens a block in which nothing can be written."""
    return lambda: acting_for(side.tenant, **WAYS[way][1])


@pytest.fixture
def refused(reading, way):
    """A block that ends with the way's error, and leaves no trace."""

    @contextmanager
    def refuse(error=None):
        with reading():
            with pytest.raises(CodedError) as caught, transaction.atomic():
                yield
            assert Tenant.objects.exists()  # the block goes on
        assert type(caught.value) is (error or WAYS[way][0])

    return refuse


each_model = pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)


@each_model
def test_every_row_can_be_read(model, side, reading):
    with reading():
        row = side.rows[model]
        assert model.objects.get(pk=row.pk) == row
        assert model.objects.count() == len(list(model.objects.iterator())) >= 1
        assert model.objects.filter(pk=row.pk).exists()


WRITES = {
    "create": lambda row: type(row).objects.create(),
    "bulk_create": lambda row: type(row).objects.bulk_create([held(row)]),
    "upsert": lambda row: type(row).objects.bulk_create(
        [held(row)], update_conflicts=True, unique_fields=["id"], update_fields=["updated_at"]
    ),
    "save": lambda row: held(row).save(),
    "save of a field": lambda row: held(row).save(update_fields=["updated_at"]),
    "a new row's save": lambda row: type(row)().save(),
    "update": lambda row: type(row).objects.update(updated_at=row.created_at),
    "bulk_update": lambda row: type(row).objects.bulk_update([held(row)], ["updated_at"]),
    "update_or_create": lambda row: type(row).objects.update_or_create(pk=row.pk),
    "get_or_create": lambda row: type(row).objects.get_or_create(pk=UserFactory.build().pk),
    "delete": lambda row: type(row).objects.filter(pk=row.pk).delete(),
    "an instance's delete": lambda row: held(row).delete(),
    "a lock": lambda row: type(row).objects.select_for_update().first(),
    "a bare update": lambda row: models.QuerySet(type(row)).update(updated_at=row.created_at),
    "a bare delete": lambda row: (
        models.QuerySet(type(row)).filter(pk=row.pk)._raw_delete("default")
    ),
}


@pytest.mark.parametrize("write", WRITES)
@each_model
def test_no_row_can_be_written(model, write, side, refused):
    before = side.sees(model)

    with refused():
        WRITES[write](side.rows[model])

    assert side.sees(model) == before


SOFT = {
    "delete": lambda: Membership.objects.all().delete(),
    "restore": lambda: Membership.all_objects.all().restore(),
    "hard_delete": lambda: Membership.all_objects.filter(budgets=None).hard_delete(),
    "purge": lambda: Membership.all_objects.purge(timezone.now(), 10),
}


@pytest.mark.parametrize("verb", SOFT)
def test_no_row_can_be_marked(verb, refused):
    with refused():
        SOFT[verb]()


VERBS = {
    "deposit": lambda budget, bucket: Movement.objects.deposit(budget, 100),
    "deposit with a key": lambda budget, bucket: Movement.objects.deposit(budget, 1, key="k"),
    "deposit_many": lambda budget, bucket: Movement.objects.deposit_many([Deposit(budget.pk, 100)]),
    "deposit_into": lambda budget, bucket: Movement.objects.deposit_into(bucket, 100),
    "withdraw": lambda budget, bucket: Movement.objects.withdraw(budget.buckets.money(), 1),
    "reverse_movement": lambda budget, bucket: Movement.objects.reverse_movement(
        Movement.objects.earliest("pk")
    ),
    "lock": lambda budget, bucket: Bucket.objects.lock(bucket),
    "create_bucket": lambda budget, bucket: Bucket.objects.create_bucket(
        budget, "Fun", filter=Claim(flat=1)
    ),
    "create_budget": lambda budget, bucket: Budget.objects.create_budget("Another", "EUR"),
    "reorder": lambda budget, bucket: Bucket.objects.reorder(budget, [bucket]),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_money_can_be_moved(verb, side, refused):
    with refused():
        VERBS[verb](Budget.objects.get(), Bucket.objects.get(pk=side.rows[Bucket].pk))


class TestRawSQL:
    STATEMENTS = (
        "UPDATE tenants_membership SET role = 'owner'",
        "DELETE FROM tenants_invitation",
        "INSERT INTO tenants_tenantslug VALUES ('x', current_tenant())",
        "SELECT 1 FROM tenants_membership FOR UPDATE",
        "UPDATE tenants_user SET first_name = 'x'",
        "UPDATE tenants_tenant SET suspended_at = NULL",
    )

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_is_refused_by_PostgreSQL(self, statement, refused):
        with refused(ReadOnly):
            run(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "SET transaction_read_only = off",
            "SET LOCAL transaction_read_only = off",
            "SET TRANSACTION READ WRITE",
            "SELECT set_config('transaction_read_only', 'off', true)",
        ],
    )
    @pytest.mark.parametrize("nested", [True, False])
    def test_cannot_take_it_back(self, statement, nested, reading):
        before = ["SAVEPOINT inner_block"] if nested else []

        with pytest.raises(QueryFailed), reading():
            run_all(*before, statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "SET default_transaction_read_only = off",
            "RESET transaction_read_only",
            "SELECT use_tenant(current_tenant())",
            "SELECT enter_tenant(current_tenant(), NULL, '', false)",
        ],
    )
    def test_does_not_get_round_it(self, statement, reading):
        with pytest.raises((ReadOnly, QueryFailed)), reading():
            run_all(statement, "UPDATE tenants_membership SET role = 'owner'")

    def test_a_rolled_back_savepoint_does_not_bring_writing_back(self, reading):
        with reading():
            run("SAVEPOINT inner_block")
            run("ROLLBACK TO SAVEPOINT inner_block")
            with pytest.raises(ReadOnly), transaction.atomic():
                run("UPDATE tenants_membership SET role = 'owner'")

    def test_a_global_row_is_not_written_either(self, side, way, refused):
        user = User.objects.get(pk=side.rows[Membership].user_id)

        with refused(NotAllowed if WAYS[way][1].get("role") else ReadOnly):
            user.save()
