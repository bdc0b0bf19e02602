"""The examples are installed where they should be, and a database can do without them."""

import runpy
import shutil

import pytest

from tests.command_line import ROOT, app_url, in_a_process, manage, owner_config, url_of
from tests.factories import TenantFactory
from tests.rows import Side

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
        ("production", "true", True),
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


def test_with_them_the_database_has_no_faults(own_database, committed):
    ran = manage("check", "--database", "default")

    assert (ran.code, "no issues" in ran.out + ran.err) == (0, True)
