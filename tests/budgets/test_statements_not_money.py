"""What stands in a table and is no money: it is listed with the reason, and never comes in."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.statements.words import state, summary
from tests.budgets.statement_files import FUZZ, amounts, lines, of_row, put, refusal

BOOKED = [
    ("Status", "Completed", "Pending"),
    ("State", "COMPLETED", "REVERTED"),
    ("Status", "Posted", "Authorised"),
    ("Transaction Status", "Settled", "Declined"),
    ("Status", "Complete", "Failed"),
    ("Status", "Cleared", "Cancelled"),
    ("Status", "Gebucht", "Vorgemerkt"),
    ("Info", "Umsatz gebucht", "Umsatz vorgemerkt"),
    ("Buchungsstatus", "ausgeführt", "Abgelehnt"),
    ("Status", "Abgeschlossen", "Storniert"),
    ("Statut", "Comptabilisé", "En attente"),
    ("État", "TERMINÉ", "Annulé"),
    ("Estado", "Completado", "Pendiente"),
    ("Estado", "Contabilizado", "Rechazado"),
    ("Estado", "Concluída", "Em processamento"),
    ("Situação", "Efetuado", "Cancelado"),
    ("Stato", "Contabilizzato", "In sospeso"),
    ("Stato", "Eseguito", "Rifiutato"),
    ("Stan", "Zaksięgowana", "Oczekująca"),
    ("Status transakcji", "Rozliczona", "Odrzucona"),
    ("Status", "Geboekt", "In behandeling"),
    ("Status", "Verwerkt", "Geweigerd"),
    ("Status", "Bokförd", "Reserverad"),
    ("Status", "Bokført", "Reservert"),
    ("Tila", "Kirjattu", "Varaus"),
    ("Stav", "Zaúčtováno", "Zamítnuto"),
    ("", "booked", "pending"),
    ("Hinweis", "Gebucht", "Vorgemerkt"),
    ("Posted", "Yes", "No"),
    ("Gebucht", "x", ""),
    ("Pending", "FALSE", "TRUE"),
    ("isPending", "0", "1"),
    ("Vorgemerkt", "", "Ja"),
    ("Transaction Type", "Transfer", "Pending"),
    ("Umsatzart", "Überweisung", "Vormerkung"),
]
BALANCES = [
    "Opening balance",
    "Beginning balance as of 01/01/2025",
    "CLOSING BALANCE",
    "Balance brought forward",
    "Saldo",
    "Kontostand",
    "Anfangssaldo",
    "Neuer Kontostand per 31. Januar 2025",
    "Saldo vortrag",
    "Solde au 31/01/2025",
    "Ancien solde",
    "Saldo anterior",
    "Saldo inicial",
    "Saldo do dia",
    "S A L D O",
    "Saldo iniziale",
    "Saldo contabile al 31/01/2025",
    "Saldo początkowe",
    "Beginsaldo",
    "Ingående saldo",
]
BOOKINGS = [
    "Saldo Rechnung 4711",
    "Balance transfer from savings",
    "TotalEnergies",
    "Balance Yoga Studio",
    "Solde de tout compte ACME",
    "Sumup Marktstand",
    "Restaurant Summerhouse",
]


def stated(header: str, *rows: tuple[str, str]) -> str:
    text = (
        f"2025-01-{1 + n % 28:02};a{n};{amount};{state}" for n, (amount, state) in enumerate(rows)
    )
    return "\n".join([f"Date;Text;Amount;{header}", *text])


def reasons(path: Path, **hints: Any) -> list[str]:
    return [line.not_booked for line in lines(path, **hints)]


class TestAState:
    @pytest.mark.parametrize(("header", "booked", "other"), BOOKED)
    def test_says_what_is_booked(
        self, tmp_path: Path, header: str, booked: str, other: str
    ) -> None:
        path = put(tmp_path, stated(header, ("5.00", booked), ("7.00", other), ("-1.00", booked)))

        found = lines(path)

        assert [(line.number, line.amount) for line in found if line.incoming] == [(1, 5_00)]
        assert found[1].not_booked in ("pending", "reverted", "declined", "failed", "cancelled")
        assert not found[2].not_booked

    def test_that_nobody_knows_is_asked_about(self, tmp_path: Path) -> None:
        path = put(tmp_path, stated("Status", ("5.00", "Completed"), ("7.00", "On its way")))

        assert refusal(path) == (
            "line 2 (row 3 of the file): column 'Status' is 'On its way' beside 'Completed': is "
            "the line booked? say --booked-when Status=Completed --booked-when "
            "'Status=On its way' if it is, or only --booked-when Status=Completed if it is not"
        )
        sure = ("Status", "completed")
        assert reasons(path, booked_when=(sure,)) == ["", "Status is 'On its way'"]
        assert reasons(path, booked_when=(sure, ("Status", "On its way"))) == ["", ""]
        assert reasons(path, columns={"status": ""}) == ["", ""]

    def test_that_nobody_knows_is_asked_about_when_it_is_alone(self, tmp_path: Path) -> None:
        path = put(tmp_path, stated("Status", ("5.00", "On its way")))

        assert "say --booked-when 'Status=On its way' if it is" in refusal(path)

    def test_may_be_left_out_of_what_is_booked_only_if_others_are_pending(
        self, tmp_path: Path
    ) -> None:
        pending = put(tmp_path, stated("Status", ("5.00", ""), ("7.00", "Pending")))
        booked = put(tmp_path, stated("Status", ("5.00", ""), ("7.00", "Booked")))

        assert reasons(pending) == ["", "pending"]
        assert "line 1 (row 2 of the file): column 'Status' is '' beside" in refusal(booked)

    def test_of_a_country_is_another_thing(self, tmp_path: Path) -> None:
        assert reasons(put(tmp_path, stated("State", ("5.00", "NY"), ("7.00", "CA")))) == ["", ""]

    def test_in_a_column_somebody_names_is_what_they_say(self, tmp_path: Path) -> None:
        path = put(tmp_path, stated("Art", ("5.00", "x"), ("7.00", "y")))

        assert reasons(path, booked_when=(("art", "X"),)) == ["", "Art is 'y'"]
        assert refusal(path, booked_when=(("Art", "z"),)) == (
            "no line has 'z' in column 'Art'; there are: 'x', 'y'; say --booked-when COLUMN=VALUE"
        )
        assert refusal(path, booked_when=(("Farbe", "z"),)) == (
            "no column 'Farbe'; the file has: Date, Text, Amount, Art; "
            "say --booked-when COLUMN=VALUE"
        )

    def test_of_many_values_cannot_be_named(self, tmp_path: Path) -> None:
        path = put(tmp_path, stated("Art", *(("5.00", f"{n}") for n in range(99))))

        assert "too many values" in refusal(path, booked_when=(("Art", "1"),))

    def test_may_stand_in_place_of_the_date_or_leave_it_empty(self, tmp_path: Path) -> None:
        path = put(
            tmp_path,
            "Date;Text;Amount;Status\nPending;a;5;\n;b;5;pending\n2025-01-31;c;1;\n;d;5;Pending\n",
        )

        found = lines(path)

        assert [line.not_booked for line in found] == ["pending", "pending", "", "pending"]
        assert {str(line.posted) for line in found} == {"2025-01-31"}

    def test_memo_changes_no_balance(self, tmp_path: Path) -> None:
        path = put(tmp_path, stated("Balance Impact", ("5.00", "Memo"), ("7.00", "Credit")))

        assert reasons(path) == ["pending", ""]

    def test_needs_no_sum_that_can_be_read(self, tmp_path: Path) -> None:
        path = put(tmp_path, stated("Status", ("n/a", "Pending"), ("7.00", "Booked")))

        assert [line.amount for line in lines(path)] == [0, 7_00]


class TestABalance:
    @pytest.mark.parametrize("text", BALANCES)
    def test_with_a_date_and_a_sum_is_no_money(self, tmp_path: Path, text: str) -> None:
        for row in (f"2025-01-31;{text};3000.00;", f"2025-01-31;x;3000.00;{text}"):
            path = put(tmp_path, f"Date;Text;Amount;Ref\n2025-01-30;Pay;5.00;\n{row}\n")

            assert amounts(path) == [5_00, 3000_00]
            assert reasons(path) == ["", "a balance"]

    @pytest.mark.parametrize("text", BOOKINGS)
    def test_is_not_any_text_with_such_a_word(self, tmp_path: Path, text: str) -> None:
        path = put(tmp_path, f"Date;Text;Amount\n2025-01-30;{text};5.00\n")

        assert reasons(path) == [""]

    @pytest.mark.parametrize(
        "row",
        [
            "Kontostand;31.01.2025;3000,00",
            "2025-01-01;Opening balance;",
            ";Saldo;3000,00",
            "Kontostand",
            "Kontostand;31.01.2025;3000,00;EUR;;",
        ],
    )
    def test_may_lack_a_date_or_a_sum_or_cells(self, tmp_path: Path, row: str) -> None:
        path = put(tmp_path, f"Date;Text;Amount;A;B;C;D\n2025-01-30;Pay;5,00;;;;\n{row}\n")

        assert reasons(path) == ["", "a balance"]

    def test_beside_a_line_stays_with_it(self, tmp_path: Path) -> None:
        header = "Date;Text;Amount;{}\n2025-01-30;Pay;5,00;1.000,00\n2025-01-31;x;-1,00;n/a\n"
        names = ["Balance", "Saldo", "Kontostand", "Solde", "Saldo (EUR)", "Running Bal."]

        for name in names:
            found = lines(put(tmp_path, header.format(name)))

            assert [line.balance for line in found] == [1000_00, None]

    def test_beside_a_line_may_have_a_mark(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Balance\n2025-01-30;5,00 CR;10,00 DR\n")

        assert lines(path)[0].balance == -10_00


class TestATotal:
    @pytest.mark.parametrize(
        "row",
        ["Summe;;5,00", ";Total;5,00", "Total;;5,00", "2025-01-31;Total;5,00", "Suma;;5,00"],
    )
    def test_at_the_end_is_no_money(self, tmp_path: Path, row: str) -> None:
        path = put(tmp_path, f"Date;Text;Amount\n2025-01-30;Pay;5,00\n{row}\n")

        assert reasons(path) == ["", "a total"]

    def test_with_a_date_between_others_is_a_shop(self, tmp_path: Path) -> None:
        rows = "2025-01-30;Pay;5,00\n2025-01-31;TOTAL;5,00\n2025-01-31;Pay;1,00\n"
        path = put(tmp_path, f"Date;Text;Amount\n{rows}")

        assert reasons(path) == ["", "", ""]


class TestOtherRows:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("PENDING - ACME", "pending"),
            ("Pending: ACME", "pending"),
            ("[Pending] ACME", "pending"),
            ("Vorgemerkt: ACME", "pending"),
            ("Pending bill - ACME", ""),
            ("ACME (pending)", ""),
        ],
    )
    def test_that_a_bank_marks_are_pending(self, tmp_path: Path, text: str, why: str) -> None:
        assert reasons(put(tmp_path, f"Date;Text;Amount\n2025-01-30;{text};5,00\n")) == [why]

    def test_of_a_batch_have_neither_date_nor_amount(self, tmp_path: Path) -> None:
        rows = "2025-01-31;-30,00;;all\n;;-10,00;a\n;;-20,00;b\n"
        path = put(tmp_path, f"Buchungsdatum;Belastung;Einzelbetrag;Beschreibung\n{rows}")

        assert [(line.amount, line.not_booked) for line in lines(path)] == [
            (-30_00, ""),
            (0, "neither a date nor an amount"),
            (0, "neither a date nor an amount"),
        ]

    @pytest.mark.parametrize(
        "row", ["***END OF FILE***", "-----", "Exported by ACME;;", ";;Page 1 of 1", "# comment"]
    )
    def test_of_one_text_are_headings_or_footers(self, tmp_path: Path, row: str) -> None:
        path = put(tmp_path, f"Date;Text;Amount\n{row}\n2025-01-30;Pay;5,00\n{row}\n")

        assert reasons(path) == ["a heading or a footer", "", "a heading or a footer"]
        assert [line.number for line in lines(path)] == [1, 2, 3]

    def test_repeat_the_header(self, tmp_path: Path) -> None:
        header, row = "Date;Text;Amount", "2025-01-30;Pay;5,00"
        path = put(tmp_path, f"{header}\n{row}\n{header}\n{row}\n")

        assert reasons(path) == ["", "a header", ""]

    @pytest.mark.parametrize(
        ("pending", "booked"),
        [
            ("Pending Transactions", "Posted Transactions"),
            ("Vorgemerkte Umsätze", "Gebuchte Umsätze"),
            ("Opérations en attente", "Opérations comptabilisées"),
            ("Movimientos pendientes", "Movimientos"),
            ("Scheduled payments", "Completed payments"),
            ("Transactions being processed", "Transactions"),
            ("Nicht gebuchte Umsätze", "Gebuchte Umsätze"),
        ],
    )
    def test_of_a_pending_section_are_pending(
        self, tmp_path: Path, pending: str, booked: str
    ) -> None:
        row = "2025-01-30;Pay;5,00"
        path = put(tmp_path, f"Date;Text;Amount\n{pending};;\n{row}\n{booked};;\n{row}\n")

        assert reasons(path)[1::2] == ["pending", ""]

    def test_above_the_header_begin_a_section(self, tmp_path: Path) -> None:
        table = "Date;Text;Amount\n2025-01-30;Pay;5,00\n"
        path = put(tmp_path, f"Vorgemerkte Umsätze\n\n{table}Gebuchte Umsätze\n{table}")

        assert [line.not_booked for line in lines(path)] == [
            *("pending", "a heading or a footer", "a header", ""),
        ]

    @pytest.mark.parametrize(
        ("came", "went"), [("Deposits", "Withdrawals"), ("Payments in", "Payments out")]
    )
    def test_of_money_out_are_asked_about_if_no_sum_has_a_sign(
        self, tmp_path: Path, came: str, went: str
    ) -> None:
        table = "Date;Text;Amount\n2025-01-30;Pay;{0}5,00\n"
        path = put(tmp_path, f"{came}\n{table.format('')}{went}\n{table.format('')}")

        assert f"the heading {went!r} says that some went out" in refusal(path)
        assert amounts(path, sign="as-is") == [5_00, 0, 0, 5_00]
        signed = put(tmp_path, f"{came}\n{table.format('')}{went}\n{table.format('-')}")
        assert amounts(signed) == [5_00, 0, 0, -5_00]

    @pytest.mark.parametrize("header", ["Date;Text;Fee", "Date;Amount;Text"])
    def test_that_begin_another_table_are_refused(self, tmp_path: Path, header: str) -> None:
        row = "2025-01-30;Pay;5,00"
        path = put(tmp_path, f"Date;Text;Amount\n{row}\n\n{header}\n{row}\n")

        assert "another table begins here" in refusal(path)
        assert amounts(path, skip_footer=2)[0] == 5_00

    @pytest.mark.parametrize(
        "note",
        [
            "Pending transactions are not reflected within this sort criterion.",
            "Booked and pending transactions",
            "Umsätze inkl. vorgemerkte",
            "Pending balance: 5.00",
            "Pending amount 5.00",
        ],
    )
    def test_that_only_mention_pending_lines_make_none_pending(
        self, tmp_path: Path, note: str
    ) -> None:
        row = "2025-01-30;Pay;5,00"

        below = reasons(put(tmp_path, f"Date;Text;Amount\n{note};;\n{row}\n"))
        assert below[0] in ("a heading or a footer", "a balance")
        assert below[1] == ""
        assert reasons(put(tmp_path, f"{note}\nDate;Text;Amount\n{row}\n")) == [""]

    @pytest.mark.parametrize(
        ("row", "complaint"),
        [
            (";Pay;5,00", "column 'Date' is empty"),
            ("soon;Pay;5,00", "column 'Date' 'soon' is not a date"),
            ("2025-02-30;Pay;", "column 'Date' '2025-02-30' is not a date"),
            ("2025-01-30;Pay;", "column 'Amount' is empty"),
            ("2025-01-30;Pa", "2 columns where the header has 3"),
        ],
    )
    def test_that_may_be_bookings_are_refused(
        self, tmp_path: Path, row: str, complaint: str
    ) -> None:
        path = put(tmp_path, f"Date;Text;Amount\n2025-01-30;Pay;5,00\n{row}\n")

        assert refusal(path) == of_row(2, 3, complaint)
        assert reasons(path, skip_lines=frozenset([2])) == ["", "left out by choice"]

    def test_alone_make_no_lines(self, tmp_path: Path) -> None:
        assert lines(put(tmp_path, "Date;Text;Amount\nNo transactions found;;\n")) == []


@given(
    odd=st.lists(
        st.sampled_from(
            [
                "Summe;;99,00;",
                ";Total;99,00;",
                "2025-01-31;Endsaldo;99,00;",
                "Page 1;;;",
                "***",
                "Date;Text;Amount;Status",
                "2025-01-31;x;99,00;pending",
                ";x;99,00;declined",
                ";;;",
            ]
        ),
        max_size=6,
    ),
    at=st.integers(0, 6),
)
@FUZZ
def test_no_other_row_changes_what_comes_in(tmp_path: Path, odd: list[str], at: int) -> None:
    rows = list(odd)
    rows.insert(min(at, len(rows)), "2025-01-30;Pay;5,00;")
    path = put(tmp_path, "\n".join(["Date;Text;Amount;Status", *rows]))

    assert [line.amount for line in lines(path) if line.incoming] == [5_00]


@pytest.mark.parametrize("text", ["Umsatz", "", "Refunded", "blue", "42"])
def test_a_state_nobody_knows_is_none(text: str) -> None:
    assert state(text) is None


@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_row_is_a_summary_or_none(cells: list[str]) -> None:
    assert summary(cells) in ("", "a balance", "a total")
