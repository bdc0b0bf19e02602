"""`manage.py budget`: found budgets, rename and archive them, add buckets, look at balances."""

import pytest

from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for, run_for
from tenants.models import Change, Membership
from tests.command_line import Ran, manage
from tests.factories import BudgetFactory, MembershipFactory


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


class TestRenameArchiveAndBack:
    @pytest.fixture
    def ask(self, tenant, household):
        def run(verb: str, *words: object, budget: object = "household") -> Ran:
            return manage("budget", verb, *words, "--tenant", tenant.slug, "--budget", budget)

        return run

    @pytest.fixture
    def kept(self, tenant, household):
        """The budget as it is kept now."""

        def look() -> Budget:
            with acting_for(tenant):
                return Budget.objects.get(pk=household.pk)

        return look

    def test_rename_gives_it_another_name_and_shows_both(self, ask, kept):
        ran = ask("rename", "Home")

        assert kept().name == "Home"
        assert "Household → Home" in ran.out
        answer = ask("rename", "Abode", "--json", budget=kept().pk).json
        assert (answer["dry_run"], answer["repeated"]) == (False, False)
        assert (answer["before"]["name"], answer["after"]["name"]) == ("Home", "Abode")

    def test_archive_puts_it_away_and_unarchive_takes_it_back(self, tenant, ask, kept):
        assert ask("archive", "--json").json["after"]["archived_at"] is not None
        assert manage("budget", "list", "--tenant", tenant.slug, "--json").json == []
        assert "archived since" in ask("show").out
        assert [row["bucket"] for row in ask("show", "--json").json] == ["Money"]
        manage("deposit", "5", "--tenant", tenant.slug, "--budget", "household").assert_refused(
            "unknown_budget"
        )

        answer = ask("unarchive", "--json").json

        assert answer["before"]["archived_at"] is not None
        assert answer["after"]["archived_at"] is None
        assert kept().archived_at is None

    @pytest.mark.parametrize("words", [("rename", "Home"), ("archive",), ("unarchive",)])
    def test_a_repeat_changes_nothing_and_says_so(self, ask, kept, words):
        if words == ("unarchive",):
            ask("archive")
        ask(*words, budget=kept().pk)
        before = kept()

        told, ran = ask(*words, "--json", budget=before.pk).json, ask(*words, budget=before.pk)

        assert (told["repeated"], told["before"]) == (True, told["after"])
        assert "nothing to change" in ran.out
        assert (kept().version, kept().updated_at) == (before.version, before.updated_at)

    @pytest.mark.parametrize("words", [("rename", "Home"), ("archive",)])
    def test_a_dry_run_shows_it_and_writes_nothing(self, ask, kept, words):
        before = kept()

        ran = ask(*words, "--dry-run")

        assert "(dry run: nothing was written)" in " ".join(ran.out.split())
        assert " → " in ran.out
        after = kept()
        assert (after.name, after.archived_at) == (before.name, None)
        assert after.version == before.version

    @pytest.mark.parametrize(
        ("words", "code", "said"),
        [
            (("rename", "OTHER"), "bad_rule", "'OTHER'"),
            (("rename", "Other", "--dry-run"), "bad_rule", "'Other'"),
            (("rename", " "), "bad_rule", "1 to 255"),
            (("rename", ""), "bad_rule", "1 to 255"),
            (("unarchive", "--by", "nobody@example.com"), "not_a_member", "nobody"),
        ],
    )
    def test_a_refusal_is_one_line_and_writes_nothing(self, tenant, ask, kept, words, code, said):
        with acting_for(tenant):
            BudgetFactory(name="Other")
        before = kept()

        ask(*words).assert_refused(code, said)

        assert (kept().name, kept().version) == (before.name, before.version)

    def test_what_is_archived_does_not_come_back_under_a_name_that_is_taken(
        self, tenant, household, ask, kept
    ):
        ask("archive")
        with acting_for(tenant):
            BudgetFactory(name="Household")

        ask("unarchive", budget=household.pk).assert_refused("bad_rule", "'Household'")

        assert ask("rename", "Old", budget=household.pk).code == 0
        assert ask("unarchive", budget="old").code == 0
        assert kept().name == "Old"

    def test_of_several_archived_ones_of_a_name_the_id_says_which(self, tenant, household, ask):
        ask("archive")
        with acting_for(tenant):
            Budget.objects.archive(BudgetFactory(name="Household"))

        ask("unarchive").assert_refused("unknown_budget", "several", "id")

        assert ask("unarchive", budget=household.pk).code == 0

    @pytest.mark.parametrize("role", ["viewer", "service"])
    def test_a_role_that_founds_no_budgets_is_refused(self, tenant, ask, role):
        with acting_for(tenant):
            email = MembershipFactory(role=role).user.email

        for words in (("rename", "Home"), ("archive",), ("unarchive",)):
            ask(*words, "--by", email).assert_refused("not_allowed", role)

    @pytest.mark.parametrize("role", ["viewer", None])
    def test_a_member_who_is_demoted_or_removed_meanwhile_is_refused(
        self, tenant, ask, kept, role, monkeypatch
    ):
        with acting_for(tenant):
            MembershipFactory(role="owner")
            member = MembershipFactory(role="editor")

        def late(*args, **kwargs):
            with acting_for(tenant):
                if role:
                    Membership.objects.change_role(member, role)
                else:
                    Membership.objects.leave(member)
            return run_for(*args, **kwargs)

        monkeypatch.setattr("budgets.management.base.run_for", late)
        ran = ask("rename", "Home", "--by", member.user.email)

        ran.assert_refused("not_allowed" if role else "not_a_member", role or member.user.email)
        assert kept().name == "Household"

    def test_the_history_tells_who_it_was(self, tenant, household, ask):
        with acting_for(tenant):
            member = MembershipFactory(role="editor")

        ask("rename", "Home", "--by", member.user.email)

        with acting_for(tenant):
            [change, *_] = Change.objects.of(Budget, household.pk)
            assert (change.actor, change.after) == (member.user, {"name": "Home"})

    def test_list_shows_the_archived_ones_when_asked(self, tenant, household, ask):
        with acting_for(tenant):
            BudgetFactory(name="Allotment")
        ask("archive")

        rows = manage("budget", "list", "--archived", "--tenant", tenant.slug, "--json").json
        ran = manage("budget", "list", "--archived", "--tenant", tenant.slug)

        assert [(row["name"], row["archived_at"] is None) for row in rows] == [
            ("Allotment", True),
            ("Household", False),
        ]
        assert "archived" in ran.out
