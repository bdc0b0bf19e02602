"""Which sums of a CSV came in and which went out: sure by the file, or asked."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from budgets.cascade import MAX_MINOR
from budgets.statements.words import direction, kind, marked
from tests.budgets.statement_files import FUZZ, amounts, put, refusal

IN_AND_OUT = [
    ("Debit/Credit", "credit", "debit"),
    ("Credit Debit Indicator", "CRDT", "DBIT"),
    ("creditDebitIndicator", "CRDT", "DBIT"),
    ("DR/CR", "Cr", "Dr"),
    ("S/H", "H", "S"),
    ("Soll/Haben", "Haben", "Soll"),
    ("Sens", "Crédit", "Débit"),
    ("Debe/Haber", "Haber", "Debe"),
    ("Cargo/Abono", "Abono", "Cargo"),
    ("Débito/Crédito", "Crédito", "Débito"),
    ("Dare/Avere", "Avere", "Dare"),
    ("D/A", "A", "D"),
    ("Wn/Ma", "Ma", "Wn"),
    ("Af/Bij", "Bij", "Af"),
    ("Debet/Credit", "C", "D"),
    ("", "H", "S"),
    ("", "C", "D"),
    ("", "+", "-"),
    ("Kennzeichen", "H", "S"),
    ("Segno", "+", "-"),
    ("Transaction Type", "credit", "debit"),
    ("Tipo", "Ingreso", "Gasto"),
    ("Type", "Crédit", "Débit"),
    ("Rodzaj transakcji", "Uznanie", "Obciążenie"),
    ("Soort", "Bij", "Af"),
    ("Typ", "Einnahme", "Ausgabe"),
    ("Tipo de transação", "Receita", "Despesa"),
    ("D/K", "K", "D"),
    ("Strana", "K", "D"),
    ("B/A", "A", "B"),
    ("T/J", "J", "T"),
    ("Χρέωση/Πίστωση", "\u03a0", "\u03a7"),
    ("Type", "Transfer in", "Transfer out"),
    ("Transaction", "Payment received", "Payment sent"),
    ("What happened", "Payment received", "Payment sent"),
    ("Umsatzart", "Überweisungsgutschrift", "Überweisungsauftrag"),
    ("Type", "Virement reçu", "Virement émis"),
    ("Tipo", "Transferencia recibida", "Transferencia enviada"),
    ("Tipo", "Pix recebido", "Pix enviado"),
    ("Soort", "Ontvangen", "Verzonden"),
    ("Art", "Geldeingang", "Geldausgang"),
    ("Tipo operazione", "Entrata", "Uscita"),
    ("Typ", "Insättning", "Uttag"),
    ("Buchungstext", "Gutschrift", "Lastschrift"),
]


def directed(header: str, *rows: tuple[str, str]) -> str:
    """A CSV with a column of directions between others."""
    lines = (f"2025-01-{31 - n};{way};a;{amount}" for n, (amount, way) in enumerate(rows))
    return "\n".join([f"Date;{header};Payee;Amount", *lines])


def described(*rows: tuple[str, str], header: str = "Date,Description,Amount") -> str:
    lines = (f"2025-01-{31 - n},{text},{amount}" for n, (text, amount) in enumerate(rows))
    return "\n".join([header, *lines])


def split(*rows: tuple[str, str]) -> str:
    lines = (f"2025-01-{31 - n};a;{debit};{credit}" for n, (debit, credit) in enumerate(rows))
    return "\n".join(["Date;Text;Debit;Credit", *lines])


class TestAColumnOfDirections:
    @pytest.mark.parametrize(("header", "came", "went"), IN_AND_OUT)
    def test_signs_plain_sums(self, tmp_path: Path, header: str, came: str, went: str) -> None:
        path = put(tmp_path, directed(header, ("5.00", came), ("7.00", went)))

        assert amounts(path) == [5_00, -7_00]

    @given(
        sums=st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8),
        notation=st.sampled_from(IN_AND_OUT),
    )
    @FUZZ
    def test_brings_every_signed_sum_back(
        self, tmp_path: Path, sums: list[int], notation: tuple[str, str, str]
    ) -> None:
        header, came, went = notation
        assume(min(sums) < 0 < max(sums))
        rows = [(f"{abs(n) // 100}.{abs(n) % 100:02}", went if n < 0 else came) for n in sums]
        path = put(tmp_path, directed(header, *rows))

        assert amounts(path, decimal=".") == sums

    def test_may_stand_beside_sums_that_have_a_sign(self, tmp_path: Path) -> None:
        path = put(tmp_path, directed("Type", ("5.00", "credit"), ("-7.00", "debit")))

        assert amounts(path) == [5_00, -7_00]

    def test_decides_where_every_sign_is_the_opposite(self, tmp_path: Path) -> None:
        path = put(tmp_path, directed("D/C", ("-5.00", "C"), ("7.00", "D")))

        assert amounts(path) == [5_00, -7_00]

    def test_asks_where_some_signs_contradict_it(self, tmp_path: Path) -> None:
        rows = [("5.00", "C"), ("7.00", "D"), ("-7.00", "D")]
        path = put(tmp_path, directed("D/C", *rows))

        assert refusal(path) == (
            "line 3 (row 4 of the file): column 'Amount' '-7.00' is negative, and marked as money "
            "out, beside sums without a minus: say --direction-column '' --sign as-is if a minus "
            "is money out, --direction-column '' --sign reversed if it is money in, or "
            "--skip-line 3"
        )
        assert amounts(path, columns={"direction": ""}, sign="reversed") == [-5_00, -7_00, 7_00]

    def test_asks_where_money_in_has_a_minus_or_none(self, tmp_path: Path) -> None:
        path = put(tmp_path, directed("D/C", ("5.00", "C"), ("7.00", "D"), ("-1.00", "C")))

        assert "'-1.00' is negative, and marked as money in: say" in refusal(path)

    @pytest.mark.parametrize("name", ["", "Dr/Cr", "Type"])
    @pytest.mark.parametrize(("mark", "expected"), [("CR", [5_00, -3_00]), ("DR", [-5_00, 3_00])])
    def test_may_mark_one_direction_alone(
        self, tmp_path: Path, name: str, mark: str, expected: list[int]
    ) -> None:
        path = put(tmp_path, f"Date,Amount,{name}\n2025-01-15,5.00,{mark}\n2025-01-16,3.00,")

        assert amounts(path) == expected

    @pytest.mark.parametrize(
        ("name", "mark", "other"), [("Flag", "C", "3.00"), ("", "CR", "-3.00")]
    )
    def test_that_marks_few_sums_may_be_something_else(
        self, tmp_path: Path, name: str, mark: str, other: str
    ) -> None:
        path = put(tmp_path, f"Date,Amount,{name}\n2025-01-15,5.00,{mark}\n2025-01-16,{other},")

        assert amounts(path) == [5_00, int(float(other) * 100)]

    def test_of_letters_is_known_by_its_name_if_one_of_them_is_missing(
        self, tmp_path: Path
    ) -> None:
        assert amounts(put(tmp_path, "Date,D/K,Amount\n2025-01-15,K,5.00")) == [5_00]

    def test_asks_about_a_kind_of_booking_without_a_direction(self, tmp_path: Path) -> None:
        rows = [("5.00", "Gutschrift"), ("7.00", "Lastschrift"), ("9.00", "Überweisung")]
        path = put(tmp_path, directed("Umsatzart", *rows))

        assert "column 'Umsatzart' 'Überweisung' says neither in nor out" in refusal(path)
        assert "--direction-column Umsatzart" in refusal(path)
        named = {"direction": "Umsatzart"}
        assert refusal(path, columns=named).endswith("say --skip-line 3 to pass over it")

    @pytest.mark.parametrize(("header", "value"), [("Klasse", "D"), ("Category", "s")])
    def test_is_not_any_column_of_letters(self, tmp_path: Path, header: str, value: str) -> None:
        assert amounts(put(tmp_path, directed(header, ("5.00", value)))) == [5_00]

    def test_says_nothing_of_kinds_when_the_sums_have_signs(self, tmp_path: Path) -> None:
        rows = [("-5.00", "Überweisung"), ("7.00", "Gutschrift"), ("-9.00", "Lastschrift")]

        assert amounts(put(tmp_path, directed("Umsatzart", *rows))) == [-5_00, 7_00, -9_00]


class TestAMarkInTheCell:
    @pytest.mark.parametrize(
        ("came", "went"),
        [
            ("5.00 CR", "7.00 DR"),
            ("5.00CR", "7.00DR"),
            ("5.00 Cr.", "7.00 Dr."),
            ("5.00 C", "7.00 D"),
            ("5.00 H", "7.00 S"),
            ("5.00 Haben", "7.00 Soll"),
            ("CR 5.00", "DR 7.00"),
            ("5.00 Credit", "7.00 Debit"),
            ("5.00+", "7.00-"),
            ("5.00 CR", "-7.00 DR"),
            ("5.00 CR", "-7.00"),
        ],
    )
    def test_signs_the_sum(self, tmp_path: Path, came: str, went: str) -> None:
        path = put(tmp_path, described(("a", came), ("b", went)))

        assert amounts(path) == [5_00, -7_00]

    @given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["CR", " Cr", " C", " H"]))
    def test_comes_off_and_leaves_the_sum(self, units: int, mark: str) -> None:
        opposite = {"CR": "DR", " Cr": " Dr", " C": " D", " H": " S"}[mark]
        plain = f"{abs(units) // 100}.{abs(units) % 100:02}"

        assert marked(plain + mark) == (plain, 1)
        assert marked(plain + opposite) == (plain, -1)
        assert marked(plain) == (plain, 0)

    def test_beside_sums_without_one_asks(self, tmp_path: Path) -> None:
        path = put(tmp_path, described(("PAYMENT", "5.00 CR"), ("SHOP", "7.00")))

        assert refusal(path) == (
            "line 2 (row 3 of the file): '7.00' has no mark like '5.00 CR': did this money come "
            "in or go out? say --sign as-is if it came in, --sign reversed if it went out"
        )
        assert amounts(path, sign="reversed") == [5_00, -7_00]
        assert amounts(path, sign="as-is") == [5_00, 7_00]

    def test_must_not_contradict_a_minus(self, tmp_path: Path) -> None:
        path = put(tmp_path, described(("a", "-5.00 CR"), ("b", "1.00 DR")))

        assert "'-5.00 CR' is negative, and marked as money in" in refusal(path)

    @pytest.mark.parametrize("text", ["5 kr", "5 EUR", "5 zł", "5 CHF", "5 dollars"])
    def test_is_not_a_currency(self, text: str) -> None:
        assert marked(text) == (text, 0)


class TestAPlus:
    @pytest.mark.parametrize("written", ["+5.00", "5.00+", "+ 5.00", "+$5.00"])
    def test_alone_is_money_in_and_all_else_went_out(self, tmp_path: Path, written: str) -> None:
        rows = f"2025-01-15,a,{written}\n2025-01-16,b,3.00\n2025-01-17,c,0.00"
        path = put(tmp_path, f"Date,Text,Amount\n{rows}")

        assert amounts(path) == [5_00, -3_00, 0]
        assert amounts(path, sign="as-is") == [5_00, 3_00, 0]

    def test_beside_a_minus_says_nothing(self, tmp_path: Path) -> None:
        rows = "2025-01-15,a,+5.00\n2025-01-16,b,3.00\n2025-01-17,c,-1.00"

        assert amounts(put(tmp_path, f"Date,Text,Amount\n{rows}")) == [5_00, 3_00, -1_00]


class TestTwoColumns:
    @pytest.mark.parametrize("dash", ["-", "\u2013", "\u2014"])
    def test_may_have_a_dash_for_nothing(self, tmp_path: Path, dash: str) -> None:
        rows = f"2025-01-15,5.00,{dash}\n2025-01-16,{dash},3.00"

        assert amounts(put(tmp_path, f"Date,Credit,Debit\n{rows}")) == [5_00, -3_00]

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([("7.00", ""), ("", "5.00")], [-7_00, 5_00]),
            ([("-7.00", ""), ("", "5.00")], [-7_00, 5_00]),
            ([("-7.00", ""), ("-1.00", "0.00")], [-7_00, -1_00]),
            ([("7.00", ""), ("-1.00", "")], [-7_00, 1_00]),
            ([("", "5.00"), ("", "-1.00")], [5_00, -1_00]),
        ],
    )
    def test_show_what_a_minus_means(
        self, tmp_path: Path, rows: list[tuple[str, str]], expected: list[int]
    ) -> None:
        assert amounts(put(tmp_path, split(*rows))) == expected

    def test_ask_when_more_money_out_has_a_minus_than_has_none(self, tmp_path: Path) -> None:
        path = put(tmp_path, split(("-7.00", ""), ("-8.00", ""), ("1.00", "")))

        assert refusal(path) == (
            "line 1 (row 2 of the file): '-7.00' in column 'Debit': did this money come in or go "
            "out? say --sign as-is if it came in, --sign reversed if it went out"
        )
        assert amounts(path, sign="reversed") == [-7_00, -8_00, 1_00]
        assert amounts(path, sign="as-is") == [7_00, 8_00, -1_00]

    def test_ask_when_all_money_in_has_a_minus(self, tmp_path: Path) -> None:
        path = put(tmp_path, split(("7.00", ""), ("", "-5.00")))

        assert "say --sign reversed if it came in, --sign as-is if it went out" in refusal(path)
        assert amounts(path, sign="reversed") == [-7_00, 5_00]
        assert amounts(path, sign="as-is") == [-7_00, -5_00]

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            (["5.00;5.00;", "7.00;;7.00"], [-5_00, 7_00]),
            ([";5.00;", ";;7.00"], [-5_00, 7_00]),
            (["-5.00;1200;8400", "7.00;8400;1200"], [-5_00, 7_00]),
        ],
    )
    def test_beside_a_column_of_sums_are_taken_if_they_say_more(
        self, tmp_path: Path, rows: list[str], expected: list[int]
    ) -> None:
        lines = "\n".join(f"2025-01-31;{row}" for row in rows)

        assert amounts(put(tmp_path, f"Date;Amount;Debit;Credit\n{lines}\n")) == expected


class TestACard:
    @pytest.mark.parametrize(
        ("bought", "paid"),
        [
            ("COFFEE", "ONLINE PAYMENT - THANK YOU"),
            ("COFFEE", "Payment Received"),
            ("EDEKA", "ZAHLUNG ERHALTEN. BESTEN DANK"),
            ("Padaria", "Pagamento recebido"),
            ("FNAC", "PAIEMENT RECU"),
            ("Mercadona", "PAGO RECIBIDO GRACIAS"),
            ("Esselunga", "Pagamento ricevuto"),
        ],
    )
    def test_that_writes_payments_with_a_minus_is_reversed(
        self, tmp_path: Path, bought: str, paid: str
    ) -> None:
        path = put(tmp_path, described((bought, "4.50"), (paid, "-200.00")))

        assert amounts(path) == [-4_50, 200_00]
        assert amounts(path, sign="as-is") == [4_50, -200_00]

    def test_that_writes_purchases_with_a_minus_is_read_as_it_is(self, tmp_path: Path) -> None:
        path = put(tmp_path, described(("COFFEE", "-4.50"), ("PAYMENT - THANK YOU", "200.00")))

        assert amounts(path) == [-4_50, 200_00]

    def test_that_names_kinds_is_reversed_by_them(self, tmp_path: Path) -> None:
        header = "Transaction Date,Merchant,Type,Amount (USD)"
        rows = [("Tea,Purchase", "4.50"), ("Bank,Payment", "-200.00"), ("Tea,Credit", "-1.00")]

        assert amounts(put(tmp_path, described(*rows, header=header)), "USD") == [
            -4_50,
            200_00,
            1_00,
        ]

    @pytest.mark.parametrize(
        ("header", "rows"),
        [
            ("Date,Description,Amount", [("COFFEE", "4.50"), ("REFUND TEA", "-1.00")]),
            ("Date,title,amount", [("Padaria", "4.50"), ("Mercado", "1.00")]),
            ("Trans Date,Description,Amount", [("COFFEE", "4.50"), ("TEA", "1.00")]),
            ("Datum,Karteninhaber,Betrag", [("Ann", "4.50"), ("Ann", "1.00")]),
            ("Date,Description,Amount", [("CARD PURCHASE 1", "4.50"), ("Pay", "1.00")]),
        ],
    )
    def test_that_does_not_show_it_is_asked_about(
        self, tmp_path: Path, header: str, rows: list[tuple[str, str]]
    ) -> None:
        path = put(tmp_path, described(*rows, header=header))

        question = refusal(path)

        assert "did this money come in or go out?" in question
        assert "--sign as-is if it" in question
        assert "--sign reversed if it" in question
        signed = amounts(path, sign="as-is")
        assert amounts(path, sign="reversed") == [-each for each in signed]

    @pytest.mark.parametrize(
        "rows",
        [
            [("SALARY", "2000.00"), ("SHOP", "-4.50")],
            [("Direct debit POWER", "-40.00"), ("REFUND SHOP", "20.00")],
            [("Rücklastschrift Miete", "50.00"), ("Shop", "-4.50")],
            [("SALARY", "2000.00"), ("INTEREST", "1.00"), ("GIFT", "5.00")],
            [("Kartenzahlung", "-1.00")] * 8 + [("Kartenzahlung Storno", "1.00")],
            [("Lastschrift", "-1.00")] * 8 + [("Lastschrift Nr. 7 zurueck", "1.00")],
        ],
    )
    def test_is_not_seen_in_an_account(self, tmp_path: Path, rows: list[tuple[str, str]]) -> None:
        path = put(tmp_path, described(*rows))

        assert amounts(path) == amounts(path, sign="as-is")

    def test_sign_is_one_of_two(self, tmp_path: Path) -> None:
        path = put(tmp_path, described(("a", "1.00")))

        assert refusal(path, sign="up") == "--sign is as-is or reversed, and not 'up'"


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("Direct debit", -1),
        ("SEPA-Lastschrift", -1),
        ("ATM withdrawal", -1),
        ("Prélèvement", -1),
        ("Compra", -1),
        ("Bank credit", 1),
        ("Überweisungsgutschrift", 1),
        ("Virement reçu", 1),
        ("Wpływ", 1),
        ("Credit card payment", 0),
        ("Debit card refund", 1),
        ("Transfer", 0),
    ],
)
def test_kinds_of_bookings_have_a_direction(text: str, way: int) -> None:
    assert kind(text) == way


@given(st.text(max_size=20))
def test_any_text_has_a_direction_or_none(text: str) -> None:
    assert direction(text) in (-1, 0, 1)
    assert marked(text)[1] in (-1, 0, 1)


class TestSumsWithoutAnySign:
    @pytest.mark.parametrize(
        "content",
        [
            "Merchant Name,Card Used,Date,Time,Amount\nMobil,**** 1,2025-01-31,18:50,36.33\n",
            "Date,Description,Amount,Category\n2025-01-31,Paper,12.00,Expenses\n",
            "Datum;Text;Betrag;Kartennr.\n31.01.2025;Laden;36,33;1234\n",
        ],
    )
    def test_that_may_have_been_spent_are_asked_about(self, tmp_path: Path, content: str) -> None:
        path = put(tmp_path, content)

        assert "did this money come in or go out? say --sign as-is" in refusal(path)
        assert amounts(path, sign="reversed")[0] < 0

    def test_come_in_where_nothing_hints_at_spending(self, tmp_path: Path) -> None:
        content = "Date,Description,Amount,Category\n2025-01-31,Acme,1200.00,Salary\n"

        assert amounts(put(tmp_path, content)) == [1200_00]
