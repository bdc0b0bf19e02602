"""A fixture of a tenant is whole: every model out, and all rows in, or none of them."""

import bz2
import gzip
import io
import json
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group
from django.db import connections
from django.utils import timezone

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement
from examples.forms.models import Submission
from tenants.context import acting_for
from tenants.managers.base import TenantQuerySet
from tenants.models import Change, Membership, Tenant, User
from tenants.postgres.base import as_owner
from tenants.schema.fields import secrets_of
from tests.command_line import Ran, manage
from tests.factories import BucketFactory, BudgetFactory, TenantFactory, UserFactory
from tests.rows import MODELS, Side
from tests.server import lead_to, scratch_database

pytestmark = pytest.mark.usefixtures("own_database")

type Rows = list[dict[str, Any]]
type Dump = Callable[..., Path]

LABELS = {model._meta.label_lower for model in MODELS}


def live_through(tenant: Tenant) -> None:
    """A row of every model; and what was closed, archived, undone and marked deleted."""
    rows = Side.of(tenant).rows
    with acting_for(tenant, actor=rows[Membership].user_id):
        budget = rows[Budget]
        gone = BucketFactory(budget=budget, name="Gone", filter=Claim(flat=100))
        Movement.objects.deposit_into(gone, 70, key="k", metadata={"ü": [1, None, 0.1]}, memo="m")
        Bucket.objects.close(gone, Disposition.CASCADE)
        archived = BudgetFactory(name="Archived")
        Movement.objects.deposit(archived, 500)
        Budget.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
        rows[Submission].delete()


@pytest.fixture(scope="module")
def original(own_database, django_db_setup, django_db_blocker) -> tuple[Tenant, Rows]:
    """A tenant with some of everything, and its dump; no test changes either."""
    with django_db_blocker.unblock():
        tenant = TenantFactory()
        live_through(tenant)
        return tenant, dumped(tenant)


@pytest.fixture
def lived(original, committed) -> Tenant:
    """The tenant with some of everything."""
    tenant: Tenant = original[0]
    return tenant


@pytest.fixture
def rows(original) -> Rows:
    """Its dump, for the test to change."""
    return deepcopy(original[1])


@pytest.fixture
def copy(rows, empty, write) -> Tenant:
    """Another tenant, with the same rows."""
    assert load(write(rows), empty).code == 0
    return empty


@pytest.fixture
def empty(committed) -> Tenant:
    """A tenant with nothing."""
    return TenantFactory()


def dumped(tenant: Tenant, *words: object) -> Rows:
    """What `dumpdata --tenant` says."""
    rows: Rows = manage("dumpdata", "--tenant", tenant.slug, *words).json
    return rows


def load(file: object, tenant: Tenant, *words: object) -> Ran:
    return manage("loaddata", "--tenant", tenant.slug, *words, file)


def state(tenant: Tenant) -> dict[str, Any]:
    """Every row of a tenant, whole, but for its id and for secrets."""
    with acting_for(tenant):
        return {
            model.__name__: [
                row | dict.fromkeys(["tenant_id", *secrets_of(model)])
                for row in model._base_manager.order_by("pk").values()
            ]
            for model in MODELS
        }


@pytest.fixture
def write(tmp_path: Path) -> Dump:
    """Write rows to a file."""

    def write(rows: object) -> Path:
        file = tmp_path / "fixture.json"
        file.write_text(json.dumps(rows), encoding="utf-8")
        return file

    return write


class TestADump:
    def test_has_a_row_of_every_tenants_model(self, rows):
        assert {row["model"] for row in rows} == LABELS

    def test_has_every_row_but_what_is_told_of_the_tenant_itself(self, lived, rows):
        before = state(lived)
        before["Change"] = [r for r in before["Change"] if r["model"] != "tenants.tenant"]

        assert len(rows) == sum(map(len, before.values()))
        assert str(lived.pk) not in json.dumps(rows)

    @pytest.mark.parametrize("label", ["tenants.user", "tenants.Tenant", "auth"])
    def test_of_what_is_no_tenants_is_refused_whatever_its_case(self, lived, label):
        ran = manage("dumpdata", "--tenant", lived.slug, "budgets", label)

        ran.assert_refused("not_a_tenants", label)

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("nosuch",), "nosuch"),
            (("budgets.Nosuch",), "budgets.Nosuch"),
            (("--format", "nosuch"), "nosuch"),
            (("--format", "xml"), "json, jsonl, yaml"),
            (("--pks", "1"), "one model"),
            (("-o", "/nowhere/at/all.json"), "/nowhere/at/all.json"),
        ],
    )
    def test_asked_for_badly_is_one_line(self, lived, words, says):
        ran = manage("dumpdata", "--tenant", lived.slug, *words)

        ran.assert_refused("bad_fixture", says)

    def test_of_one_row_is_that_row(self, lived, rows):
        [pk, *_] = [row["pk"] for row in rows if row["model"] == "budgets.budget"]

        found = dumped(lived, "budgets.budget", "--pks", pk)

        assert [row["pk"] for row in found] == [pk]

    def test_is_of_one_moment(self, copy, rows, monkeypatch):
        """A deposit that is made while it is written is in none of its rows."""
        rows_of = TenantQuerySet.dumped

        def interrupted(self: Any, *args: Any) -> Any:
            if self.model is Bucket:
                thread = Thread(target=deposit, args=(copy,))
                thread.start()
                thread.join()
            return rows_of(self, *args)

        monkeypatch.setattr(TenantQuerySet, "dumped", interrupted)

        found = dumped(copy)

        monkeypatch.undo()
        assert found == rows
        assert dumped(copy) != rows


def deposit(tenant: Tenant) -> None:
    """Move some money."""
    with acting_for(tenant):
        Movement.objects.deposit(Budget.objects.order_by("pk")[0], 5)
    connections["default"].close()


class TestACopy:
    def test_is_the_same_to_the_microsecond_and_audits_clean(self, lived, rows, empty, write):
        ran = load(write(rows), empty)

        assert (ran.code, ran.err) == (0, "")
        installed, without = ran.out.splitlines()
        assert installed == f"Installed {len(rows)} object(s) from 1 fixture(s)"
        assert without.startswith("1 tenants.Invitation without token_hash")
        copied, original = state(empty), state(lived)
        for found in (copied, original):
            found["Change"] = [row for row in found["Change"] if row["model"] != "tenants.tenant"]
        assert copied == original
        assert dumped(empty) == rows
        assert list(audit.breaks_of(empty)) == []

    def test_loaded_again_has_nothing_to_do(self, lived, rows, copy, write):
        before = state(copy)

        again, into_itself = load(write(rows), copy), load(write(rows), lived)

        line = f"Nothing to do: all {len(rows)} object(s) exist already\n"
        assert (again.code, again.err, again.out) == (0, "", line)
        assert (into_itself.code, into_itself.out) == (0, line)
        assert state(copy) == before

    def test_can_come_in_any_order(self, rows, empty, write):
        ran = load(write(rows[::-1]), empty)

        assert ran.code == 0
        assert dumped(empty) == rows

    def test_of_an_empty_tenant_has_nothing_to_do(self, empty, write):
        rows = dumped(empty)

        ran = load(write(rows), empty)

        assert rows == []
        assert (ran.code, ran.err) == (0, "")
        assert "Nothing to do" in ran.out

    def test_takes_what_is_missing_and_leaves_what_is_there(self, rows, empty, write):
        shop = [row for row in rows if row["model"].startswith("shop.")]
        load(write(shop), empty)

        ran = load(write(rows), empty)

        assert (ran.code, ran.err) == (0, "")
        assert f"{len(shop)} existed already" in ran.out

    @pytest.mark.parametrize("suffix", ["jsonl", "yaml", "json.gz", "json.bz2", "json.xz"])
    def test_goes_through_files_of_each_kind(self, lived, rows, empty, tmp_path, suffix):
        file = tmp_path / f"dump.{suffix}"

        out = manage(
            *("dumpdata", "--tenant", lived.slug, "shop", "tenants", "-o", file),
            *("--format", suffix.split(".")[0]),
        )
        ran = load(file, empty)

        assert (out.code, out.out, ran.code) == (0, "", 0)
        assert (file.read_bytes()[:1] in b"[{-") == ("." not in suffix)
        wanted = [row for row in rows if row["model"].split(".")[0] in ("shop", "tenants")]
        assert dumped(empty) == wanted

    def test_goes_through_a_pipe(self, rows, empty, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(rows)))

        ran = load("-", empty, "--format", "json")

        assert ran.code == 0
        assert dumped(empty) == rows

    def test_may_leave_models_out(self, rows, empty, write):
        ran = load(write(rows), empty, "-e", "budgets", "-e", "shop.Item")

        assert ran.code == 0
        left_out = {label for label in LABELS if label.startswith("budgets.")} | {"shop.item"}
        assert {row["model"] for row in dumped(empty)} == LABELS - left_out


class TestTheHistory:
    def test_of_a_copy_is_the_fixtures_alone(self, copy):
        with acting_for(copy):
            assert not Change.objects.filter(request_id__startswith="manage.py loaddata").exists()

    def test_tells_of_the_load_where_the_fixture_has_none(self, rows, empty, write):
        load(write([row for row in rows if row["model"] != "tenants.change"]), empty)

        with acting_for(empty):
            told = Change.objects.filter(model="budgets.budget")
            assert set(told.values_list("verb", flat=True)) == {"insert"}
            assert len(set(told.values_list("request_id", flat=True))) == 1


class TestADifference:
    def test_is_refused_and_the_first_one_is_named(self, lived, rows, write):
        [first, *_] = [row for row in rows if row["model"] == "budgets.budget"]
        was, before = first["fields"]["name"], state(lived)
        first["fields"]["name"] = "Renamed"

        ran = load(write(rows), lived)

        wrong = f"budgets.Budget {first['pk']}: its name is 'Renamed' in the fixture and '{was}'"
        ran.assert_refused("fixture_differs", wrong, "nothing was loaded")
        assert state(lived) == before

    def test_is_what_has_happened_since(self, rows, copy, write):
        deposit(copy)
        before = state(copy)

        ran = load(write(rows), copy)

        ran.assert_refused("fixture_differs", "budgets.Budget", "nothing was loaded")
        assert state(copy) == before

    def test_of_a_model_that_app_may_update_is_one_too(self, lived, rows, write):
        [product] = [row for row in rows if row["model"] == "shop.product"]
        product["fields"]["price"] = 1

        ran = load(write([product]), lived)

        ran.assert_refused("fixture_differs", "its price is '1' in the fixture and '450' here")


class TestWhateverAppMayInsert:
    @pytest.fixture
    def revoked(self, committed):
        """Role app may not insert movements."""
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("REVOKE INSERT ON budgets_movement FROM app")
        yield
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute("GRANT INSERT ON budgets_movement TO app")

    @pytest.fixture
    def told(self, rows) -> Rows:
        """The dump, without the history: that is never app's to insert."""
        return [row for row in rows if row["model"] != "tenants.change"]

    def test_the_dump_is_the_same_and_goes_in_whole(self, lived, rows, told, empty, write, revoked):
        ran = load(write(told), empty)

        assert (ran.code, ran.err) == (0, "")
        assert dumped(empty, "-e", "tenants.Change") == told
        assert dumped(lived) == rows

    def test_without_an_owner_to_log_in_as_none_of_it_goes_in(
        self, told, empty, write, revoked, settings
    ):
        before = state(empty)
        settings.OWNER_DATABASE = None

        ran = load(write(told), empty)

        ran.assert_refused("store_error", "OWNER_DATABASE_URL")
        assert state(empty) == before

    def test_app_loads_what_it_may_insert_without_an_owner(self, told, empty, write, settings):
        settings.OWNER_DATABASE = None

        assert load(write(told), empty).code == 0

    def test_no_other_login_stays(self, copy):
        with acting_for(copy), connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("app",)


def a(model: str, pk: object, **fields: object) -> dict[str, Any]:
    """A row of a fixture."""
    return {"model": model, "pk": pk, "fields": fields}


ID = "01900000-0000-7000-8000-000000000001"


class TestWhatIsNoTenants:
    @pytest.mark.parametrize(
        "row",
        [
            a("tenants.user", ID, email="eve@example.com", is_superuser=True, is_staff=True),
            a("tenants.tenant", ID, slug="mine", name="Mine", plan="basic"),
            a("tenants.tenantslug", "mine"),
            a("auth.group", 77, name="Everybody"),
            a("tenants.systemsettings", None),
        ],
        ids=lambda row: row["model"],
    )
    def test_is_refused_and_so_is_all_that_comes_with_it(self, rows, empty, write, row):
        before = state(empty)

        ran = load(write([*rows, row]), empty)

        ran.assert_refused("not_a_tenants")
        assert ("`tenant create`" in ran.err) == (row["model"] == "tenants.tenant")
        assert state(empty) == before
        assert not User.objects.filter(email="eve@example.com").exists()
        assert not Group.objects.filter(name="Everybody").exists()

    def test_is_another_tenants(self, lived, rows, empty, write):
        rows[-1]["fields"]["tenant"] = str(lived.pk)

        ran = load(write(rows), empty)

        ran.assert_refused("bad_fixture", rows[-1]["pk"], "belongs to another tenant")


class TestAFixtureThatIsWrong:
    def test_names_a_row_twice(self, rows, empty, write):
        ran = load(write([*rows, rows[0]]), empty)

        ran.assert_refused("bad_fixture", rows[0]["pk"], "twice", "nothing was loaded")

    def test_has_rows_that_point_at_each_other(self, rows, empty, write):
        one, two, *_ = (row for row in rows if row["model"] == "budgets.movement")
        one["fields"]["reverses"], two["fields"]["reverses"] = two["pk"], one["pk"]

        load(write(rows), empty).assert_refused(
            "bad_fixture", "in a cycle: budgets.Movement", " -> "
        )

    def test_is_found_by_the_audit_before_it_counts(self, rows, empty, write):
        for row in rows:
            if row["model"] == "budgets.movement" and row["fields"]["seq"] == 2:
                row["fields"]["recorded_at"] = "1999-01-01T00:00:00Z"  # PostgreSQL has no say
        before = state(empty)

        ran = load(write(rows), empty)

        ran.assert_refused("bad_fixture", "the audit found: I10", "nothing was loaded")
        assert state(empty) == before

    def test_is_not_let_in_by_a_suspended_tenant(self, rows, empty, write):
        Tenant.objects.suspend(empty)

        load(write(rows), empty).assert_refused("tenant_suspended")

    @pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zip"])
    def test_may_be_broken_off_or_never_compressed(self, lived, tmp_path, suffix):
        file = tmp_path / f"dump.json.{suffix}"
        for content in (b"[]", bz2.compress(b"[]")[:-3], gzip.compress(b"[]")[:-3]):
            file.write_bytes(content)

            load(file, lived).assert_refused("bad_fixture", "nothing was loaded")

    def test_may_be_a_folder(self, lived, tmp_path):
        (tmp_path / "dump.json").mkdir()

        load(tmp_path / "dump.json", lived).assert_refused("bad_fixture", "nothing was loaded")

    def test_needs_a_format_from_a_pipe(self, lived):
        load("-", lived).assert_refused("bad_fixture", "--format")


class TestAnotherDatabase:
    @pytest.fixture
    def users(self, rows, committed, tmp_path, own_database) -> Iterator[Path]:
        """A dump of the users; then another database, with none of them."""
        users = tmp_path / "users.json"
        User.objects.create_user("hashed@example.com", "a secret of mine")
        manage("dumpdata", "tenants.User", "-o", users)
        with scratch_database(f"{own_database}_copy", migrated=True) as elsewhere:
            lead_to(elsewhere)
            yield users
            lead_to(own_database)

    def test_takes_a_tenant_once_its_users_are_there(self, rows, users, write):
        empty = TenantFactory()

        too_early = load(write(rows), empty)
        assert manage("loaddata", users).code == 0
        ran = load(write(rows), empty)

        too_early.assert_refused("bad_fixture", "its user", "tenants.User", "nothing was loaded")
        assert (ran.code, ran.err) == (0, "")
        assert dumped(empty) == rows
        assert list(audit.breaks_of(empty)) == []
        assert authenticate(username="hashed@example.com", password="a secret of mine")


def test_users_are_found_by_their_address_if_the_dump_names_them_so(empty, write, unique):
    user = UserFactory(email=f"{unique}@example.com")
    with acting_for(empty):
        Membership.objects.join(user, "owner")
    rows = dumped(empty, "--natural-foreign", "tenants.Membership")
    assert rows[0]["fields"]["user"] == [user.email]
    other = TenantFactory()

    ran = load(write(rows), other)
    rows[0]["fields"]["user"] = ["nobody@example.com"]
    refused = load(write(rows), TenantFactory())

    assert ran.code == 0
    assert state(other)["Membership"] == state(empty)["Membership"]
    refused.assert_refused("bad_fixture", "its user", "nobody@example.com")
