"""`updated_at` is when a row was last updated, whoever updated it how, and the row knows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import serializers
from django.db import connection, models
from django.db.models import F
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone

from budgets.cascade import Claim
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from examples.shop.models import Category, Product
from tenants.context import acting_for
from tenants.models import (
    Change,
    Membership,
    Tenant,
    TenantSettings,
    UserSession,
)
from tests.factories import BudgetFactory, MembershipFactory, UserFactory

LATER = datetime(2030, 1, 1, tzinfo=UTC)
OTHER = LATER + timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)


@pytest.fixture
def later(monkeypatch) -> Callable[[], None]:
    """Puts our clock to LATER; PostgreSQL's goes on as it does."""
    return lambda: monkeypatch.setattr(timezone, "now", lambda: LATER)


@pytest.fixture
def product(acting) -> Product:
    category = Category.objects.create(name="Tea")
    return Product.objects.create(category=category, name="Assam", price=4_50, stock=10)


def rows(product: Product) -> Any:
    return Product.objects.filter(pk=product.pk)


def saved(product: Product, **kwargs: Any) -> None:
    product.stock = 9
    product.save(**kwargs)


def saved_by_an_expression(product: Product) -> None:
    product.stock = F("stock") - 1
    product.save(update_fields=["stock"])


def upsert(product: Product, **kwargs: Any) -> None:
    product.stock = 9
    options = {"unique_fields": ["id"], "update_fields": ["stock"]} | kwargs
    Product.objects.bulk_create([product], update_conflicts=True, **options)


def set_by_hand(product: Product) -> None:
    product.stock = 9
    Product.objects.bulk_update([product], ["stock"])


def deleted_and_restored(product: Product) -> None:
    product.delete()
    product.restore()


WRITES: dict[str, Callable[[Product], Any]] = {
    "update": lambda product: rows(product).update(stock=9),
    "update by an expression": lambda product: rows(product).update(stock=F("stock") - 1),
    "update of a whole table": lambda product: Product.objects.update(stock=9),
    "update over a join": lambda product: Product.objects.filter(category__name="Tea").update(
        stock=9
    ),
    "update by a related manager": lambda product: product.category.products.update(stock=9),
    "update past the manager": lambda product: models.QuerySet(Product).update(stock=9),
    "update by the base manager": lambda product: Product._base_manager.update(stock=9),
    "update of what is ordered": lambda product: rows(product).order_by("-price").update(stock=9),
    "bulk_update": set_by_hand,
    "save": saved,
    "save of a field": lambda product: saved(product, update_fields=["stock"]),
    "save of an expression": saved_by_an_expression,
    "save of what was read": lambda product: saved(Product.objects.only("stock").get()),
    "bulk_create of what is there": upsert,
    "update_or_create": lambda product: Product.objects.update_or_create(
        pk=product.pk, defaults={"stock": 9}
    ),
    "aupdate": lambda product: async_to_sync(rows(product).aupdate)(stock=9),
    "asave of a field": lambda product: async_to_sync(product.asave)(update_fields=["stock"]),
    "abulk_update": lambda product: async_to_sync(rows(product).abulk_update)([product], ["stock"]),
    "soft deletion": lambda product: product.delete(),
    "soft deletion of many": lambda product: rows(product).delete(),
    "restoration": deleted_and_restored,
    "adding by a related manager": lambda product: product.category.products.add(product),
}
UNTOLD = {
    *(name for name in WRITES if name.startswith(("update", "aupdate"))),
    *("save of what was read", "soft deletion of many", "adding by a related manager"),
}
"""Writes that have no row in hand to tell."""


@pytest.mark.parametrize("write", WRITES)
def test_every_write_moves_it_and_tells_the_row(write, product, later):
    made = product.created_at
    later()

    WRITES[write](product)

    [stored] = Product.all_objects.values("created_at", "updated_at")
    assert stored == {"created_at": made, "updated_at": LATER}
    if write not in UNTOLD:
        assert product.updated_at == LATER


NAMING: dict[str, Callable[[Product], Any]] = {
    "update": lambda product: rows(product).update(stock=9, updated_at=OTHER),
    "bulk_update": lambda product: Product.objects.bulk_update([product], ["stock", "updated_at"]),
    "bulk_update of nothing else": lambda product: Product.objects.bulk_update(
        [product], ["updated_at"]
    ),
}


@pytest.mark.parametrize("write", NAMING)
def test_who_names_it_decides(write, product, later):
    product.updated_at = OTHER
    later()

    NAMING[write](product)

    assert Product.objects.get().updated_at == product.updated_at == OTHER


def test_it_is_a_value_for_sharded_servers_take_no_function(product):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        rows(product).update(stock=9)

    [statement] = captured.captured_queries
    assert '"updated_at" = \'' in statement["sql"]
    assert not {"now(", "timestamp("} & {*statement["sql"].lower().split()}


def test_an_update_of_no_rows_is_one_of_no_rows(product, later):
    later()

    assert Product.objects.none().update(stock=9) == 0
    assert Product.objects.filter(stock=0).update(stock=9) == 0
    assert Product.objects.bulk_update([], ["stock"]) == 0
    assert rows(product).update() == 0
    product.save(update_fields=[])

    assert Product.objects.get().updated_at == product.updated_at < LATER


def test_a_statement_that_is_compiled_again_is_the_same(product):
    query = rows(product).query.chain(models.sql.UpdateQuery)
    query.add_update_values({"stock": 9})
    compiler = query.get_compiler("default")

    assert compiler.as_sql() == compiler.as_sql()


def test_a_batch_has_one_moment(acting):
    category = Category.objects.create(name="Tea")
    made = [Product(category=category, name=name, price=1) for name in "abcde"]
    Product.objects.bulk_create(made)

    Product.objects.bulk_update(made, ["stock"], batch_size=2)

    [moment] = {*Product.objects.values_list("updated_at", flat=True)}
    assert {each.updated_at for each in made} == {moment}


def test_an_upsert_that_inserts_says_when(acting, later):
    later()

    upsert(Product(category=Category.objects.create(name="Tea"), name="Assam", price=1))

    assert Product.objects.get().updated_at == LATER


def test_a_proxy_writes_the_same_rows(budget, later):
    with isolate_apps("tenants"):
        meta = type("Meta", (), {"proxy": True, "app_label": "tenants"})
        proxy: Any = type("Proxy", (Budget,), {"__module__": __name__, "Meta": meta})
    later()

    proxy.objects.update(name="Other")

    assert Budget.objects.get().updated_at == LATER


def test_each_table_of_a_model_that_extends_another_has_its_own():
    """Tenants' models have one table (E004); others may have more."""
    with isolate_apps("tenants"):
        meta = type("Meta", (), {"app_label": "tenants"})
        parent = {"name": models.TextField(), "updated_at": models.DateTimeField(auto_now=True)}
        parent |= {"__module__": __name__, "Meta": meta}
        above: Any = type("Above", (models.Model,), parent)
        child = {"more": models.TextField(), "__module__": __name__, "Meta": meta}
        below: Any = type("Below", (above,), child)
    query: Any = models.sql.UpdateQuery(below)
    query.add_update_values({"name": "a", "more": "b"})
    query.related_ids = {above: [1]}

    [related] = query.get_related_updates()

    assert "updated_at" in related.get_compiler("default").as_sql()[0]


def test_a_fixture_keeps_the_time_it_has(product, later):
    text = serializers.serialize("json", [product]).replace("Assam", "Darjeeling")
    later()

    for each in serializers.deserialize("json", text):
        each.save()

    stored = Product.objects.get()
    assert (stored.name, abs(stored.updated_at - product.updated_at) < MILLISECOND) == (
        "Darjeeling",
        True,
    )


def test_a_row_of_the_history_is_written_for_what_changed_and_not_for_the_time(product):
    before = Change.objects.of(Product, product.pk).count()

    rows(product).update(stock=product.stock)

    assert Change.objects.of(Product, product.pk).count() == before


def test_what_others_point_at_is_not_moved(product, later):
    later()

    rows(product).update(stock=9)

    assert Category.objects.get().updated_at < LATER


class TestWithoutATenant:
    def test_a_user(self, committed, later):
        user = UserFactory()
        later()

        user.first_name = "Bea"
        user.save(update_fields=["first_name"])

        assert (user.updated_at, type(user).objects.get(pk=user.pk).updated_at) == (LATER, LATER)

    def test_a_tenant(self, acting, later):
        later()

        changed = Tenant.objects.change_plan("team")

        assert changed.updated_at == Tenant.objects.get().updated_at == LATER

    def test_a_session_that_was_seen(self, committed, later, unique):
        made = timezone.now()
        UserSession.objects.create(session_key=unique, session_data="", expire_date=made)
        later()

        UserSession.objects.seen(unique, LATER)

        seen = UserSession.objects.get(session_key=unique)
        assert (seen.last_seen_at, seen.updated_at, seen.created_at < LATER) == (LATER, LATER, True)

    def test_settings(self, acting, later):
        made = TenantSettings.objects.change(locale="de")
        later()

        changed = TenantSettings.objects.change(locale="en")

        assert (changed.updated_at, changed.created_at) == (LATER, made.created_at)


class TestOurOwnVerbs:
    def test_a_members_role(self, acting, later):
        MembershipFactory(role="owner")
        member = MembershipFactory(role="viewer")
        later()

        Membership.objects.change_role(member, "editor")

        assert Membership.objects.get(pk=member.pk).updated_at == LATER

    def test_a_buckets_rules(self, budget, later):
        bucket = Bucket.objects.create_bucket(budget, "Rent", filter=Claim(flat=5_00))
        later()

        Bucket.objects.set_target(bucket, 5_00)

        bucket, budget = Bucket.objects.get(pk=bucket.pk), Budget.objects.get()
        assert bucket.updated_at == budget.updated_at == LATER

    def test_a_suspension(self, tenant, later):
        later()

        Tenant.objects.suspend(tenant)

        with acting_for(tenant, even_suspended=True):
            assert Tenant.objects.get().updated_at == LATER


def test_rows_that_are_written_once_were_made_and_last_changed_at_once(acting):
    Movement.objects.deposit(BudgetFactory(), 5_00)

    for model in (Movement, Entry, BucketVersion):
        apart = [abs(row.updated_at - row.created_at) for row in model.objects.all()]
        assert apart
        assert max(apart) < timedelta(milliseconds=100)
