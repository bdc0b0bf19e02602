"""`manage.py import_statement`: what it refuses, in one line, and what it prints."""

import pytest

from budgets import samples
from tests.budgets.importing import Importer
from tests.budgets.statement_files import ofx, put, table, transaction
from tests.command_line import in_a_process, manage

HOUSEHOLD = samples.HOUSEHOLD.read_bytes()
BAKERY = samples.BAKERY.read_bytes().replace(b"CHF", b"EUR")
GOOD = ofx(transaction(TRNAMT="1"))


@pytest.fixture
def importer(tenant) -> Importer:
    """The importer into a budget in EUR."""
    return Importer.of(tenant)


class TestAFile:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "empty"),
            (" \n\r\n\t ", "empty"),
            (b"\x7fELF\x02\x01\x01" + bytes(50), "binary"),
            (b"%PDF-1.7\n\x00\x93\x8c", "a PDF"),
            (HOUSEHOLD[: len(HOUSEHOLD) // 2], "cut off"),
            (HOUSEHOLD.rpartition(b"</OFX>")[0], "cut off"),
            (BAKERY[: BAKERY.index(b"Mehl und Schrot") + 20], "6 columns"),
            ('Date;Amount;Text\n2025-01-31;1;"one\n', "cut off inside quotes"),
            ("Day out;Amount\n2025-01-31;1\n", "--date-column NAME"),
            ("Date;Worth\n2025-01-31;1\n", "--amount-column NAME"),
            ("2025-01-31;1\n2025-02-01;2\n", "say --amount-column 2"),
            (table("1", "2 euros"), "'Amount' '2 euros'"),
            (table("1", ""), "'Amount' is empty"),
            (table("1", "NaN"), "'NaN'"),
            (table("1", "10^19"), "'10^19'"),
            (table("1", "1e3"), "'1e3'"),
            (table("1", "1" + "0" * 19), "'Amount'"),
            ("Date;Amount\n2025-02-31;1\n", "'2025-02-31'"),
            (ofx(transaction(TRNAMT="1.234")), "TRNAMT '1.234'"),
            (ofx(transaction(TRNAMT="$1")), "TRNAMT '$1'"),
            (ofx(transaction(TRNAMT="")), "TRNAMT is missing"),
            (ofx(transaction(DTPOSTED="")), "DTPOSTED is missing"),
            (ofx(transaction(DTPOSTED="soon")), "DTPOSTED 'soon'"),
        ],
    )
    def test_that_cannot_be_read_is_refused_and_writes_nothing(
        self, importer, tmp_path, content, says
    ):
        file, before = put(tmp_path, content), importer.state

        for words in ((), ("--json",), ("--dry-run",)):
            importer.run(file, *words).assert_refused("bad_statement", says)

        assert importer.state == before

    @pytest.mark.parametrize(
        "content",
        [
            ofx(*[transaction(TRNAMT="1", FITID="")] * 250, transaction(TRNAMT="x")),
            table(*["1"] * 250, "x"),
        ],
        ids=["ofx", "csv"],
    )
    def test_is_read_to_its_last_line_before_anything_is_written(self, importer, tmp_path, content):
        ran = importer.run(put(tmp_path, content))

        ran.assert_refused("bad_statement")
        assert importer.amounts == []

    def test_that_is_not_there_is_named(self, importer, tmp_path):
        for file in (tmp_path / "absent.ofx", tmp_path):
            importer.run(file).assert_refused("bad_statement", str(file))

    @pytest.mark.parametrize(
        "words",
        [
            ("--amount-column", "Nowhere"),
            ("--account", "nobody's"),
            ("--encoding", "klingon"),
            ("--encoding", "hex"),
            ("--delimiter", ";;"),
            ("--date-format", "%d.%m.%Y"),
        ],
    )
    def test_is_refused_when_a_flag_does_not_fit_it(self, importer, words):
        ran = importer.run(samples.BAKERY, "--currency", "EUR", *words)

        assert ran.code == 2
        assert len(ran.err.splitlines()) == 1
        assert importer.amounts == []

    def test_with_a_column_that_is_not_there_is_told_which_are(self, tenant):
        importer = Importer.of(tenant, "CHF")

        ran = importer.run(samples.BAKERY, "--amount-column", "Nowhere")

        ran.assert_refused("bad_statement", "'Nowhere'", "Betrag", "Saldo")
        assert importer.amounts == []


class TestCurrency:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (ofx(currency="USD"), ()),
            (ofx(currency="USD"), ("--currency", "USD")),
            (ofx(currency="USD"), ("--currency", "EUR")),
            (ofx(currency="EUR"), ("--currency", "USD")),
            (ofx(currency=""), ("--currency", "USD")),
            (table("1"), ("--currency", "USD")),
            ("Date;Amount;Currency\n2025-01-31;1;USD\n", ()),
        ],
    )
    def test_must_be_the_budgets(self, importer, tmp_path, content, words):
        ran = importer.run(put(tmp_path, content), *words)

        ran.assert_refused("wrong_currency")
        assert importer.amounts == []

    @pytest.mark.parametrize("said", ["EUR", "eur"])
    @pytest.mark.parametrize("named", ["EUR", "eur", ""])
    def test_may_be_said_in_any_case(self, importer, tmp_path, named, said):
        file = put(tmp_path, ofx(transaction(TRNAMT="1"), currency=named))

        assert importer.statuses(file, "--currency", said) == (1, 0, 0)

    def test_must_be_said_when_an_ofx_leaves_it_empty(self, importer, tmp_path):
        ran = importer.run(put(tmp_path, ofx(transaction(TRNAMT="1"), currency="")))

        ran.assert_refused("bad_statement", "--currency EUR")

    def test_of_a_csv_that_names_none_is_the_budgets(self, importer, tmp_path):
        assert importer.told(put(tmp_path, table("1")))["currency"] == "EUR"

    def test_decides_how_many_decimals_there_are(self, tenant, other, tmp_path):
        yen, dinar = Importer.of(tenant, "JPY"), Importer.of(other, "KWD")

        yen.told(put(tmp_path, table("1500")))
        dinar.told(put(tmp_path, table("1.500", "0.001")))

        assert (yen.amounts, dinar.amounts) == ([1500], [1500, 1])
        yen.run(put(tmp_path, table("1.50"))).assert_refused("bad_statement", "'1.50'")


def test_a_tenant_and_a_budget_there_are_not_are_refused(tenant, importer, other, unique):
    for slug, budget, code in (
        (unique, "Household", "unknown_tenant"),
        (tenant.slug, "Elsewhere", "unknown_budget"),
        (other.slug, "Household", "unknown_budget"),
    ):
        ran = manage("import_statement", "--tenant", slug, "--budget", budget, samples.HOUSEHOLD)

        ran.assert_refused(code)


def test_a_process_of_its_own_ends_with_the_exit_code(tenant, importer, tmp_path):
    at = ("import_statement", "--tenant", tenant.slug, "--budget", "Household")

    refused = in_a_process(*at, put(tmp_path, ""))
    done = in_a_process(*at, put(tmp_path, GOOD))

    refused.assert_refused("bad_statement", "empty")
    assert (done.code, done.err, importer.amounts) == (0, "", [1_00])


class TestColumns:
    def test_can_be_named(self, importer, tmp_path):
        content = "Wann\tWieviel\tWozu\tHin\n31.01.2025\t1.234\tMiete\t7\n"
        words = ("--date-column", "Wann", "--amount-column", "wieviel", "--id-column", "Hin")
        more = ("--description-column", "Wozu", "--decimal", ",", "--date-format", "%d.%m.%Y")

        told = importer.told(put(tmp_path, content), *words, *more)

        [line] = told["lines"]
        assert line == {
            "line": 1,
            "status": "new",
            "account": "",
            "date": "2025-01-31",
            "amount_minor": 1234_00,
            "description": "Miete",
            "bank_id": "7",
        }

    def test_one_account_of_many_can_be_picked(self, importer, tmp_path):
        file = put(tmp_path, "Date;Amount;Account\n2025-01-31;1;a\n2025-01-31;2;b\n")

        told = importer.told(file, "--account", "b")

        assert (told["accounts"], importer.amounts) == (["b"], [2_00])


class TestWhatIsPrinted:
    @pytest.fixture
    def file(self, tmp_path):
        """Twelve incoming lines and two outgoing, one with what rich would take for markup."""
        lines = [transaction(TRNAMT="10", FITID=str(n), NAME=f"Pay {n}") for n in range(11)]
        odd = transaction(TRNAMT="1234.50", FITID="odd", NAME="[/b] Rent :smile: [bold]")
        out = [transaction(TRNAMT="-4.50", FITID=f"out {n}", NAME="Coffee") for n in range(2)]
        return put(tmp_path, ofx(odd, *lines, *out))

    def test_is_every_status_the_sum_and_the_balances(self, importer, file):
        ran = importer.run(file)

        assert ran.err == ""
        assert "account 7" in ran.out
        assert "14 lines: 12 new, 0 duplicate, 2 skipped; imported €1,344.50" in ran.out
        assert [line for line in ran.out.splitlines() if "Coffee" in line and "skipped" in line]
        assert "Household (EUR)" in ran.out

    def test_is_what_the_bank_wrote(self, importer, file):
        assert "│ [/b] Rent :smile: [bold] │ €1,234.50 │ new " in importer.run(file).out

    def test_is_ten_of_a_kind_unless_all_are_asked_for(self, importer, file):
        short = importer.run(file, "--dry-run").out
        long = importer.run(file, "--dry-run", "--all").out

        assert (short.count("Pay "), long.count("Pay ")) == (9, 11)
        assert "... and 2 more (--all)" in short
        assert "more (--all)" not in long

    def test_is_little_when_brief(self, importer, file):
        assert importer.run(file, "--brief").out == (
            "account 7\n14 lines: 12 new, 0 duplicate, 2 skipped; imported €1,344.50\n"
        )

    def test_says_when_nothing_was_written(self, importer, file):
        ran = importer.run(file, "--dry-run")

        assert "would import €1,344.50" in ran.out
        assert "Household (EUR)" not in ran.out

    def test_is_json_for_programs(self, importer, file):
        told = importer.told(file)

        assert len(told.pop("sha256")) == 64
        lines = told.pop("lines")
        assert [line["status"] for line in lines] == ["new"] * 12 + ["skipped"] * 2
        assert lines[0]["description"] == "[/b] Rent :smile: [bold]"
        assert told == {
            "new": 12, "duplicate": 0, "skipped": 2, "lines_total": 14, "brought_minor": 1344_50,
            "dry_run": False, "currency": "EUR", "accounts": ["7"], "profile": None,
            "misfit": None, "trusted": False, "warnings": [],
        }  # fmt: skip
