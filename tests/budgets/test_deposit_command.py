"""`manage.py deposit`: who got what, on the screen and in the ledger."""

from datetime import UTC, datetime

import pytest

from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tests.command_line import Ran, manage
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory


@pytest.fixture
def deposit(tenant):
    """Run the command on the tenant's one budget, Household in EUR."""
    with acting_for(tenant):
        budget = BudgetFactory(name="Household")
        BucketFactory(budget=budget, name="Rent", filter=Claim(flat=100_00), target=150_00)
        BucketFactory(budget=budget, name="Fun", filter=Claim(share=500_000))
        BucketFactory(budget=budget, name="Locked", locked=True)

    def run(*words: object) -> Ran:
        return manage("deposit", "--tenant", tenant.slug, "--budget", "household", *words)

    return run


@pytest.fixture
def ledger(tenant, deposit):
    """What the budget's ledger comes to now: its totals, and each bucket that holds something."""

    def look() -> tuple[int, int, int, dict[str, int]]:
        with acting_for(tenant):
            budget = Budget.objects.get()
            balances = dict(Bucket.objects.values_list("name", "balance").exclude(balance=0))
            return Movement.objects.count(), budget.deposited, budget.version, balances

    return look


def rows(ran: Ran) -> list[str]:
    """The lines of the table, without its title and the way back."""
    assert ran.code == 0
    return [line for line in ran.out.splitlines()[1:] if not line.startswith("Movement ")]


class TestDeposit:
    def test_cascades_and_shows_who_got_what_and_why(self, deposit, ledger):
        ran = deposit("1,250.50")

        assert ran.out.startswith("Deposit of €1,250.50, movement 1 ")
        cells = [[cell.strip() for cell in row.split("│")[1:-1]] for row in rows(ran) if "│" in row]
        assert cells == [
            ["Rent", "€1,250.50", "€100.00", "€100.00", "filter"],
            ["Fun", "€1,150.50", "€575.25", "€575.25", "filter"],
            ["Locked", "€575.25", "€0.00", "€0.00", "locked"],
            ["Money", "€575.25", "€575.25", "€575.25", "unallocated"],
        ]
        assert ledger() == (1, 1250_50, 5, {"Rent": 100_00, "Fun": 575_25, "Money": 575_25})

    def test_tells_programs_the_same_in_minor_units(self, tenant, deposit):
        answer = deposit("1,250.50", "--json").json

        with acting_for(tenant):
            assert answer.pop("movement") == str(Movement.objects.get().pk)
        assert answer.pop("lines")[1] == {
            "bucket": "Fun",
            "arrives": 1150_50,
            "kept": 575_25,
            "before": 0,
            "after": 575_25,
            "reason": "filter",
        }
        assert answer == {
            "dry_run": False,
            "repeated": False,
            "currency": "EUR",
            "amount_minor": 1250_50,
        }

    @pytest.mark.parametrize(
        "words", [(), ("--into", "rent"), ("--into", "Rent", "--overflow", "allow")]
    )
    def test_a_dry_run_shows_the_same_and_writes_nothing(self, deposit, ledger, words):
        deposit("80")
        before = ledger()

        tried = deposit("1,000", "--dry-run", *words)

        assert tried.out.startswith("Deposit of €1,000.00 (dry run: nothing was written)")
        assert ledger() == before
        told = deposit("1,000", "--dry-run", "--json", *words).json
        assert (told["dry_run"], told["repeated"], told["movement"]) == (True, False, None)
        assert told["lines"] == deposit("1,000", "--json", *words).json["lines"]
        assert ledger()[0] == 2

    def test_a_dry_run_prints_the_table_that_the_deposit_prints(self, deposit):
        tried = deposit("1,000", "--dry-run")

        assert rows(deposit("1,000")) == rows(tried)

    def test_a_repeated_key_moves_nothing_and_says_so(self, deposit, ledger):
        first = deposit("80", "--key", "k", "--json").json
        deposit("500")
        before = ledger()

        again = deposit("80", "--key", "k", "--json").json

        assert ledger() == before
        assert again["repeated"] is True
        assert again["movement"] == first["movement"]
        kept = [line for line in first["lines"] if line["kept"]]
        assert again["lines"] == kept
        words = " ".join(deposit("80", "--key", "k").out.split())
        assert words.startswith(
            "Deposit of €80.00, already posted with this key as movement 1: nothing moved"
        )

    def test_records_key_and_memo(self, tenant, deposit):
        deposit("80", "--key", "k", "--memo", "Gehalt für Mai")

        with acting_for(tenant):
            assert Movement.objects.values_list("key", "memo").get() == ("k", "Gehalt für Mai")

    def test_records_who_and_when_and_refuses_who_may_only_read(self, tenant, deposit):
        with acting_for(tenant):
            service, viewer = (MembershipFactory(role=role).user for role in ("service", "viewer"))

        deposit("80", "--by", service.email, "--at", "2026-03-31T12:00+02:00")
        ran = deposit("80", "--by", viewer.email)

        ran.assert_refused("not_allowed", "viewer")
        with acting_for(tenant):
            movement = Movement.objects.get()
            assert movement.actor_id == service.pk
        assert movement.effective_at == datetime(2026, 3, 31, 10, tzinfo=UTC)

    def test_says_how_to_undo_it(self, tenant, deposit, ledger):
        last = deposit("80").out.splitlines()[-1]

        ran = manage(*last.partition("To undo it: manage.py ")[2].split())

        assert ran.code == 0
        assert ledger()[3] == {}

    @pytest.mark.parametrize(
        ("amount", "locale"),
        [("2.500,00", "de"), ("2 500,00 €", "fr_CH"), ("2500", "en"), ("EUR 2,500", "en-GB")],
    )
    def test_reads_the_amount_as_the_locale_writes_it(self, deposit, amount, locale):
        answer = deposit(amount, "--locale", locale, "--json").json

        assert answer["amount_minor"] == 2500_00

    def test_finds_the_budget_by_its_id(self, tenant, deposit):
        with acting_for(tenant):
            pk = Budget.objects.get().pk

        ran = manage("deposit", "--tenant", tenant.slug, "--budget", pk, "1")

        assert ran.code == 0


class TestInto:
    @pytest.mark.parametrize(
        ("words", "balances"),
        [
            ((), {"Rent": 150_00, "Money": 50_00}),
            (("--overflow", "money"), {"Rent": 150_00, "Money": 50_00}),
            (("--overflow", "allow"), {"Rent": 200_00}),
        ],
    )
    def test_puts_the_excess_where_it_is_told(self, deposit, ledger, words, balances):
        ran = deposit("200", "--into", "RENT", *words)

        assert ran.code == 0
        assert ledger()[3] == balances

    def test_can_refuse_the_excess(self, deposit, ledger):
        before = ledger()

        ran = deposit("200", "--into", "Rent", "--overflow", "reject")

        ran.assert_refused("no_space", "Rent")
        assert ledger() == before

    def test_says_that_a_bucket_is_full(self, deposit):
        deposit("150", "--into", "Rent")

        for words in (("--dry-run",), ()):
            rows = deposit("5", "--into", "Rent", "--json", *words).json["lines"]
            assert [(row["bucket"], row["kept"], row["reason"]) for row in rows] == [
                ("Rent", 0, "full"),
                ("Money", 5_00, "overflow"),
            ]
        assert "│ full " in deposit("5", "--into", "Rent").out
        [row] = deposit("5", "--into", "Rent", "--overflow", "allow", "--json").json["lines"]
        assert (row["kept"], row["reason"]) == (5_00, "direct")

    def test_says_what_the_choices_are(self, deposit):
        ran = deposit("200", "--into", "Rent", "--overflow", "elsewhere")

        assert ran.code == 2
        assert "(choose from 'money', 'reject', 'allow')" in ran.err


class TestBadInput:
    @pytest.mark.parametrize(
        "amount",
        [
            "0", "0.00", "-5", "-5.00 EUR", "1.234 EUR", "1.234", "10^19", "10000000000000000000",
            "92,233,720,368,547,758.08", "NaN", "Infinity", "1e3", "0x10", "", " ", "five",
            "1,23", "5 5", "--5", "\u0665",
        ],
    )  # fmt: skip
    def test_an_amount_that_is_none_is_one_clear_line(self, deposit, ledger, amount):
        before = ledger()

        for words in ((), ("--dry-run",), ("--into", "Rent")):
            ran = deposit(*words, "--", amount)

            ran.assert_refused("bad_amount")

        assert ledger() == before

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (("5 USD",), "wrong_currency"),
            (("5 $",), "wrong_currency"),
            (("5", "--locale", "xx"), "bad_amount"),
            (("5", "--locale", "../en"), "bad_amount"),
            (("5", "--into", "Nowhere"), "unknown_bucket"),
            (("5", "--memo", "x" * 501), "bad_particulars"),
            (("5", "--key", "x" * 201), "bad_particulars"),
            (("5", "--memo", "a\0b"), "bad_particulars"),
        ],
    )
    def test_so_is_everything_else(self, deposit, ledger, words, code):
        before = ledger()

        ran = deposit(*words)

        ran.assert_refused(code)
        assert ledger() == before

    def test_so_are_a_tenant_and_a_budget_there_are_not(self, tenant, other, deposit, unique):
        for slug, budget, code in (
            (unique, "Household", "unknown_tenant"),
            ("", "Household", "unknown_tenant"),
            ("no slug", "Household", "unknown_tenant"),
            (tenant.slug, "Elsewhere", "unknown_budget"),
            (other.slug, "Household", "unknown_budget"),
        ):
            ran = manage("deposit", "--tenant", slug, "--budget", budget, "5")

            ran.assert_refused(code)

    def test_so_is_a_key_of_another_deposit(self, deposit, ledger):
        deposit("5", "--key", "k")
        before = ledger()

        for words in (("6",), ("5", "--memo", "m"), ("5", "--into", "Rent")):
            deposit(*words, "--key", "k").assert_refused("key_reused", "'k'")

        assert ledger() == before
