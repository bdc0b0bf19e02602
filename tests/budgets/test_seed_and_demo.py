"""`manage.py seed` and `demo`: planted by everybody's verbs, and safe to repeat."""

import re
from collections import Counter

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group

from budgets.management import seeds
from budgets.management.commands import audit
from budgets.models import Bucket, Budget, Entry, Movement
from tenants.context import acting_for
from tenants.errors import UnknownTenant
from tenants.management.seeding import DEV_EMAIL, DEV_PASSWORD
from tenants.models import Membership, Tenant, User
from tests.command_line import manage


def garden(slug: str) -> dict[str, object]:
    """All that a tenant has, in a form to compare."""
    with acting_for(Tenant.objects.id_of(slug)):
        return {
            "members": Counter(Membership.objects.values_list("user", "role")),
            "budgets": list(Budget.objects.values().order_by("pk")),
            "buckets": list(Bucket.objects.values().order_by("pk")),
            "entries": list(Entry.objects.values().order_by("pk")),
        }


def tenants() -> set[str]:
    return {row["slug"] for row in manage("tenant", "list", "--json").json}


class TestSeed:
    def test_dev_plants_users_tenants_budgets_and_history(self, committed):
        ran = manage("seed", "dev")

        assert ran.code == 0
        assert ran.out.splitlines()[2:4] == [
            "tenant tierney: budget Household (EUR)",
            "tenant morgenrot: budget Bakery (CHF)",
        ]
        with acting_for(Tenant.objects.id_of("tierney")):
            assert Budget.objects.get_by_name("Household").buckets.envelopes().count() == 8
            history = Movement.objects.filter(key__startswith="seed-")
            memos = set(history.values_list("memo", flat=True))
            assert memos == {"Opening balance", "Birthday money"}
            roles = dict(Membership.objects.values_list("user__email", "role"))
            assert roles == {"aoife@example.com": "owner", "max@example.com": "editor"}

    def test_a_household_has_a_bucket_of_every_kind(self, committed):
        manage("seed", "dev")

        with acting_for(Tenant.objects.id_of("tierney")):
            kinds = Budget.objects.get_by_name("Household").buckets.envelopes()
            assert kinds.filter(filter_flat__gt=0).exists()
            assert kinds.filter(filter_share__gt=0).exists()
            assert kinds.filter(hold_flat__gt=0).exists()
            assert kinds.filter(target__gt=0).exists()
            assert kinds.filter(target=None).exists()
            assert kinds.filter(locked=True).exists()

    def test_dev_makes_a_login_for_the_admin(self, committed):
        ran = manage("seed", "dev")

        user = authenticate(username=DEV_EMAIL, password=DEV_PASSWORD)
        assert isinstance(user, User)
        assert (user.is_staff, user.is_superuser) == (True, True)
        assert f"{DEV_EMAIL} / {DEV_PASSWORD}" in ran.out

    @pytest.mark.parametrize(("which", "slug"), [("dev", "tierney"), ("test", "test")])
    def test_repeating_a_seed_changes_nothing(self, committed, which, slug):
        manage("seed", which)
        before = garden(slug)

        ran = manage("seed", which)

        assert ran.code == 0
        assert garden(slug) == before

    def test_test_plants_a_member_of_every_role(self, committed):
        manage("seed", "test")

        with acting_for(Tenant.objects.id_of("test")):
            roles = set(Membership.objects.values_list("role", flat=True))
        assert roles == set(Membership.Role.values)

    def test_prod_plants_a_group_that_may_only_look_and_no_tenant(self, committed):
        before = tenants()

        for _ in range(2):
            answer = manage("seed", "prod", "--json").json

        group = Group.objects.get(name="Inspectors")
        codenames = set(group.permissions.values_list("codename", flat=True))
        assert {"view_movement", "view_user"} <= codenames
        assert {codename.split("_")[0] for codename in codenames} == {"view"}
        assert answer == {"planted": [f"group Inspectors: {len(codenames)} permissions to view"]}
        assert tenants() == before

    @pytest.mark.parametrize("which", ["dev", "test"])
    def test_production_takes_neither_play_money_nor_known_passwords(
        self, committed, settings, monkeypatch, unique, which
    ):
        seed = seeds.SeedBudget(unique, unique, (), "Budget", "EUR", ())
        monkeypatch.setattr(seeds, which.upper(), (seed,))
        settings.ENVIRONMENT = "production"

        ran = manage("seed", which)

        ran.assert_refused("not_here", which)
        with pytest.raises(UnknownTenant):
            Tenant.objects.id_of(unique)

    def test_production_takes_its_own(self, committed, settings):
        settings.ENVIRONMENT = "production"

        assert manage("seed", "prod").code == 0

    def test_knows_three_seeds(self):
        ran = manage("seed", "winter")

        assert ran.code == 2
        assert "'dev', 'test', 'prod'" in ran.err


@pytest.fixture(scope="module")
def demos(django_db_setup, django_db_blocker) -> list[str]:
    """What the demo prints, the first time and the second.

    Of all tenants there are it audits its own: those of the tests are many.
    """
    tenants_of = audit._tenants

    def own(slug: None) -> list[Tenant]:
        return [tenant for seed in seeds.DEV for tenant in tenants_of(seed.slug)]

    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "_tenants", own)
        manage("seed", "dev")
        runs = [manage("demo") for _ in range(2)]
    assert [run.code for run in runs] == [0, 0]
    return [run.out for run in runs]


class TestDemo:
    def test_imports_both_statements_once(self, demos):
        sums = [re.findall(r"^[\d,]+ lines: .*$", text, re.MULTILINE) for text in demos]

        assert sums == [
            [
                "192 lines: 35 new, 0 duplicate, 157 skipped; imported €68,914.69",
                "197 lines: 101 new, 0 duplicate, 96 skipped; imported CHF234,051.70",
            ],
            [
                "192 lines: 0 new, 35 duplicate, 157 skipped; imported €0.00",
                "197 lines: 0 new, 101 duplicate, 96 skipped; imported CHF0.00",
            ],
        ]

    def test_shows_three_deposits_with_a_reason_for_each_bucket(self, demos):
        for text in demos:
            tables = text.split("Three of the deposits")[1].split("Household (EUR)")[0]
            assert tables.count("┃ bucket ") == 3
            for reason in ("filter", "hold (more than", "locked", "unallocated"):
                assert reason in tables

    def test_shows_the_closing_balances_with_bars(self, demos):
        for text in demos:
            household, bakery = text.split("Household (EUR)")[1].split("Bakery (CHF)")
            assert "█" in household
            assert "█" in bakery

    def test_the_second_run_shows_the_same_deposits_and_balances(self, demos):
        first, second = (text.split("Three of the deposits")[1] for text in demos)

        assert first.split("Audit: check")[0] == second.split("Audit: check")[0]

    def test_audits_and_says_what_to_try_next(self, demos):
        for text in demos:
            audited, following = text.split("Audit: check")[1].split("Try next:")
            assert "every invariant holds" in audited
            assert len(following.strip().splitlines()) == 2
