"""`import_statement` remembers how the files of an account are read; `import_profile` shows it."""

from pathlib import Path
from typing import Any

import pytest

from budgets.models import ImportProfile, Statement
from tenants.context import acting_for
from tenants.models import Change
from tests.budgets.importing import Importer
from tests.budgets.statement_files import ofx, put, transaction
from tests.command_line import Ran, manage
from tests.factories import BudgetFactory

OPTIONS = ("--date-column", "Buchung", "--amount-column", "Summe", "--sign", "reversed")
FLAGS = "--date-column Buchung --amount-column Summe --sign reversed"


@pytest.fixture
def importer(tenant: Any) -> Importer:
    return Importer.of(tenant)


def card(folder: Path, *amounts: str, header: str = "Buchung;Summe;Zweck", month: int = 2) -> Path:
    """A CSV whose columns nobody can guess; sums with a minus are money in."""
    rows = [f"{day:02}.{month:02}.2026;{amount};x{day}" for day, amount in enumerate(amounts, 13)]
    return put(folder, "\n".join([header, *rows]) + "\n")


def profile(importer: Importer, *words: str, budget: str = "Household") -> Ran:
    verb, *more = words
    return manage(
        "import_profile", verb, "--tenant", importer.tenant.slug, "--budget", budget, *more
    )


def profiles(importer: Importer) -> dict[str, Any]:
    """The options by account."""
    with acting_for(importer.tenant):
        return dict(ImportProfile.objects.values_list("account", "options"))


class TestTheNextImport:
    def test_needs_no_options_and_says_so(self, importer, tmp_path):
        first = importer.run(card(tmp_path, "-1.234,50", "12,00"), *OPTIONS)
        second = importer.run(card(tmp_path, "-2.000,00", "7,00", month=3))

        assert f"remembered for the account without a name: {FLAGS};" in first.out
        assert second.code == 0, second.err
        assert second.out.count("is read as remembered on ") == 1
        assert FLAGS in second.out
        assert importer.amounts == [1_234_50, 2_000_00]

    def test_is_not_one_of_the_same_file(self, importer, tmp_path):
        file = card(tmp_path, "-1,00", "-2,00")
        importer.run(file, *OPTIONS)

        assert importer.statuses(file) == (0, 2, 0)

    def test_keeps_the_account_that_was_named(self, importer, tmp_path):
        importer.told(card(tmp_path, "-1,00"), "--account", "Card", *OPTIONS)
        told = importer.told(card(tmp_path, "-2,00", month=3))

        assert told["accounts"] == ["Card"]
        assert told["profile"]["account"] == "Card"
        assert importer.amounts == [1_00, 2_00]

    def test_with_options_uses_and_remembers_them(self, importer, tmp_path):
        importer.run(card(tmp_path, "-1,00"), *OPTIONS)
        importer.told(card(tmp_path, "3,00", month=3), "--sign", "as-is")
        importer.told(card(tmp_path, "4,00", month=4))

        assert importer.amounts == [1_00, 3_00, 4_00]
        assert profiles(importer)[""] == {
            "columns": {"date": "Buchung", "amount": "Summe"},
            "sign": "as-is",
        }

    def test_uses_the_encoding_and_the_delimiter(self, importer, tmp_path):
        words = ("--encoding", "utf-16-le", "--delimiter", ":", "--amount-column", "Größe")

        def file(month):
            text = f"Datum:Größe:Text\n2026-{month:02}-13:5,00:a\n2026-{month:02}-14:-6,00:b\n"
            return put(tmp_path, text.encode("utf-16-le"))

        importer.told(file(2), *words)
        importer.told(file(3))

        assert importer.amounts == [5_00, 5_00]

    def test_of_a_file_with_another_layout_uses_none_and_says_so(self, importer, tmp_path):
        importer.run(card(tmp_path, "-1,00"), *OPTIONS)
        other = put(tmp_path, "Date,Amount,Payee\n2026-03-01,5.00,a\n2026-03-02,-6.00,b\n")

        ran = importer.run(other)

        assert "other columns than the profiles of the account without a name" in ran.out
        assert importer.amounts == [1_00, 5_00]


class TestWritesNoProfile:
    @pytest.mark.parametrize("word", ["--dry-run", "--review", "--no-profile", "--explain"])
    def test_with(self, importer, tmp_path, word):
        ran = importer.run(card(tmp_path, "-1,00", "2,00"), *OPTIONS, word)

        assert ran.code == 0, ran.err
        assert profiles(importer) == {}

    def test_without_options(self, importer, tmp_path):
        importer.told(put(tmp_path, "Date,Amount,Payee\n2026-03-01,5.00,a\n2026-03-02,-6.00,b\n"))

        assert profiles(importer) == {}

    def test_if_balances_contradict_the_options(self, importer, tmp_path):
        text = "Date;Amount;Text;Balance\n13.02.2026;1,00;a;101,00\n14.02.2026;-2,00;b;99,00\n"
        text += "15.02.2026;5,00;c;104,00\n"

        told = importer.told(put(tmp_path, text), "--sign", "reversed")

        assert told["misfit"]
        assert profiles(importer) == {}

    def test_without_use_of_one_either(self, importer, tmp_path):
        importer.run(card(tmp_path, "-1,00"), *OPTIONS)

        ran = importer.run(card(tmp_path, "-2,00", month=3), "--no-profile")

        ran.assert_refused("bad_statement", "--amount-column")
        assert importer.amounts == [1_00]


class TestAChangedHeader:
    def test_is_asked_about_if_a_named_column_is_gone(self, importer, tmp_path):
        importer.run(card(tmp_path, "-1,00"), *OPTIONS)
        changed = card(tmp_path, "-2,00", header="Buchung;Umme;Zweck", month=3)

        ran = importer.run(changed)

        ran.assert_refused("bad_statement", "gone: 'Summe'; new: 'Umme'")
        assert "say --amount-column NAME --sign reversed; --no-profile" in ran.err
        assert importer.amounts == [1_00]
        importer.told(changed, "--amount-column", "Umme", "--sign", "reversed")
        assert importer.amounts == [1_00, 2_00]
        assert profiles(importer)[""]["columns"] == {"date": "Buchung", "amount": "Umme"}

    def test_of_a_file_without_account_asks_about_signs(self, importer, tmp_path):
        importer.run(card(tmp_path, "-1,00"), *OPTIONS)
        changed = card(tmp_path, "-2,00", header="Buchung;Summe;Text", month=3)

        importer.run(changed).assert_refused("bad_statement", "say --sign reversed; --no-profile")
        told = importer.told(changed, "--sign", "reversed")

        assert (told["profile"]["gone"], told["profile"]["new"]) == (["Zweck"], ["Text"])
        assert importer.amounts == [1_00, 2_00]

    def test_of_a_named_account_is_said_once_and_remembered(self, importer, tmp_path):
        importer.run(card(tmp_path, "-1,00"), "--account", "Card", *OPTIONS)
        header = "Buchung;Summe;Text"

        first, second = (
            importer.run(card(tmp_path, amount, header=header, month=month), *words)
            for amount, month, words in (("-2,00", 3, ("--account", "Card")), ("-3,00", 4, ()))
        )

        assert "has changed: gone: 'Zweck'; new: 'Text'" in first.out
        assert "has changed" not in second.out
        assert importer.amounts == [1_00, 2_00, 3_00]

    def test_of_an_account_that_the_file_names_needs_no_more(self, importer, tmp_path):
        def file(header, month):
            return put(
                tmp_path,
                f"Konto;Buchung;Summe;{header}\n7;13.{month:02}.2026;-2,00;x\n"
                f"7;14.{month:02}.2026;3,00;y\n",
            )

        importer.told(file("Zweck", 2), "--account-column", "Konto", *OPTIONS)
        told = importer.told(file("Text", 3))

        assert told["profile"]["account"] == "7"
        assert importer.amounts == [2_00, 2_00]


class TestTwoAccountsOfABudget:
    def test_with_the_same_header_are_asked_about(self, importer, tmp_path):
        importer.told(card(tmp_path, "-1,00"), "--account", "Card", *OPTIONS)
        giro = (*OPTIONS[:-1], "as-is", "--account", "Giro")
        importer.told(card(tmp_path, "2,00", month=3), *giro)

        ran = importer.run(card(tmp_path, "-3,00", month=4))

        ran.assert_refused("bad_statement", "'Card', 'Giro'; say --account NAME")
        importer.told(card(tmp_path, "-3,00", month=4), "--account", "Card")
        importer.told(card(tmp_path, "4,00", month=5), "--account", "Giro")
        assert importer.amounts == [1_00, 2_00, 3_00, 4_00]

    def test_of_which_the_file_names_one_use_its_profile(self, importer, tmp_path):
        def file(account, amount, month):
            return put(tmp_path, f"Konto;Buchung;Summe\n{account};13.{month:02}.2026;{amount}\n")

        column = ("--account-column", "Konto")
        importer.told(file("7", "-1,00", 2), *column, *OPTIONS)
        importer.told(file("8", "2,00", 2), *column, *OPTIONS[:-1], "as-is")

        importer.told(file("7", "-3,00", 3))
        importer.told(file("8", "4,00", 3))

        assert importer.amounts == [1_00, 2_00, 3_00, 4_00]
        assert {name: each["sign"] for name, each in profiles(importer).items()} == {
            "7": "reversed",
            "8": "as-is",
        }

    def test_of_an_ofx_file_keep_their_encodings(self, importer, tmp_path):
        def file(account, name):
            text = ofx(transaction(TRNAMT="5.00", FITID=name, NAME="Größe"), account=account)
            return put(tmp_path, text.encode("cp850"))

        importer.told(file("7", "a"), "--encoding", "cp850")
        seven, eight = importer.told(file("7", "b")), importer.run(file("8", "c"))

        assert seven["lines"][0]["description"] == "Größe"
        assert seven["profile"]["options"] == {"encoding": "cp850"}
        eight.assert_refused("bad_statement", "say --encoding cp850")

    def test_of_an_ofx_file_do_not_remember_the_selected_account(self, importer, tmp_path):
        importer.told(put(tmp_path, ofx(transaction(TRNAMT="5.00"))), "--account", "7")

        assert profiles(importer) == {}


class TestExplain:
    def test_shows_columns_and_decisions_and_writes_nothing(self, importer, tmp_path):
        before = importer.state

        told = importer.told(card(tmp_path, "-1,00", "2,00"), *OPTIONS, "--explain")

        found = {each["subject"]: (each["reading"], each["reason"]) for each in told["findings"]}
        assert found["format"] == ("CSV", "the content of the file")
        assert found["accounts"] == ("not named", "the file names none")
        assert found["currency"] == ("EUR", "the budget's")
        assert found["column 'Buchung'"] == ("date", "--date-column")
        assert found["column 'Zweck'"][0] == "description"
        assert found["signs"][1] == "--sign reversed"
        assert (told["format"], told["accounts"], told["profile"]) == ("csv", [""], None)
        assert importer.state == before
        with acting_for(importer.tenant):
            assert not Statement.objects.exists()

    def test_marks_what_is_remembered_and_not_what_is_said_now(self, importer, tmp_path):
        importer.told(card(tmp_path, "-1,00"), *OPTIONS)
        file = card(tmp_path, "-2,00", month=3)

        told = importer.told(file, "--explain", "--date-column", "Buchung")

        reasons = {each["subject"]: each["reason"] for each in told["findings"]}
        since = f"as remembered on {told['profile']['remembered_at'][:10]}"
        assert reasons["column 'Summe'"] == f"--amount-column {since}"
        assert reasons["signs"] == f"--sign reversed {since}"
        assert reasons["column 'Buchung'"] == "--date-column"
        assert importer.amounts == [1_00]

    def test_prints_a_table(self, importer, tmp_path):
        ran = importer.run(card(tmp_path, "-1,00", "2,00"), *OPTIONS, "--explain")

        [row] = [line for line in ran.out.splitlines() if "column 'Summe'" in line]
        assert [cell.strip() for cell in row.split("│")[2:4]] == ["amount", "--amount-column"]
        assert ran.out.endswith("nothing was written\n")

    def test_of_ofx_shows_what_the_file_names(self, importer, tmp_path):
        told = importer.told(put(tmp_path, ofx(transaction())), "--explain")

        found = {each["subject"]: (each["reading"], each["reason"]) for each in told["findings"]}
        assert found["accounts"] == ("7", "the file names them")
        assert found["currency"] == ("EUR", "the file names it")


class TestTheCommand:
    @pytest.fixture
    def known(self, importer, tmp_path):
        importer.told(card(tmp_path, "-1,00"), "--account", "Card", *OPTIONS)
        return importer

    def test_lists_and_shows(self, known):
        [row] = profile(known, "list", "--json").json
        shown = profile(known, "show", "Card")

        assert (row["account"], row["format"]) == ("Card", "csv")
        assert row["header"] == ["Buchung", "Summe", "Zweck"]
        assert row["flags"] == f"{FLAGS} --account Card"
        assert profile(known, "show", "Card", "--json").json == row
        assert "columns: Buchung, Summe, Zweck" in shown.out

    def test_edits_what_the_next_import_uses(self, known, tmp_path):
        edited = profile(known, "edit", "Card", "--sign", "as-is", "--clear", "date-column")

        assert edited.code == 0, edited.err
        assert profiles(known)["Card"] == {
            "columns": {"amount": "Summe"},
            "sign": "as-is",
            "account": "Card",
        }

    def test_edits_nothing_on_a_dry_run(self, known):
        before = profiles(known)

        ran = profile(known, "edit", "Card", "--decimal", ".", "--dry-run")

        assert "--decimal ." in ran.out
        assert "nothing was written" in ran.out
        assert profiles(known) == before

    def test_forgets(self, known, tmp_path):
        profile(known, "forget", "Card", "--dry-run")
        assert profiles(known)
        ran = profile(known, "forget", "Card")

        assert ran.code == 0, ran.err
        assert profiles(known) == {}
        again = known.run(card(tmp_path, "-2,00", month=3))
        again.assert_refused("bad_statement", "--amount-column")

    @pytest.mark.parametrize(
        ("words", "code", "text"),
        [
            (("show",), "unknown_profile", "it has: 'Card'"),
            (("show", "card"), "unknown_profile", "'card'"),
            (("edit", "Card"), "bad_profile", "name what to change"),
            (
                ("edit", "Card", "--credit-column", "A", "--amount-column", "B"),
                "bad_statement",
                "both",
            ),
        ],
    )
    def test_refuses(self, known, words, code, text):
        before = profiles(known)

        profile(known, *words).assert_refused(code, text)

        assert profiles(known) == before

    def test_of_another_budget_has_its_own(self, known):
        with acting_for(known.tenant):
            BudgetFactory(name="Other")

        assert profile(known, "list", "--json", budget="Other").json == []

    def test_keeps_the_history(self, known):
        profile(known, "edit", "Card", "--sign", "as-is")
        profile(known, "forget", "Card")

        with acting_for(known.tenant):
            changes = Change.objects.filter(model="budgets.importprofile").order_by("pk")
            assert [each.verb for each in changes] == ["insert", "update", "delete"]
            assert [each.before and each.before["options"]["sign"] for each in changes] == [
                None,
                "reversed",
                "as-is",
            ]
