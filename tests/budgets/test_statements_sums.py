"""Which of a row's sums, currencies and texts are those of the line, and how that is explained."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from budgets.statements import Hints, read
from tests.budgets.statement_files import FUZZ, amounts, lines, put, refusal

REVOLUT = "Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance"


def charged(*rows: str, header: str = "Date;Text;Amount;Fee") -> str:
    return "\n".join([header, *(f"2025-01-{n:02};a;{row}" for n, row in enumerate(rows, 1))])


class TestAFee:
    def test_comes_off_the_amount_of_a_wallet(self, tmp_path: Path) -> None:
        day = "2025-01-15 10:00:00"
        rows = [
            f"TOPUP,Current,{day},{day},Top,100.00,1.50,EUR,COMPLETED,98.50",
            f"CARD,Current,{day},{day},Shop,-10.00,0.25,EUR,COMPLETED,88.25",
            f"CARD,Current,{day},,Shop,-10.00,0.00,EUR,PENDING,",
        ]
        path = put(tmp_path, "\n".join([REVOLUT, *rows]))

        assert amounts(path) == [98_50, -10_25, -10_00]
        assert [line.not_booked for line in lines(path)] == ["", "", "pending"]

    def test_is_in_the_net_amount(self, tmp_path: Path) -> None:
        header = "Date;Text;Gross;Fee;Net"

        assert amounts(put(tmp_path, charged("5.00;-0.50;4.50", header=header))) == [4_50]

    @pytest.mark.parametrize("fee", ["0.50", "-0.50"])
    def test_comes_off_the_gross_amount(self, tmp_path: Path, fee: str) -> None:
        path = put(tmp_path, charged(f"5.00;{fee}", header="Date;Text;Gross;Fee"))

        assert amounts(path) == [4_50]

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            (["5.00;;5.00", "5.00;0.50;9.50"], [5_00, 4_50]),
            (["5.00;;5.00", "5.00;0.50;10.00"], [5_00, 5_00]),
            (["5.00;0.50;9.50", "5.00;;5.00"], [4_50, 5_00]),
            (["5.00;0.50;4.50"], [4_50]),
        ],
    )
    def test_comes_off_if_the_balances_say_so(
        self, tmp_path: Path, rows: list[str], expected: list[int]
    ) -> None:
        path = put(tmp_path, charged(*rows, header="Date;Text;Amount;Fee;Balance"))

        assert amounts(path) == expected

    @pytest.mark.parametrize("name", ["Fee", "Gebühr", "Frais", "Comisión", "Prowizja"])
    def test_is_asked_about_if_nothing_says_so(self, tmp_path: Path, name: str) -> None:
        path = put(tmp_path, charged("1.00;0", "5.00;0.50", header=f"Date;Text;Amount;{name}"))

        assert refusal(path) == (
            f"line 2 (row 3 of the file): does the fee '0.50' in column {name!r} come off the "
            f"sum '5.00'? say --fee-column {name if name.isascii() else repr(name)} if it does, "
            "--fee-column '' if it does not"
        )
        assert amounts(path, columns={"fee": name}) == [1_00, 4_50]
        assert amounts(path, columns={"fee": ""}) == [1_00, 5_00]

    def test_beside_money_in_and_out_is_asked_about(self, tmp_path: Path) -> None:
        path = put(tmp_path, charged("5.00;;0.50", ";3.00;", header="Date;Text;Credit;Debit;Fee"))

        assert "does the fee '0.50' in column 'Fee' come off the sum '5.00'?" in refusal(path)
        assert amounts(path, columns={"fee": "Fee"}) == [4_50, -3_00]
        assert amounts(path, columns={"fee": ""}) == [5_00, -3_00]

    @pytest.mark.parametrize(("balance", "expected"), [("95.50", -4_50), ("96.00", -4_00)])
    def test_beside_money_out_comes_off_if_the_balances_say_so(
        self, tmp_path: Path, balance: str, expected: int
    ) -> None:
        header = "Date;Text;Credit;Debit;Fee;Balance"
        path = put(tmp_path, charged("100.00;;;100.00", f";4.00;0.50;{balance}", header=header))

        assert amounts(path) == [100_00, expected]

    def test_that_is_nothing_is_not_asked_about(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, charged("5.00;", "1.00;0.00", "2.00;-"))) == [5_00, 1_00, 2_00]

    @given(
        fees=st.lists(st.integers(0, 99_99), min_size=3, max_size=6),
        newest_first=st.booleans(),
        off=st.booleans(),
    )
    @FUZZ
    def test_is_found_by_any_balances(
        self, tmp_path: Path, fees: list[int], newest_first: bool, off: bool
    ) -> None:
        assume(any(fees[1:-1]))  # the first and the last row have one neighbour

        def text(minor: int) -> str:
            return f"{minor // 100}.{minor % 100:02}"

        balance, rows, expected = 1_000_00, [], []
        for number, fee in enumerate(fees):
            came = 500_00 + 10 * number
            expected.append(came - fee * off)
            balance += expected[-1]
            rows.append(f"{text(came)};{text(fee)};{text(balance)}")
        if newest_first:
            rows.reverse()
            expected.reverse()
        header = "Date;Text;Amount;Fee;Balance"

        assert amounts(put(tmp_path, charged(*rows, header=header))) == expected


class TestAnAmount:
    @pytest.mark.parametrize(
        ("header", "row"),
        [
            ("Date;Amount (EUR);Amount (Foreign Currency);Type Foreign Currency", "5;6;USD"),
            ("Date;Amount;Currency;Local amount;Local currency", "5;EUR;6;USD"),
            ("Date;Original amount;Original currency;Amount;Currency", "6;USD;5;EUR"),
            ("Buchungstag;Betrag;Währung;Ursprungsbetrag;Originalwährung", "5;EUR;6;USD"),
            ("Date;Montant;Devise;Montant d'origine;Devise d'origine", "5;EUR;6;USD"),
            ("Fecha;Importe;Divisa;Importe original;Divisa original", "5;EUR;6;USD"),
            ("Data operacji;Kwota;Waluta;Kwota oryginalna;Waluta oryginalna", "5;EUR;6;USD"),
        ],
    )
    def test_is_that_of_the_account(self, tmp_path: Path, header: str, row: str) -> None:
        (line,) = lines(put(tmp_path, f"{header}\n2025-01-31;{row}\n"))

        assert (line.amount, line.currency) == (5_00, "EUR")

    def test_is_asked_about_if_two_columns_may_be_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount (EUR);Amount (USD)\n2025-01-31;5;6\n")

        assert refusal(path) == (
            "2 columns may be the amount: 'Amount (EUR)', 'Amount (USD)'; "
            "say --amount-column 'Amount (EUR)' or another of them"
        )
        assert amounts(path, columns={"amount": "Amount (USD)"}) == [6_00]

    def test_is_in_the_currency_beside_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Datum;Saldo;Währung;Betrag;Währung\n2025-01-31;9;EUR;5;CHF\n")

        assert lines(path)[0].currency == "CHF"


class TestACurrency:
    def test_that_is_missing_is_that_of_the_others(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Currency\n2025-01-31;5;EUR\n2025-01-31;6;\n")

        assert [line.currency for line in lines(path)] == ["EUR", "EUR"]
        assert [account.currency for account in read(path).accounts] == ["EUR"]

    @pytest.mark.parametrize("name", ["Valuta", "Валута", "Whg", ""])
    def test_is_known_by_its_codes(self, tmp_path: Path, name: str) -> None:
        content = f"Date;Text;{name};Amount\n2025-01-15;a;EUR;1.00\n2025-01-16;b;USD;2.00"

        assert [line.currency for line in lines(put(tmp_path, content))] == ["EUR", "USD"]

    def test_of_another_sum_is_not_that_of_the_line(self, tmp_path: Path) -> None:
        content = "Date;Text;Amount;Original currency\n2025-01-15;a;1.00;USD"

        assert [line.currency for line in lines(put(tmp_path, content))] == [""]

    def test_that_is_missing_beside_two_others_is_refused(self, tmp_path: Path) -> None:
        rows = "2025-01-31;5;EUR\n2025-01-31;6;\n2025-01-31;6;USD\n"
        path = put(tmp_path, f"Date;Amount;Currency\n{rows}")

        assert refusal(path) == (
            "line 2 (row 3 of the file): column 'Currency' is empty, and other lines are in EUR "
            "and USD; say --skip-line 2 to pass over it"
        )

    @pytest.mark.parametrize(
        ("written", "code"), [("eur", "EUR"), ("€", "EUR"), ("£", "GBP"), ("zł", "PLN")]
    )
    def test_may_be_a_sign(self, tmp_path: Path, written: str, code: str) -> None:
        path = put(tmp_path, f"Date;Amount;Currency\n2025-01-31;5;{written}\n")

        assert lines(path)[0].currency == code


class TestTheText:
    @pytest.mark.parametrize(
        ("header", "row", "expected"),
        [
            ("Date;Payee;Memo;Amount", "Ann;rent;5", "Ann rent"),
            ("Datum;Name;Reason;Betrag", "Ann;rent;5", "Ann rent"),
            ("Buchungstag;Auftraggeber;Empfänger;Zweck;Betrag", "A;B;Miete;5", "A B Miete"),
            ("Datum;Name Auftraggeber/Empfänger;Verwendungszweck 1;Betrag", "A;M;5", "A M"),
            ("Date;Nom du bénéficiaire;Libellé court;Montant", "A;loyer;5", "A loyer"),
            ("Fecha;Ordenante;Concepto ampliado;Importe", "A;renta;5", "A renta"),
            ("Data;Favorecido;Histórico;Valor", "A;aluguel;5", "A aluguel"),
            ("Data;Ordinante;Causale pagamento;Importo", "A;affitto;5", "A affitto"),
            ("Data operacji;Nazwa odbiorcy;Tytuł;Kwota", "A;czynsz;5", "A czynsz"),
            ("Datum;Naam tegenpartij;Mededelingen;Bedrag", "A;huur;5", "A huur"),
            ("Dato;Mottaker;Melding;Beløp", "A;leie;5", "A leie"),
            ("Datum;Avsändare;Meddelande;Belopp", "A;hyra;5", "A hyra"),
            ("Date;Payee Name;Payee Account Number;Amount", "A;DE1;5", "A"),
            ("Date;Foo;Bar;Amount", "Ann;rent;5", "Ann rent"),
            ("Date;Type;Category;Amount", "Transfer;Home;5", "Transfer Home"),
            ("Date;Payee;Other;Amount", ";rent;5", "rent"),
            ("Date;Payee;Memo;Amount", "Ann;Ann;5", "Ann"),
        ],
    )
    def test_has_who_and_what_for(
        self, tmp_path: Path, header: str, row: str, expected: str
    ) -> None:
        path = put(tmp_path, f"{header}\n2025-01-31;{row}\n")

        assert [line.description for line in lines(path)] == [expected]

    @given(
        cells=st.lists(st.sampled_from(["", "Ann", "5", "rent"]), min_size=3, max_size=3),
        names=st.permutations(["Payee", "Foo", "Category"]),
    )
    @FUZZ
    def test_is_never_empty_if_there_is_any(
        self, tmp_path: Path, cells: list[str], names: list[str]
    ) -> None:
        header, row = ";".join(names), ";".join(cells)
        path = put(tmp_path, f"Date;{header};Amount\n2025-01-31;{row};5\n")

        (line,) = lines(path)

        assert bool(line.description) or not any(map(str.isalpha, cells))


class TestFindings:
    def test_say_how_each_column_and_the_file_were_understood(self, tmp_path: Path) -> None:
        rows = "2025-01-31;a;H;5,00;0;Gebucht\n2025-01-30;b;S;1,00;0;Vorgemerkt\n"
        path = put(tmp_path, f"Datum;Wer;;Betrag;Farbe;Status\n{rows}")
        hints = Hints(columns={"description": "Wer"}, booked_when=(("Status", "gebucht"),))

        found = {
            each.subject: (each.reading, each.reason) for each in read(path, hints=hints).findings()
        }

        assert found == {
            "column 'Datum'": ("date", "its name"),
            "column 'Wer'": ("description", "--description-column"),
            "column ''": ("direction", "its values: H, S"),
            "column 'Betrag'": ("amount", "its name"),
            "column 'Farbe'": ("not used", "no name that banks use"),
            "column 'Status'": ("booked: Gebucht; not booked: Vorgemerkt", "--booked-when"),
            "encoding": ("utf-8", "it fits all of the file"),
            "delimiter": ("';'", "it splits the header best"),
            "dates": ("%Y-%m-%d", "all of them fit"),
            "decimal mark": (",", "the sums show it"),
            "signs": ("by column ''", "its values: H, S"),
        }

    def test_name_what_a_person_decided(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;5.00\n")
        hints = Hints(sign="reversed", decimal=".", date_format="%Y-%m-%d", delimiter=";")

        found = {each.subject: each.reason for each in read(path, hints=hints).findings()}

        assert found["signs"] == "--sign reversed"
        assert found["decimal mark"] == "--decimal"
        assert found["dates"] == "--date-format"
        assert found["delimiter"] == "--delimiter"


class TestASumInTheAccountsCurrency:
    @pytest.mark.parametrize(
        "header",
        [
            "Date;Text;Amount;Currency;Amount in account currency;Account currency",
            "Date;Text;Transaction Amount;Transaction Currency;Billing Amount;Billing Currency",
            "Datum;Text;Betrag;Währung;Betrag in Kontowährung;Kontowährung",
            "Fecha;Concepto;Importe;Divisa;Contravalor EUR;Oficina",
            "Date;Libellé;Montant en devise;Devise;Montant EUR;Agence",
        ],
    )
    def test_is_that_of_the_line(self, tmp_path: Path, header: str) -> None:
        rows = ["2025-01-15;a;1000.00;USD;920.00;EUR", "2025-01-16;b;-10.00;GBP;-11.80;EUR"]
        found = lines(put(tmp_path, "\n".join([header, *rows])))

        assert [(line.amount, line.currency) for line in found] == [
            (920_00, "EUR"),
            (-11_80, "EUR"),
        ]

    def test_is_not_in_the_currency_of_another_sum(self, tmp_path: Path) -> None:
        content = "Date;Text;Amount;Currency;Billing amount\n2025-01-15;a;10.00;USD;9.20"

        assert [(line.amount, line.currency) for line in lines(put(tmp_path, content))] == [
            (9_20, "")
        ]


def test_a_tax_beside_a_sum_is_asked_about(tmp_path: Path) -> None:
    path = put(tmp_path, "date;description;amount;tax\n2025-01-31;Dividend;5,00;1,25\n")

    assert "does the fee '1,25' in column 'tax' come off the sum '5,00'?" in refusal(path)
    assert amounts(path, columns={"fee": "tax"}) == [3_75]
    assert amounts(path, columns={"fee": ""}) == [5_00]
