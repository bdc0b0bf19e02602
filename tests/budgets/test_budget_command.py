"""`manage.py budget`: found budgets, add buckets, look at balances."""

import pytest

from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tests.command_line import Ran, manage
from tests.factories import BudgetFactory


@pytest.fixture
def household(tenant) -> Budget:
    """A budget in EUR; no block is open."""
    with acting_for(tenant):
        return BudgetFactory(name="Household")


@pytest.fixture
def add(tenant, household):
    def run(*words: object) -> Ran:
        return manage("budget", "add", "--tenant", tenant.slug, "--budget", "Household", *words)

    return run


class TestCreate:
    @pytest.mark.parametrize(("said", "kept"), [("EUR", ("EUR", 2)), ("jpy", ("JPY", 0))])
    def test_founds_a_budget(self, tenant, said, kept):
        words = ("--tenant", tenant.slug, "--name", "Household", "--currency", said)

        answer = manage("budget", "create", *words, "--json").json

        with acting_for(tenant):
            budget = Budget.objects.get()
        assert (budget.currency, budget.exponent) == kept
        assert answer == {"name": "Household", "currency": kept[0], "id": str(budget.pk)}

    def test_shows_it(self, tenant):
        words = ("--tenant", tenant.slug, "--name", "Household", "--currency", "KWD")

        ran = manage("budget", "create", *words)

        assert ran.out.startswith("Household (KWD)")
        assert "KWD0.000" in ran.out

    @pytest.mark.parametrize(
        ("name", "currency", "code"),
        [
            ("household", "EUR", "bad_rule"),
            (" ", "EUR", "bad_rule"),
            ("x" * 256, "EUR", "bad_rule"),
            ("Other", "XYZ", "unknown_currency"),
            ("Other", "", "unknown_currency"),
        ],
    )
    def test_refuses_a_bad_name_or_currency(self, tenant, household, name, currency, code):
        words = ("--tenant", tenant.slug, "--name", name, "--currency", currency)

        ran = manage("budget", "create", *words)

        ran.assert_refused(code)
        with acting_for(tenant):
            assert Budget.objects.get() == household

    def test_refuses_a_tenant_there_is_not(self, committed, unique):
        for words in (("create", "--name", "x", "--currency", "EUR"), ("list",)):
            manage("budget", *words, "--tenant", unique).assert_refused("unknown_tenant", unique)


class TestAdd:
    @pytest.mark.parametrize(
        ("words", "filter", "hold", "target"),
        [
            (("--filter", "100"), Claim(flat=100_00), None, None),
            (("--filter", "1,000.50 EUR"), Claim(flat=1000_50), None, None),
            (("--filter", "0"), Claim(), None, None),
            (("--filter", "33.3333%"), Claim(share=333_333), None, None),
            (("--filter", "100 %"), Claim(share=1_000_000), None, None),
            (("--filter", "1", "--hold", "725"), Claim(flat=1_00), Claim(flat=725_00), None),
            (("--filter", "1", "--hold", "5%"), Claim(flat=1_00), Claim(share=50_000), None),
            (("--filter", "1", "--target", "3000"), Claim(flat=1_00), None, 3000_00),
            (("--filter", "1", "--target", "0"), Claim(flat=1_00), None, 0),
        ],
    )
    def test_adds_a_bucket_with_these_rules(self, tenant, add, words, filter, hold, target):
        ran = add("Rent", *words)

        assert ran.code == 0
        with acting_for(tenant):
            bucket = Bucket.objects.get(name="Rent")
        assert (bucket.filter, bucket.hold, bucket.target) == (filter, hold, target)

    def test_adds_last_or_where_it_is_told(self, tenant, add):
        add("a", "--filter", "1", "--priority", "5")
        add("b", "--filter", "1")
        add("c", "--filter", "1", "--priority", "0", "--locked")

        with acting_for(tenant):
            rows = Bucket.objects.envelopes().values_list("name", "priority", "locked")
            assert list(rows) == [("c", 0, True), ("a", 5, False), ("b", 6, False)]

    def test_a_repeated_key_adds_nothing(self, tenant, add):
        for _ in range(2):
            ran = add("Rent", "--filter", "1", "--key", "k", "--json")

        assert [row["bucket"] for row in ran.json] == ["Rent", "Money"]
        add("Rent", "--filter", "2", "--key", "k").assert_refused("key_reused")

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("money", "--filter", "1"), "bad_rule"),
            (("", "--filter", "1"), "bad_rule"),
            (("Rent", "--filter", "-1"), "bad_amount"),
            (("Rent", "--filter", "1.005"), "bad_amount"),
            (("Rent", "--filter", "five"), "bad_amount"),
            (("Rent", "--filter", "1 USD"), "wrong_currency"),
            (("Rent", "--filter=-1%"), "bad_rule"),
            (("Rent", "--filter", "101%"), "bad_rule"),
            (("Rent", "--filter", "33.33333%"), "bad_rule"),
            (("Rent", "--filter", "%"), "bad_rule"),
            (("Rent", "--filter", "1", "--hold", "-1"), "bad_amount"),
            (("Rent", "--filter", "1", "--target", "-1"), "bad_amount"),
            (("Rent", "--filter", "1", "--target", "10^19"), "bad_amount"),
            (("Rent", "--filter", "1", "--priority", "-1"), "bad_rule"),
            (("Rent", "--filter", "1", "--priority", "9999999999"), "value_refused"),
        ],
    )
    def test_refuses_a_bad_rule(self, tenant, add, words, code):
        ran = add(*words)

        ran.assert_refused(code)
        with acting_for(tenant):
            assert not Bucket.objects.envelopes().exists()

    def test_refuses_a_priority_that_is_taken(self, add):
        add("Rent", "--filter", "1", "--priority", "3")

        ran = add("Fun", "--filter", "1", "--priority", "3")

        ran.assert_refused("bad_rule", "Fun", "priority")

    def test_refuses_a_budget_there_is_not(self, tenant):
        words = ("--tenant", tenant.slug, "--budget", "Nowhere", "Rent", "--filter", "1")

        manage("budget", "add", *words).assert_refused("unknown_budget", "'Nowhere'")


class TestShow:
    @pytest.fixture
    def show(self, tenant, add):
        add("Rent", "--filter", "100", "--hold", "20%", "--target", "200")
        add("Nothing more", "--filter", "50%", "--target", "0")
        add("Locked", "--filter", "5%", "--target", "10", "--locked")
        with acting_for(tenant):
            Movement.objects.deposit(Budget.objects.get(), 150_00)

        def run(*words: object) -> Ran:
            return manage(
                "budget", "show", "--tenant", tenant.slug, "--budget", "Household", *words
            )

        return run

    def test_says_what_each_bucket_holds_in_order(self, show):
        held = [(row["bucket"], row["balance_minor"], row["state"]) for row in show("--json").json]

        assert held == [
            ("Rent", 100_00, "active"),
            ("Nothing more", 0, "full"),
            ("Locked", 0, "locked"),
            ("Money", 50_00, "active"),
        ]

    def test_draws_how_full_it_is(self, show):
        lines = show().out.splitlines()

        [rent] = [line for line in lines if "Rent" in line]
        assert "€100.00, at least 20 %" in rent
        assert "│ €100.00 │ €200.00 │ ██████████░░░░░░░░░░  50 %" in rent
        assert [line for line in lines if "Nothing more" in line and "100 %" in line]
        assert [line for line in lines if "Locked" in line and "  0 % locked" in line]


class TestList:
    def test_lists_the_budgets_of_the_tenant_alone(self, tenant, other, household):
        with acting_for(tenant):
            yen = BudgetFactory(name="Allotment", currency="JPY")
        with acting_for(other):
            BudgetFactory(name="Elsewhere")

        rows = manage("budget", "list", "--tenant", tenant.slug, "--json").json

        assert rows == [
            {"name": "Allotment", "currency": "JPY", "id": str(yen.pk)},
            {"name": "Household", "currency": "EUR", "id": str(household.pk)},
        ]

    def test_prints_them_as_a_table(self, tenant, household):
        ran = manage("budget", "list", "--tenant", tenant.slug)

        assert [line for line in ran.out.splitlines() if "Household │ EUR" in line]
        assert str(household.pk) in ran.out
