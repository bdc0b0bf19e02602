"""`manage.py report`: every view as a table and as JSON, and what it refuses."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.management import main
from tests.factories import BucketFactory, BudgetFactory

MAY, JUNE = (datetime(2026, month, 30, 23, tzinfo=UTC) for month in (5, 6))


@pytest.fixture
def household(tenant):
    """A budget in euros with two deposits and a withdrawal; the name is no markup."""
    with acting_for(tenant):
        budget = BudgetFactory(name="Household")
        rent = BucketFactory(budget=budget, name="Rent [b]", filter=Claim(flat=6_000), target=9_000)
        Movement.objects.deposit(budget, 10_000, effective_at=MAY, memo="Pay [May]")
        Movement.objects.deposit(budget, 10_000, effective_at=JUNE, memo="Pay [June]")
        Movement.objects.withdraw(rent, 2_000, effective_at=JUNE, memo="Landlord")
    return tenant.slug


@pytest.fixture
def report(household):
    """Run a view of the household's budget; the parsed JSON, or the table's text."""

    def run(view, *arguments, budget="Household", text=False):
        named = ["--budget", budget] if budget else []
        out = io.StringIO()
        form = [] if text else ["--json"]
        call_command("report", view, "--tenant", household, *named, *form, *arguments, stdout=out)
        return out.getvalue() if text else json.loads(out.getvalue())

    return run


class TestDashboard:
    def test_tells_all_in_minor_units(self, report):
        told = report("dashboard")

        rent, money = told["buckets"]
        assert (told["held_minor"], told["missing_minor"], told["spare_minor"]) == (
            18_000,
            2_000,
            11_000,
        )
        assert (rent["bucket"], rent["balance_minor"], rent["fill_ppm"]) == (
            "Rent [b]",
            7_000,
            777_777,
        )
        assert (rent["last"]["amount_minor"], rent["last"]["memo"]) == (-2_000, "Landlord")
        assert (money["rule"], money["target_minor"]) == ("the rest", None)

    def test_shows_names_as_they_are_and_sums_in_the_currency(self, report):
        shown = report("dashboard", text=True)

        for expected in ("Rent [b]", "€60.00", "€70.00", "77 %", "-€20.00", "2026-06-30"):
            assert expected in shown


FILLS = (77, 70, 100)


class TestWidth:
    """Of tables: a pipe has the columns that COLUMNS says, or 100."""

    @pytest.fixture
    def dashboard(self, household, tenant, report, monkeypatch):
        """The lines of a dashboard with one full bucket, one at 70 % and a locked one."""
        with acting_for(tenant):
            budget = Budget.objects.get_by_name("Household")
            for name, balance in (("Emergency fund", 70), ("Holiday in Ålesund", 100)):
                bucket = BucketFactory(budget=budget, name=name, target=100)
                Movement.objects.deposit_into(bucket, balance)
            Bucket.objects.lock(bucket)

        def dashboard(columns: str) -> list[str]:
            monkeypatch.setenv("COLUMNS", columns)
            return report("dashboard", text=True).splitlines()

        return dashboard

    @pytest.mark.parametrize("columns", ["200", "100", "80", "60", "40"])
    def test_is_that_of_columns_and_bars_and_names_are_whole(self, dashboard, columns):
        lines = dashboard(columns)
        shown = " ".join("\n".join(lines).replace("│", " ").split())

        assert max(map(len, lines)) <= int(columns)
        assert "…" not in shown
        for word in ("Emergency", "fund", "Holiday", "Ålesund", " 70 %", "100 % locked"):
            assert word in shown
        bars = [(line.count("█"), line.count("░")) for line in lines if "█" in line]
        length = sum(bars[0]) if bars else 0
        whole = [(length * share // 100, -(-length * (100 - share) // 100)) for share in FILLS]
        assert bars in ([], whole)

    def test_shows_whole_bars_where_there_is_room_for_them(self, dashboard):
        bars = [line for line in dashboard("200") if "█" in line]

        assert [line.count("█") + line.count("░") for line in bars] == [20, 20, 20]

    @pytest.mark.parametrize("columns", ["", "0", "-5", "wide", "99999"])
    def test_is_a_hundred_where_columns_says_nothing_of_use(self, dashboard, columns):
        assert max(map(len, dashboard(columns))) <= 100
        assert max(map(len, dashboard(columns))) > 80


class TestAt:
    @pytest.mark.parametrize(
        ("asked", "seq", "held"),
        [
            (["--seq", "1"], 1, [6_000, 4_000]),
            (["--effective", "2026-05-30"], 1, [6_000, 4_000]),
            (["--effective", "2026-05-29"], 0, [0, 0]),
            (["--effective", "2026-05-30T22:59:59+00:00"], 0, [0, 0]),
            (["--effective", "2026-05-30T23:00"], 1, [6_000, 4_000]),
            (["--effective", "2026-05-30", "--zone", "Europe/Madrid"], 0, [0, 0]),
            (["--recorded", "2020-01-01"], 0, [0, 0]),
            (["--recorded", "9998-12-31"], 3, [7_000, 11_000]),
        ],
    )
    def test_a_day_is_its_end_in_the_time_zone(self, report, asked, seq, held):
        told = report("at", *asked)

        assert (told["seq"], told["total_minor"]) == (seq, sum(held))
        assert [bucket["balance_minor"] for bucket in told["buckets"]] == held

    def test_shows_a_table(self, report):
        assert "€100.00" in report("at", "--seq", "1", text=True)


class TestLedger:
    def test_goes_from_page_to_page_and_back(self, report):
        first = report("ledger", "--limit", "2")
        second = report("ledger", "--limit", "2", "--cursor", first["older"])
        back = report("ledger", "--limit", "2", "--cursor", second["newer"])

        assert first["newer"] is None
        assert (first["rows"][-1]["seq"], first["rows"][-1]["position"]) == (2, 2)
        assert [row["amount_minor"] for row in first["rows"]] == [-2_000, 7_000]
        assert back == first

    @pytest.mark.parametrize(
        ("asked", "amounts"),
        [
            (["--bucket", "rent [b]"], [-2_000, 3_000, 6_000]),
            (["--kind", "withdraw"], [-2_000]),
            (["--from", "2026-05-30", "--to", "2026-05-30"], [4_000, 6_000]),
            (["--from", "2026-06-01"], [-2_000, 7_000, 3_000]),
            (["--to", "2026-06-01", "--recorded"], []),
            (["--least", "60", "--most", "€65.00"], [6_000]),
            (["--most=-0.01"], [-2_000]),
            (["--text", "pay [m"], [4_000, 6_000]),
        ],
    )
    def test_passes_the_filters_on(self, report, asked, amounts):
        assert [row["amount_minor"] for row in report("ledger", *asked)["rows"]] == amounts

    def test_shows_memos_as_they_are_and_where_to_go_on(self, report):
        shown = report("ledger", "--limit", "3", text=True)
        older = report("ledger", "--limit", "3")["older"]

        assert "Pay [June]" in shown
        assert shown.endswith(f"\nolder: --cursor {older}\n")

    def test_shows_days_of_the_time_zone(self, report):
        shown = report("ledger", "--zone", "Europe/Madrid", text=True)

        assert ("2026-07-01" in shown, "2026-06-30" in shown) == (True, False)


class TestRedistributed:
    @pytest.fixture
    def moved(self, household, tenant):
        with acting_for(tenant):
            rent = Bucket.objects.get(name="Rent [b]")
            Movement.objects.redistribute_to(rent, 1_500, effective_at=JUNE)

    def test_the_dashboard_tells_what_and_when_last(self, report, moved):
        told = report("dashboard")
        shown = report("dashboard", text=True)

        assert told["redistributed_minor"] == 1_500
        assert told["last_redistributed_at"] == "2026-06-30 23:00:00+00:00"
        assert "redistributed from the money bucket: €15.00, last on 2026-06-30" in shown

    def test_it_says_nothing_where_there_was_none(self, report):
        assert report("dashboard")["last_redistributed_at"] is None
        assert "redistributed" not in report("dashboard", text=True)

    def test_so_do_months_of_one_budget_and_of_all(self, report, moved):
        until = ("--until", "2026-06-30")
        [all_] = report("months", *until, budget=None)

        for months in (report("months", *until), all_["months"]):
            may, june = months
            assert (may["redistributed_minor"], may["last_redistributed_at"]) == (0, None)
            assert june["redistributed_minor"] == 1_500
            assert june["last_redistributed_at"] == "2026-06-30 23:00:00+00:00"
        for budget in ("Household", None):
            shown = report("months", *until, budget=budget, text=True)
            assert ("redistributed" in shown, "€15.00" in shown) == (True, True)


class TestMonths:
    def test_of_a_budget_show_its_buckets(self, report):
        may, june = report("months", "--until", "2026-06-30")

        assert (may["month"], may["income_minor"], june["withdrawn_minor"]) == (
            "2026-05",
            10_000,
            2_000,
        )
        assert [line["closing_minor"] for line in june["buckets"]] == [7_000, 11_000]
        shown = report("months", "--until", "2026-06-30", text=True)
        assert [word in shown for word in ("  Rent [b]", "€180.00", "77 %")] == [True] * 3

    def test_of_all_budgets_keep_currencies_apart(self, report, tenant):
        with acting_for(tenant):
            for code, amount in (("JPY", 500), ("KWD", 1_234)):
                Movement.objects.deposit(BudgetFactory(currency=code), amount, effective_at=JUNE)

        told = report("months", "--last", "1", "--until", "2026-06-01", budget=None)
        shown = report("months", budget=None, text=True)

        assert {each["currency"]: each["months"][0]["income_minor"] for each in told} == {
            "EUR": 10_000,
            "JPY": 500,
            "KWD": 1_234,
        }
        for expected in ("€100.00", "¥500", "KWD1.234"):
            assert expected in shown.replace("\u00a0", "")


class TestWhatIf:
    def test_changes_the_rules_it_is_told(self, report):
        told = report("what-if", "--filter", "Rent [b]=10%", "--target", "Rent [b]=none")

        columns = ("kept_minor", "today_minor", "would_keep_minor", "difference_minor")
        kept = [tuple(one[column] for column in columns) for one in told["buckets"]]
        assert kept == [(9_000, 9_000, 2_000, -7_000), (11_000, 11_000, 18_000, 7_000)]
        assert [deposit["would_keep_minor"] for deposit in told["deposits"]] == [
            {"Rent [b]": 1_000},
            {"Rent [b]": 1_000},
        ]

    @pytest.mark.parametrize(
        ("asked", "would_keep"),
        [
            (["--hold", "Rent [b]=70.00"], 9_000),
            (["--target", "Rent [b]=20"], 2_000),
            (["--lock", "rent [b]"], 0),
            (
                ["--unlock", "Rent [b]", "--priority", "Rent [b]=7", "--hold", "Rent [b]=none"],
                9_000,
            ),
            (["--filter", "Rent [b]=1", "--last", "1"], 100),
        ],
    )
    def test_knows_every_rule(self, report, asked, would_keep):
        assert report("what-if", *asked)["buckets"][0]["would_keep_minor"] == would_keep

    def test_shows_the_difference(self, report):
        assert "-€90.00" in report("what-if", "--lock", "Rent [b]", text=True)

    def test_says_what_it_compares(self, report):
        told = report("what-if", "--lock", "Rent [b]", text=True)

        assert "today's rules" in told
        assert "without the other movements" in " ".join(told.split())


class TestProjection:
    def test_says_when_each_bucket_fills(self, report):
        told = report("projection", "15.00", "--first", "2026-12-31", "--times", "3")

        [rent] = told["buckets"]
        assert (rent["outlook"], rent["day"], rent["nth"]) == ("fills", "2027-01-31", 2)
        assert (told["deposited_minor"], told["remainder_minor"]) == (4_500, 2_500)

    def test_says_so_when_it_does_not(self, report):
        shown = report("projection", "0.01", "--times", "2", text=True)

        assert "is not full at the end" in shown


class TestRefusals:
    @pytest.mark.parametrize(
        ("code", "asked"),
        [
            ("bad_question", ["dashboard"]),
            ("unknown_budget", ["dashboard", "--budget", "Nobody's"]),
            ("bad_question", ["at", "--budget", "Household", "--effective", "yesterday"]),
            ("bad_question", ["at", "--budget", "Household", "--seq", "-1"]),
            ("bad_question", ["months", "--zone", "Europe"]),
            ("bad_question", ["months", "--until", "May"]),
            ("bad_question", ["ledger", "--budget", "Household", "--to", "9999-12-31"]),
            ("bad_question", ["months", "--last", "0"]),
            ("bad_cursor", ["ledger", "--budget", "Household", "--cursor", "5"]),
            ("bad_limit", ["ledger", "--budget", "Household", "--limit", "0"]),
            ("bad_filter", ["ledger", "--budget", "Household", "--kind", "theft"]),
            ("bad_search", ["ledger", "--budget", "Household", "--text", "ab"]),
            ("unknown_bucket", ["ledger", "--budget", "Household", "--bucket", "Holiday"]),
            ("bad_amount", ["ledger", "--budget", "Household", "--least", "much"]),
            ("bad_question", ["what-if", "--budget", "Household", "--filter", "Rent [b]"]),
            ("bad_rule", ["what-if", "--budget", "Household", "--filter", "Rent [b]=101%"]),
            ("bad_question", ["what-if", "--budget", "Household", "--priority", "Rent [b]=x"]),
            ("bad_amount", ["projection", "--budget", "Household", "0"]),
            ("bad_question", ["projection", "--budget", "Household", "5", "--first", "soon"]),
        ],
    )
    def test_are_one_line_and_exit_code_2(self, household, capsys, code, asked):
        view, *arguments = asked

        assert main(["manage.py", "report", view, "--tenant", household, *arguments]) == 2

        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert said.err.startswith(f"error [{code}]: ")

    def test_need_a_way_to_say_when(self, household, capsys, monkeypatch):
        monkeypatch.setattr(sys, "argv", ["manage.py"])

        with pytest.raises(SystemExit) as stopped:
            main(["manage.py", "report", "at", "--tenant", household, "--budget", "Household"])

        assert stopped.value.code == 2


def test_writes_nothing(report, tenant):
    with acting_for(tenant):
        before = list(Budget.objects.values())

    for view in (["dashboard"], ["at", "--seq", "1"], ["ledger"], ["what-if"], ["projection", "5"]):
        report(*view)

    with acting_for(tenant):
        assert list(Budget.objects.values()) == before
        assert Movement.objects.count() == 3
