"""The examples are installed where they should be, and a database can do without them."""

import runpy
import shutil

import pytest

from examples.forms.models import Form, Organization, Submission
from tenants.context import acting_for
from tenants.models import Membership, Tenant
from tests.command_line import ROOT, app_url, in_a_process, manage, owner_config, url_of
from tests.factories import MembershipFactory, TenantFactory
from tests.rows import Side
from tests.server import lead_to, scratch_database

SAFE = {
    "SECRET_KEY": "x" * 20 + "-a-key-of-fifty-characters-or-more-" + "y" * 20,
    "ALLOWED_HOSTS": "sluice.example.org",
    "DATABASE_URL": "postgresql://app@/sluice?host=/run/postgresql",
}
"""What every environment starts with."""


@pytest.mark.parametrize(
    ("environment", "asked", "installed"),
    [
        ("development", None, True),
        ("development", "false", False),
        ("staging", None, False),
        ("staging", "true", True),
        ("production", None, False),
        ("production", "", False),
        ("production", "0", False),
        ("production", "true", True),
        ("production", "1", True),
    ],
)
def test_they_are_installed_in_development_and_where_a_setting_asks(
    environment, asked, installed, monkeypatch, tmp_path
):
    for name, value in {**SAFE, "ENVIRONMENT": environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EXAMPLES", raising=False)
    if asked is not None:
        monkeypatch.setenv("EXAMPLES", asked)
    (tmp_path / "config").mkdir()
    copied = shutil.copy(ROOT / "config" / "settings.py", tmp_path / "config")  # beside no .env

    apps = runpy.run_path(copied)["INSTALLED_APPS"]

    found = [app for app in apps if app.startswith("examples.")]
    assert found == (["examples.forms", "examples.shop"] if installed else [])


class TestADatabaseThatHasThemOpenedWithoutThem:
    """As `ENVIRONMENT=staging` does by itself."""

    @pytest.fixture
    def side(self, committed) -> Side:
        """A tenant with a row of each model, theirs included."""
        return Side.of(TenantFactory())

    @pytest.fixture
    def without(self):
        """Run a command without the examples."""
        env = {**SAFE, "ENVIRONMENT": "staging", "DATABASE_URL": app_url()}
        owner = url_of(owner_config())
        return lambda *words: in_a_process(*words, env={**env, "OWNER_DATABASE_URL": owner})

    def test_has_nothing_to_migrate(self, side, without):
        ran = without("migrate", "--no-color")

        assert (ran.code, ran.err) == (0, "")
        assert "Apply all migrations: admin, auth, budgets, contenttypes, tenants\n" in ran.out
        assert "No migrations to apply." in ran.out

    def test_is_warned_of_what_they_left_and_told_what_to_do(self, side, without):
        ran = without("check", "--database", "default")

        assert ran.code == 0
        assert "ERRORS" not in ran.err
        for name in ("shop_order_words", "shop_product_metadata", "shop_product_search"):
            assert f"(tenants.W017) the function {name}(" in ran.err
        assert "migrate APP zero" in ran.err

    def test_is_audited_as_if_they_were_not_there(self, side, without):
        ran = without("audit", "--tenant", side.tenant.slug)

        assert ran.code == 0
        assert "every invariant holds" in ran.out

    def test_dumps_what_is_left(self, side, without):
        ran = without("dumpdata", "--tenant", side.tenant.slug)

        assert ran.code == 0
        assert {row["model"].split(".")[0] for row in ran.json} <= {"tenants", "budgets"}

    def test_purges_what_is_left_and_nothing_of_theirs(self, side, without):
        with acting_for(side.tenant):
            for model in (Membership, Submission):
                made = MembershipFactory() if model is Membership else side.rows[Submission]
                made.delete()

        ran = without(
            *("purge_deleted", "--tenant", side.tenant.slug, "--days", "0", "--apply", "--json")
        )

        assert {row["model"]: row["rows"] for row in ran.json["rows"]} == {"tenants.Membership": 1}
        with acting_for(side.tenant):
            assert Submission.all_objects.deleted().count() == 1

    def test_refuses_their_seeds_and_their_rows(self, side, without, tmp_path):
        file = tmp_path / "dump.json"
        manage("dumpdata", "--tenant", side.tenant.slug, "shop", "-o", file)

        seeded = without("seed", "examples")
        loaded = without("loaddata", "--tenant", side.tenant.slug, file)

        seeded.assert_refused("not_here", "EXAMPLES=true")
        loaded.assert_refused("bad_fixture", "shop.category", "nothing was loaded")


class TestADatabaseWithoutThemOpenedWithThem:
    """As a production that switches them on later."""

    @pytest.fixture
    def production(self, committed, own_database):
        """Run a command in production, on a database that never had them."""
        with scratch_database(f"{own_database}_off", migrated=True) as name:
            lead_to(name)
            for app in ("forms", "shop"):
                assert manage("migrate", app, "zero", "--verbosity", "0").code == 0
            env = {**SAFE, "ENVIRONMENT": "production", "EXAMPLES": "1", "DATABASE_URL": app_url()}
            owner = url_of(owner_config())
            yield lambda *words: in_a_process(*words, env={**env, "OWNER_DATABASE_URL": owner})
            lead_to(own_database)

    @pytest.mark.slow
    def test_migrates_and_plants_them_and_goes_on_as_before(self, production):
        migrated = production("migrate", "--verbosity", "0")
        seeded = production("seed", "examples")

        assert (migrated.code, migrated.err, seeded.code, seeded.err) == (0, "", 0, "")
        assert manage("seed", "examples").out == seeded.out
        assert ("tidewater" in seeded.out, "teahouse" in seeded.out) == (True, True)
        with acting_for(Tenant.objects.id_of("tidewater")):
            assert set(Organization.objects.values_list("name", flat=True)) == {
                "Harbour Clinic",
                "Sailing School",
            }
            assert Form.objects.count() == 3
        assert manage("check", "--database", "default").code == 0
        assert manage("audit").code == 0


def test_with_them_the_database_has_no_faults(own_database, committed):
    ran = manage("check", "--database", "default")

    assert (ran.code, "no issues" in ran.out + ran.err) == (0, True)
