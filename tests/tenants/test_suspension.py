"""Who may read and not write: everybody in a suspended tenant, and a viewer in any.

Managers refuse with a typed error; PostgreSQL refuses too, for the transaction is READ ONLY.
"""

from contextlib import contextmanager

import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from budgets.cascade import Claim
from budgets.managers.bulk import Deposit
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for, run_for, tenancy
from tenants.errors import (
    CodedError,
    NotAllowed,
    QueryFailed,
    ReadOnly,
    TenantMismatch,
    TenantSuspended,
    UnknownTenant,
)
from tenants.models import Change, Membership, Tenant, User
from tests.command_line import manage
from tests.factories import (
    BucketFactory,
    BudgetFactory,
    MembershipFactory,
    TenantFactory,
    UserFactory,
)
from tests.rows import MAKERS, Side
from tests.tenants.matrix import held
from tests.threads import in_thread


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


@pytest.fixture(scope="module")
def sides(django_db_setup, django_db_blocker):
    """A tenant that is suspended, and one that is not, with one row of every model."""
    with django_db_blocker.unblock():
        suspended, working = Side.of(TenantFactory()), Side.of(TenantFactory())
        Tenant.objects.suspend(suspended.tenant)
    return {"suspended": suspended, "viewer": working}


WAYS = {
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
    "reverse": lambda budget, bucket: Movement.objects.reverse(Movement.objects.first()),
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
        with pytest.raises(QueryFailed), reading():
            if nested:
                run("SAVEPOINT inner_block")
            run(statement)

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
            run(statement)
            run("UPDATE tenants_membership SET role = 'owner'")

    def test_a_rolled_back_savepoint_does_not_bring_writing_back(self, reading):
        with reading():
            run("SAVEPOINT inner_block")
            run("ROLLBACK TO SAVEPOINT inner_block")
            with pytest.raises(ReadOnly), transaction.atomic():
                run("UPDATE tenants_membership SET role = 'owner'")

    def test_a_global_row_is_not_written_either(self, side, refused):
        user = User.objects.get(pk=side.rows[Membership].user_id)

        with refused(ReadOnly):
            user.save()


class TestSuspending:
    def test_ends_when_the_tenant_is_reactivated(self, tenant):
        Tenant.objects.suspend(tenant)
        Tenant.objects.reactivate(tenant)

        with acting_for(tenant):
            assert MembershipFactory().pk
            assert Movement.objects.deposit(BudgetFactory(), 100).amount == 100
            assert Tenant.objects.get().suspended_at is None

    def test_is_safe_to_repeat_and_keeps_its_first_time(self, tenant):
        Tenant.objects.suspend(tenant)
        with acting_for(tenant):
            first = Tenant.objects.get().suspended_at
        Tenant.objects.suspend(tenant.pk)

        with acting_for(tenant):
            assert Tenant.objects.get().suspended_at == first is not None
        for _ in range(2):
            Tenant.objects.reactivate(tenant.pk)

    def test_is_told_once_by_the_history(self, tenant):
        user = UserFactory()
        with acting_for(tenant):
            before = Change.objects.of(Tenant, tenant.pk).count()
        for verb in (Tenant.objects.suspend, Tenant.objects.reactivate):
            verb(tenant)
            verb(tenant)

        with acting_for(tenant, actor=user):
            told = list(Change.objects.of(Tenant, tenant.pk))[: -before or None]
            (back, *_), (off, *_) = (change.columns for change in told)
        assert [change.verb for change in told] == ["update", "update"]
        assert (off[:2], back[0], back[2]) == (("suspended_at", None), "suspended_at", None)
        assert off[2] == back[1] is not None

    @pytest.mark.parametrize("verb", ["suspend", "reactivate"])
    def test_needs_a_tenant(self, verb, committed):
        with pytest.raises(UnknownTenant):
            getattr(Tenant.objects, verb)(UserFactory.build().pk)

    def test_is_no_matter_of_other_tenants(self, tenant, other):
        Tenant.objects.suspend(tenant)

        with acting_for(other):
            assert MembershipFactory().pk

    def test_binds_transactions_that_begin_later(self, tenant):
        with acting_for(tenant):
            in_thread(Tenant.objects.suspend, tenant)
            assert MembershipFactory().pk

        with pytest.raises(TenantSuspended), acting_for(tenant):
            Membership.objects.update(role="viewer")

    def test_cannot_be_ended_from_within(self, tenant):
        Tenant.objects.suspend(tenant)

        with pytest.raises(TenantSuspended), acting_for(tenant):
            Tenant.objects.reactivate(tenant)

    def test_is_said_by_the_block(self, tenant):
        Tenant.objects.suspend(tenant)

        with acting_for(tenant):
            assert tenancy().suspended
        with acting_for(tenant, even_suspended=True):
            assert not tenancy().suspended
            assert MembershipFactory().pk

    def test_is_not_retried(self, tenant):
        Tenant.objects.suspend(tenant)
        calls = []

        with pytest.raises(TenantSuspended):
            run_for(tenant, lambda: calls.append(1) or Membership.objects.update(role="viewer"))

        assert calls == [1]


class TestTheCommand:
    def test_suspends_and_reactivates(self, tenant):
        said = manage("tenant", "suspend", tenant.slug, "--json").json

        assert said["suspended"] is not None
        [listed] = [
            row for row in manage("tenant", "list", "--json").json if row["slug"] == tenant.slug
        ]
        assert listed["suspended"] == said["suspended"]
        assert manage("tenant", "suspend", tenant.slug, "--json").json == said
        assert manage("tenant", "reactivate", tenant.slug, "--json").json["suspended"] is None
        with acting_for(tenant):
            assert MembershipFactory().pk

    def test_shows_a_table(self, committed, unique):
        tenant = Tenant.objects.create_tenant(unique, "Rivera family")
        ran = manage("tenant", "suspend", unique)

        today = str(timezone.now().date())
        [line] = [line for line in ran.out.splitlines() if unique in line]
        assert [cell.strip() for cell in line.split("│")[1:-1]] == [
            unique, "Rivera family", str(tenant.pk), today, today
        ]  # fmt: skip

    @pytest.mark.parametrize("verb", ["suspend", "reactivate"])
    def test_refuses_a_tenant_there_is_not(self, verb, committed, unique):
        manage("tenant", verb, unique).assert_refused("unknown_tenant", unique)

    def test_of_money_is_refused_in_one_line(self, tenant):
        with acting_for(tenant):
            BucketFactory(budget=BudgetFactory(name="Household"))
        Tenant.objects.suspend(tenant)

        ran = manage("deposit", "--tenant", tenant.slug, "--budget", "Household", "5")

        ran.assert_refused("tenant_suspended")


class TestRoles:
    @pytest.mark.parametrize("role", ["owner", "editor", "service", None])
    def test_that_are_no_readers_write(self, role, tenant):
        with acting_for(tenant, role=role):
            assert MembershipFactory().pk
            assert tenancy().role == role

    def test_a_refusal_says_who_may_not_do_what(self, tenant):
        with pytest.raises(NotAllowed) as caught, acting_for(tenant, role="viewer"):
            Membership.objects.create(role="owner")

        assert (caught.value.role, caught.value.code) == ("viewer", "not_allowed")
        assert not caught.value.retryable

    def test_a_block_within_keeps_the_role(self, tenant):
        with pytest.raises(NotAllowed), acting_for(tenant, role="viewer"), acting_for(tenant):
            assert tenancy().role == "viewer"
            Membership.objects.update(role="owner")

    @pytest.mark.parametrize(("outer", "inner"), [("viewer", "owner"), (None, "viewer")])
    def test_a_block_within_takes_on_no_other(self, outer, inner, tenant):
        with (
            acting_for(tenant, role=outer),
            pytest.raises(TenantMismatch),
            acting_for(tenant, role=inner),
        ):
            pass

    def test_run_for_takes_one(self, tenant):
        with pytest.raises(NotAllowed):
            run_for(tenant, lambda: Membership.objects.update(role="owner"), role="viewer")

    def test_the_next_transaction_of_the_connection_writes(self, tenant):
        with acting_for(tenant, role="viewer"):
            assert not Membership.objects.exists()

        with acting_for(tenant):
            assert MembershipFactory().pk

    def test_suspension_comes_first(self, tenant):
        Tenant.objects.suspend(tenant)

        with pytest.raises(TenantSuspended), acting_for(tenant, role="viewer"):
            Membership.objects.update(role="owner")
