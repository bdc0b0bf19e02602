"""`dumpdata` and `loaddata`: one tenant's rows out, and into another."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from tenants.context import acting_for
from tenants.models import Membership, Tenant
from tests.command_line import Ran, manage
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory, TenantFactory

MODELS = (Membership, Budget, Bucket, BucketVersion, Movement, Entry)


@pytest.fixture
def planted(tenant: Tenant) -> Tenant:
    """A tenant with a member, who owns a budget with some history."""
    with acting_for(tenant):
        budget = BudgetFactory(name="Household", owner=MembershipFactory())
        rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=100), target=150)
        Movement.objects.deposit(budget, 500, key="k", metadata={"ü": [1, None]})
        Movement.objects.deposit_into(rent, 70)
        Bucket.objects.lock(rent)
    return tenant


def rows(tenant: Tenant) -> dict[str, list[dict[str, Any]]]:
    """All rows of a tenant, without its id; times to the millisecond, as JSON keeps them."""
    with acting_for(tenant):
        return {
            model.__name__: [
                {name: to_the_millisecond(value) for name, value in row.items()}
                | {"tenant_id": None}
                for row in model._base_manager.order_by("pk").values()
            ]
            for model in MODELS
        }


def to_the_millisecond(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


@pytest.fixture
def dump(planted: Tenant, tmp_path: Path):
    """A file with the dump of the planted tenant, some of it changed."""

    def dump(change: Any = None) -> Path:
        listed = json.loads(manage("dumpdata", "--tenant", planted.slug).out)
        if change is not None:
            change(listed)
        file = tmp_path / "dump.json"
        file.write_text(json.dumps(listed), encoding="utf-8")
        return file

    return dump


def load(file: object, tenant: Tenant) -> Ran:
    return manage("loaddata", "--tenant", tenant.slug, file)


class TestACopy:
    def test_is_row_by_row_the_same_and_audits_clean(self, planted, other, dump):
        ran = load(dump(), other)

        assert ran.code == 0
        assert rows(other) == rows(planted)
        assert list(audit.breaks_of(other)) == []

    def test_is_loaded_whatever_user_another_tenant_names(self, planted, other, dump):
        with acting_for(TenantFactory(), actor=uuid4()):  # nobody, in a history of another tenant
            Movement.objects.deposit(BudgetFactory(), 5)

        assert load(dump(), other).code == 0

    def test_goes_on_by_itself(self, planted, other, dump):
        load(dump(), other)

        with acting_for(other):
            movement = Movement.objects.deposit(Budget.objects.get(), 5)

        with acting_for(planted):
            assert Movement.objects.count() == 2
        assert movement.seq == 3

    def test_does_not_hold_or_name_another_tenant(self, planted, other):
        with acting_for(other):
            BucketFactory(name="Theirs alone")

        ran = manage("dumpdata", "--tenant", planted.slug)

        dumped = {row["pk"] for row in json.loads(ran.out) if row["model"] != "tenants.change"}
        expected = {str(row["id"]) for found in rows(planted).values() for row in found}
        assert dumped == expected
        assert "Theirs alone" not in ran.out
        assert str(planted.pk) not in ran.out

    def test_of_some_models_holds_those(self, planted):
        ran = manage("dumpdata", "--tenant", planted.slug, "budgets", "-e", "budgets.Entry")

        models = {row["model"].split(".")[1] for row in json.loads(ran.out)}
        assert models == {"budget", "bucket", "bucketversion", "movement"}

    def test_of_an_empty_tenant_is_empty(self, other):
        assert json.loads(manage("dumpdata", "--tenant", other.slug).out) == []


class TestWithoutATenant:
    @pytest.mark.parametrize(
        "labels",
        [(), ("budgets",), ("budgets.Movement",), ("auth", "tenants"), ("tenants.Tenant",)],
    )
    def test_dumping_a_tenants_rows_is_refused(self, committed, labels):
        manage("dumpdata", *labels).assert_refused("needs_tenant", "--tenant SLUG")

    def test_an_app_without_models_is_dumped_as_nothing(self, committed):
        ran = manage("dumpdata", "messages")

        assert (ran.code, ran.json) == (0, [])

    def test_loading_a_tenants_rows_is_refused(self, planted, other, dump):
        before = rows(planted)

        ran = manage("loaddata", dump())

        ran.assert_refused("needs_tenant", "--tenant SLUG")
        assert rows(planted) == before
        assert not any(rows(other).values())

    def test_global_models_go_out_and_in(self, committed, tmp_path, unique):
        Group.objects.create(name=unique)
        file = tmp_path / "groups.json"

        assert manage("dumpdata", "auth.Group", "tenants.User", "-o", file).code == 0
        Group.objects.filter(name=unique).delete()
        assert manage("loaddata", file).code == 0

        assert Group.objects.filter(name=unique).exists()

    @pytest.mark.parametrize("label", ["auth.Group", "tenants.User", "tenants.Tenant"])
    def test_a_global_model_is_refused_with_one(self, tenant, label):
        ran = manage("dumpdata", "--tenant", tenant.slug, label)

        ran.assert_refused("not_a_tenants", label)


def set_in(model: str, **fields: object) -> Any:
    """Change fields of the first row of a model."""

    def change(listed: list[dict[str, Any]]) -> None:
        [row, *_] = (row for row in listed if row["model"] == f"budgets.{model}")
        row["fields"] |= fields

    return change


def without(model: str) -> Any:
    """Leave out a model's first row."""

    def change(listed: list[dict[str, Any]]) -> None:
        listed.remove(next(row for row in listed if row["model"] == f"budgets.{model}"))

    return change


class TestABadFixture:
    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (set_in("entry", amount=1), "budgets_entry_adds_up"),
            (set_in("movement", amount=501, net_amount=501), "not 2 of 501"),
            (set_in("bucket", balance=5), "stands at 5"),
            (set_in("budget", currency="eur"), "budgets_budget_currency"),
            (set_in("budget", nonsense=1), "no field named 'nonsense'"),
            (set_in("budget", deposited="much"), "“much”"),
            (set_in("bucket", balance=2**63), "balance: Ensure this value is less than"),
            (without("entry"), "entries"),
            (without("budget"), "foreign key"),
            (lambda listed: listed.append(1), "int"),
            (lambda listed: listed[0].update(model="no.such"), "no.such"),
            (lambda listed: listed[0].update(pk="no id"), "no id"),
        ],
    )
    def test_is_one_clear_line_and_writes_nothing(self, other, dump, change, says):
        ran = load(dump(change), other)

        ran.assert_refused("bad_fixture", says, "nothing was loaded")
        assert not any(rows(other).values())

    def test_cannot_name_another_tenant(self, planted, other, dump):
        third = TenantFactory()
        file = dump(lambda listed: [row["fields"].update(tenant=str(third.pk)) for row in listed])

        ran = load(file, other)

        ran.assert_refused("bad_fixture", "belongs to another tenant")
        assert not any(rows(third).values())
        assert not any(rows(other).values())

    def test_does_not_write_over_what_is_there(self, planted, other, dump):
        load(dump(), other)
        before = rows(other)

        ran = load(dump(set_in("budget", name="Renamed")), other)

        ran.assert_refused("fixture_differs", "Renamed")
        assert rows(other) == before

    @pytest.mark.parametrize("content", ["", "{", "nonsense", "\0"])
    def test_may_be_no_json(self, tenant, tmp_path, content):
        file = tmp_path / "bad.json"
        file.write_text(content)

        load(file, tenant).assert_refused("bad_fixture", "bad.json")

    def test_may_be_missing(self, tenant, tmp_path):
        load(tmp_path / "absent.json", tenant).assert_refused("bad_fixture", "absent")

    def test_so_may_its_tenant(self, dump, unique):
        file = dump()

        for command in ("dumpdata", "loaddata"):
            ran = manage(command, "--tenant", unique, *([file] if command == "loaddata" else []))
            ran.assert_refused("unknown_tenant", unique)
