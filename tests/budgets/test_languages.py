"""A tenant's language and clock: how its sums are read and shown, and when its months begin."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from budgets.models import Movement
from tenants.context import acting_for
from tenants.models import TenantSettings
from tests.command_line import Ran, manage
from tests.factories import BudgetFactory

LATE_IN_NOVEMBER = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
"""In Los Angeles it is 22:30 on 30 November."""


@pytest.fixture
def household(tenant):
    """A German budget in Los Angeles."""
    with acting_for(tenant):
        TenantSettings.objects.change(locale="de", time_zone="America/Los_Angeles")
        budget = BudgetFactory(name="Haushalt")
        Movement.objects.deposit(budget, 1_000_00, effective_at=LATE_IN_NOVEMBER)
    return tenant


@pytest.fixture
def run(household):
    """Run a command on that budget."""

    def on(*words: object, budget: str | None = "Haushalt") -> Ran:
        named = ("--budget", budget) if budget else ()
        return manage(*words, "--tenant", household.slug, *named)

    return on


class TestReading:
    def test_of_a_deposit(self, run):
        assert run("deposit", "1.250,50", "--json").json["amount_minor"] == 1_250_50
        run("deposit", "1,250").assert_refused("bad_amount", "has too many decimals")

    def test_is_what_a_flag_says(self, run):
        told = run("deposit", "1,250", "--locale", "en", "--json").json

        assert told["amount_minor"] == 1_250_00

    def test_of_the_rules_of_a_bucket(self, run):
        rules = ("--filter", "2,5%", "--hold", "1.000", "--target", "1.250,50")

        [miete, _] = run("budget", "add", "Miete", *rules, "--json").json

        assert miete["target_minor"] == 1_250_50
        assert miete["rule"] == "2,5 %, at least 1.000,00\u00a0€"

    def test_of_a_payroll(self, run, tmp_path):
        wages = tmp_path / "wages.csv"
        wages.write_text('Haushalt, "1.250,50", k\n')

        [line] = run("payroll", wages, "--json", budget=None).json["lines"]

        assert (line["amount_minor"], line["shown"]) == (1_250_50, "1.250,50\u00a0€")

    def test_of_a_schedule_and_its_clock(self, run):
        when = ("--rule", "FREQ=DAILY", "--starts", "2030-01-01T09:00")

        told = run("schedule", "create", "Lohn", "1.250,50", *when, "--json").json

        assert (told["amount_minor"], told["time_zone"]) == (1_250_50, "America/Los_Angeles")
        assert told["amount"] == "1.250,50\u00a0€"

    def test_of_what_a_report_asks_for(self, run):
        ahead = run("report", "projection", "1.250,50", "--times", "2", "--json").json
        [row] = run("report", "ledger", "--least", "1.000", "--json").json["rows"]
        rules = ("--filter", "Geld=2,5%")

        assert ahead["deposited_minor"] == 2_501_00
        assert row["amount_minor"] == 1_000_00
        assert run("report", "ledger", "--least", "1.000,01", "--json").json["rows"] == []
        run("report", "what-if", *rules).assert_refused("unknown_bucket")  # the rule was read


class TestShowing:
    @pytest.mark.parametrize(
        "words",
        [
            ("deposit", "5", "--dry-run"),
            ("budget", "show"),
            *(("report", view) for view in ("dashboard", "ledger", "months", "what-if")),
            ("report", "at", "--seq", "1"),
        ],
        ids=" ".join,
    )
    def test_is_in_the_language_of_the_tenant(self, run, words):
        ran = run(*words)
        other = run(*words, "--locale", "en")

        assert "00\u00a0€" in ran.out, ran.err
        assert "€" in other.out.replace("00\u00a0€", "")

    def test_of_months_over_all_budgets_too(self, run):
        assert "1.000,00\u00a0€" in run("report", "months", budget=None).out

    def test_of_an_explanation(self, run, household):
        with acting_for(household):
            movement = Movement.objects.get()

        assert "1.000,00\u00a0€" in manage("explain", movement.pk).out
        assert "€1,000.00" in manage("explain", movement.pk, "--locale", "en").out

    def test_of_an_import_and_its_undoing(self, run, tmp_path):
        path = tmp_path / "mai.csv"
        path.write_text("Date,Amount,Description\n2026-05-04,1250.50,Lohn\n")

        imported = run("import_statement", path)
        listed = run("undo_import", "--list")
        undone = run("undo_import", sha256(path.read_bytes()).hexdigest()[:16])

        assert imported.out.count("1.250,50\u00a0€") >= 2, imported.err
        assert "1.250,50\u00a0€" in listed.out
        assert "1.250,50\u00a0€ in total" in undone.out, undone.err


class TestTheClock:
    def test_of_months_is_the_tenants(self, run):
        until = ("--until", "2026-12-31", "--json")
        month = run("report", "months", *until).json[0]
        elsewhere = run("report", "months", "--zone", "UTC", *until).json[0]

        assert (month["month"], elsewhere["month"]) == ("2026-11", "2026-12")

    @pytest.mark.parametrize("view", ["ledger", "dashboard"])
    def test_of_the_days_of_the_ledger_is_the_tenants(self, run, view):
        assert "2026-11-30" in run("report", view).out
        assert "2026-12-01" in run("report", view, "--zone", "UTC").out

    def test_of_the_days_that_are_asked_for_is_the_tenants(self, run):
        words = ("report", "ledger", "--from", "2026-11-30", "--to", "2026-11-30", "--json")

        assert len(run(*words).json["rows"]) == 1
        assert len(run(*words, "--zone", "UTC").json["rows"]) == 0
