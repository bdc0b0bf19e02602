"""One tenant's rows are out of another's reach, whatever the code does: the generated matrix."""

import re
import threading
from contextvars import copy_context
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, models, transaction
from django.db.models import Count, prefetch_related_objects
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from budgets.models import Bucket, Budget
from tenants.context import acting_for, run_for
from tenants.errors import NoTenant, TenantMismatch
from tenants.models import GlobalChange, Invitation, Membership, Tenant, User, UserSession
from tests.factories import TenantFactory
from tests.rows import MAKERS, MODELS, Side
from tests.tenants.matrix import OPERATIONS, THROUGH, backward, forward, held, leaks, tenant_keys
from tests.threads import in_thread


@pytest.fixture(scope="module")
def sides(django_db_setup, django_db_blocker):
    """Two tenants with one row of every model, which no test here may change."""
    with django_db_blocker.unblock():
        return Side.of(TenantFactory()), Side.of(TenantFactory())


def test_the_role_under_test_is_bound_by_row_security(committed):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT session_user, current_user, rolsuper, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )

        assert cursor.fetchone() == ("app", "app", False, False)


def test_every_tenants_model_has_a_maker_of_rows():
    assert set(MAKERS) == set(MODELS)


def test_every_key_of_those_rows_points_at_a_row(sides):
    missing = [
        field
        for model, row in sides[0].rows.items()
        for field in tenant_keys(model)
        if getattr(row, field.attname) is None
    ]

    assert missing == []


@pytest.mark.parametrize("through", THROUGH)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_the_other_tenants_rows_are_out_of_reach(model, operation, through, sides, committed):
    assert leaks(model, operation, through, *sides) == []


CALLS = {
    "all": lambda model, row: list(model.objects.all()),
    "count": lambda model, row: model.objects.count(),
    "exists": lambda model, row: model.objects.exists(),
    "get": lambda model, row: model.objects.get(pk=row.pk),
    "first": lambda model, row: model.objects.first(),
    "in_bulk": lambda model, row: model.objects.in_bulk([row.pk]),
    "values": lambda model, row: list(model.objects.values("pk")),
    "iterator": lambda model, row: list(model.objects.iterator()),
    "aiterator": lambda model, row: async_to_sync(collect)(model.objects.aiterator()),
    "acount": lambda model, row: async_to_sync(awaited)(model.objects.acount),
    "aggregate": lambda model, row: model.objects.aggregate(Count("pk")),
    "raw": lambda model, row: list(model.objects.raw("SELECT 1 AS id")),
    "explain": lambda model, row: model.objects.explain(),
    "listed": lambda model, row: list(model.objects.listed({})),
    "page": lambda model, row: model.objects.page(),
    "create": lambda model, row: model.objects.create(),
    "get_or_create": lambda model, row: model.objects.get_or_create(pk=row.pk),
    "update_or_create": lambda model, row: model.objects.update_or_create(pk=row.pk),
    "bulk_create": lambda model, row: model.objects.bulk_create([row]),
    "bulk_update": lambda model, row: model.objects.bulk_update([row], ["updated_at"]),
    "update": lambda model, row: model.objects.update(updated_at=timezone.now()),
    "delete": lambda model, row: model.objects.all().delete(),
    "a base manager": lambda model, row: model._base_manager.count(),
    "a bare queryset": lambda model, row: models.QuerySet(model).count(),
    "a bare update": lambda model, row: models.QuerySet(model).update(created_at=None),
    "a bare delete": lambda model, row: models.QuerySet(model).delete(),
    "an instance's save": lambda model, row: row.save(),
    "a new instance's save": lambda model, row: model(tenant_id=row.tenant_id).save(),
    "an instance's delete": lambda model, row: row.delete(),
    "refresh_from_db": lambda model, row: row.refresh_from_db(),
    "a tenant's default": lambda model, row: model(),
}


class TestOutsideAnyBlock:
    @pytest.mark.parametrize("call", CALLS)
    @pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
    def test_the_manager_refuses(self, model, call, sides, committed):
        row = sides[0].rows[model]

        with pytest.raises(NoTenant):
            CALLS[call](model, row)

    @pytest.mark.parametrize("call", CALLS)
    def test_a_transaction_of_ones_own_is_no_block(self, call, sides, committed):
        row = sides[0].rows[Budget]

        with pytest.raises(NoTenant), transaction.atomic():
            CALLS[call](Budget, row)

    @pytest.mark.parametrize(
        "follow",
        [
            lambda budget, bucket: list(budget.buckets.all()),
            lambda budget, bucket: budget.buckets.count(),
            lambda budget, bucket: budget.buckets.add(bucket, bulk=False),
            lambda budget, bucket: bucket.budget,
            lambda budget, bucket: prefetch_related_objects([budget], "buckets"),
            lambda budget, bucket: prefetch_related_objects([bucket], "budget"),
            lambda budget, bucket: budget.owner.user.memberships.count(),
        ],
    )
    def test_related_rows_are_refused(self, follow, sides, committed):
        with acting_for(sides[0].tenant):
            budget = Budget.objects.get(pk=sides[0].rows[Budget].pk)
            bucket = Bucket.objects.get(pk=sides[0].rows[Bucket].pk)

        with pytest.raises(NoTenant):
            follow(budget, bucket)

    @pytest.mark.parametrize(
        "use",
        [list, len, bool, lambda rows: rows.count(), lambda rows: rows.update(name="x")],
    )
    def test_a_queryset_kept_past_its_block_is_refused(self, use, sides, committed):
        with acting_for(sides[0].tenant):
            kept = Budget.objects.all()

        with pytest.raises(NoTenant):
            use(kept)

    def test_SQL_finds_nothing_and_writes_nothing(self, sides, committed):
        table = Budget._meta.db_table

        with connection.cursor() as cursor:
            cursor.execute(f"SELECT FROM {table}")
            seen = cursor.rowcount
            cursor.execute(f"UPDATE {table} SET name = 'x'")
            changed = cursor.rowcount

        assert (seen, changed) == (0, 0)


WRITES = {
    "update": lambda row: type(row).objects.filter(pk=row.pk).update(role="viewer"),
    "bulk_update": lambda row: type(row).objects.bulk_update([row], ["role"]),
    "delete": lambda row: type(row).objects.filter(pk=row.pk).delete(),
    "an instance's save": lambda row: row.save(),
    "an instance's delete": lambda row: row.delete(),
    "a bare update": lambda row: models.QuerySet(type(row)).filter(pk=row.pk).update(role="viewer"),
    "a bare delete": lambda row: models.QuerySet(type(row)).filter(pk=row.pk).delete(),
}


@pytest.mark.parametrize("write", WRITES)
def test_each_statement_names_the_tenant_even_past_the_manager(write, sides, committed):
    row = held(sides[0].rows[Invitation])

    with acting_for(sides[0].tenant), CaptureQueriesContext(connection) as captured:
        WRITES[write](row)
        transaction.set_rollback(True)

    [statement] = [each["sql"] for each in captured if "tenants_invitation" in each["sql"]]
    where = statement.partition(" WHERE ")[2]
    assert f"\"tenant_id\" = '{sides[0].tenant.pk.hex}'" in where


@pytest.mark.parametrize(
    ("model", "name"),
    [(model, name) for model in MAKERS for name, _ in forward(model) + backward(model)],
)
def test_each_join_is_of_rows_of_one_tenant(model, name, sides, committed):
    with acting_for(sides[0].tenant):
        joined = str(model.objects.filter(**{f"{name}__created_at": timezone.now()}).query)

    assert re.search(r' JOIN .* ON \("\w+"."tenant_id" = "?\w+"?."tenant_id" AND ', joined)


class TestInAnotherBlock:
    def test_a_queryset_made_for_one_tenant_finds_nothing_in_anothers(self, sides, committed):
        a, b = sides
        with acting_for(a.tenant):
            kept = [Budget.objects.all(), Budget.objects.filter(pk=b.rows[Budget].pk)]

        with acting_for(b.tenant):
            found = [list(rows) for rows in kept]

        assert found == [[], []]

    def test_a_queryset_made_for_one_tenant_changes_nothing_in_anothers(self, sides, committed):
        a, b = sides
        with acting_for(a.tenant):
            kept = Budget.objects.all()

        with acting_for(b.tenant):
            changed = kept.update(name="x")

        assert changed == 0

    def test_a_row_of_one_tenant_is_not_saved_in_anothers(self, sides, committed):
        a, b = sides
        kept = a.rows[Budget]

        with pytest.raises(Budget.NotUpdated), acting_for(b.tenant):
            kept.save(update_fields=["name"])

    def test_another_tenant_cannot_be_entered(self, sides, committed):
        a, b = sides

        with acting_for(a.tenant), pytest.raises(TenantMismatch), acting_for(b.tenant):
            pass

    def test_the_same_tenant_can(self, sides, committed):
        a, _ = sides

        with acting_for(a.tenant), acting_for(a.tenant.pk):
            found = Budget.objects.count()

        assert found == 1

    def test_run_for_is_refused_inside_a_transaction(self, sides, committed):
        with transaction.atomic(), pytest.raises(RuntimeError, match="open transaction"):
            run_for(sides[0].tenant, Budget.objects.count)

    def test_acting_for_is_refused_inside_a_transaction(self, sides, committed):
        with (
            transaction.atomic(),
            pytest.raises(RuntimeError, match="durable"),
            acting_for(sides[0].tenant),
        ):
            pass


class TestThreads:
    def test_a_thread_does_not_inherit_the_tenant(self, sides, committed):
        with acting_for(sides[0].tenant), pytest.raises(NoTenant):
            in_thread(Budget.objects.count)

    def test_a_copied_context_is_not_enough_without_its_transaction(self, sides, committed):
        with acting_for(sides[0].tenant), pytest.raises(NoTenant):
            in_thread(copy_context().run, Budget.objects.count)

    def test_threads_act_for_their_own_tenants_at_once(self, sides, committed):
        both_inside = threading.Barrier(2, timeout=10)
        seen = {}

        def look(side):
            with acting_for(side.tenant):
                both_inside.wait()
                seen[side.tenant.pk] = set(Budget.objects.values_list("tenant", flat=True))
                both_inside.wait()

        threads = [threading.Thread(target=in_thread, args=(look, side)) for side in sides]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert seen == {side.tenant.pk: {side.tenant.pk} for side in sides}

    def test_async_code_in_a_block_is_in_it(self, sides, committed):
        with acting_for(sides[0].tenant):
            found = async_to_sync(collect)(Budget.objects.aiterator())

        assert found == [sides[0].rows[Budget]]


def test_a_tenant_sees_itself_alone(sides, committed):
    a, _ = sides

    with acting_for(a.tenant):
        seen = list(Tenant.objects.all())
        unfiltered: list[Tenant] = list(models.QuerySet(Tenant))

    assert seen == unfiltered == [a.tenant]


async def collect(rows):
    return [row async for row in rows]


async def awaited(call):
    return await call()


# -- Global rows that reach a tenant's ---------------------------------------------------------

ALONG = {
    "no membership": lambda: User.objects.filter(memberships=None),
    "a role": lambda: User.objects.filter(memberships__role="owner"),
    "an exclusion": lambda: User.objects.exclude(memberships__role="owner"),
    "an order": lambda: User.objects.order_by("memberships__role"),
    "a count": lambda: User.objects.annotate(n=Count("memberships")),
    "a column": lambda: User.objects.values("memberships__role"),
    "a subquery": lambda: User.objects.filter(
        pk__in=Membership._base_manager.get_queryset().values("user")
    ),
    "EXISTS": lambda: User.objects.filter(
        models.Exists(models.QuerySet(Membership).filter(user=models.OuterRef("pk")))
    ),
    "a union": lambda: User.objects.values("pk").union(models.QuerySet(Membership).values("pk")),
    "a subquery in a subquery": lambda: GlobalChange.objects.filter(
        actor__in=User.objects.filter(memberships=None)
    ),
}


@pytest.mark.parametrize("along", ALONG)
def test_a_query_outside_of_blocks_reaches_no_tenants_rows(along, sides, committed):
    with acting_for(sides[0].tenant):
        rows = ALONG[along]()
        assert list(rows) is not None

    asks = (list, models.QuerySet.exists, models.QuerySet.count)
    for ask in asks[:1] if along == "an order" else asks:  # the others need no order
        with pytest.raises(NoTenant):
            ask(rows.all())


def test_an_update_or_deletion_outside_of_blocks_reaches_none_either(sides, committed):
    nobody = {"pk": uuid4()}
    with acting_for(sides[0].tenant):
        rows = User.objects.filter(memberships=None, **nobody)

    with pytest.raises(NoTenant):
        rows.update(last_login=None)


def test_a_query_of_global_rows_alone_needs_no_block(sides, committed):
    assert User.objects.filter(pk=uuid4()).order_by("email").count() == 0


def test_what_a_query_says_can_be_read_outside_of_blocks(sides, committed):
    assert "tenants_membership" in str(User.objects.filter(memberships=None).query)


# -- Global rows in a block with a role ------------------------------------------------------------

REACHES = {
    "all": lambda rows, pk: pk in {row.pk for row in rows.all()},
    "get": lambda rows, pk: rows.filter(pk=pk).first(),
    "exists": lambda rows, pk: rows.filter(pk=pk).exists(),
    "count": lambda rows, pk: rows.filter(pk=pk).count(),
    "in_bulk": lambda rows, pk: rows.in_bulk([pk]),
    "values": lambda rows, pk: list(rows.filter(pk=pk).values_list("created_at")),
    "aggregate": lambda rows, pk: rows.filter(pk=pk).aggregate(n=Count("pk"))["n"],
    "a page": lambda rows, pk: rows.filter(pk=pk).page().rows,
    "a subquery": lambda rows, pk: models.QuerySet(rows.model).filter(
        pk__in=rows.filter(pk=pk).values("pk")
    ),
    "a lock": lambda rows, pk: rows.select_for_update().filter(pk=pk),
    "SELECT DISTINCT": lambda rows, pk: rows.filter(pk=pk).distinct(),
}


def reached_rows(rows, side):
    """The id of a row of the side's member."""
    user = side.rows[Membership].user
    if rows.model is User:
        return user.pk
    return UserSession.objects.get_or_create(
        session_key=user.pk.hex, user=user, defaults={"expire_date": timezone.now()}
    )[0].pk


@pytest.mark.parametrize("role", ["owner", "editor", "service"])
@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("rows", [User.objects, User.all_objects, UserSession.objects], ids=str)
def test_the_other_tenants_users_are_out_of_a_roles_reach(rows, reach, role, sides, committed):
    a, b = sides
    mine, theirs = reached_rows(rows, a), reached_rows(rows, b)

    for tenant, block, pk, reached in (
        (a.tenant, {"actor": a.rows[Membership].user, "role": role}, mine, True),
        (a.tenant, {"actor": a.rows[Membership].user, "role": role}, theirs, False),
        (a.tenant, {}, theirs, True),  # the system
    ):
        with acting_for(tenant, **block):
            assert bool(REACHES[reach](rows, pk)) == reached
