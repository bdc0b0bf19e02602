"""CSV: the file shows how it is built, or the refusal says which flag tells."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from budgets.statements import Account, read
from budgets.statements.unread import READ
from tests.budgets.statement_files import (
    EXPORT,
    OWN,
    SAMPLES,
    amounts,
    lines,
    of_row,
    put,
    refusal,
    table,
)

UNPACK = "unpack it and import each file in it"


class TestEachLanguage:
    @pytest.mark.parametrize(
        ("name", "account", "currency", "expected"),
        [
            (
                "german.csv",
                "DE-4711",
                "EUR",
                [
                    (date(2025, 3, 3), 1234_56, "GUTSCHRIFT Müller & Söhne Gehalt März; danke"),
                    (date(2025, 3, 4), -4_50, "KARTE Straßencafé"),
                    (date(2025, 3, 4), -4_50, "KARTE Straßencafé"),
                ],
            ),
            (
                "french.csv",
                "",
                "",
                [
                    (date(2025, 2, 13), -1050_00, "Loyer « Les Tilleuls »"),
                    (date(2025, 2, 28), 2310_40, "Salaire"),
                    (date(2025, 3, 1), -2_30, "Café"),
                ],
            ),
            (
                "dutch.csv",
                "NL-1",
                "EUR",
                [
                    (date(2025, 1, 31), -7_35, "Bakkerij De Kruimel Pasvolgnr 1"),
                    (date(2025, 1, 31), 2150_00, "Werkgever BV Loon januari"),
                ],
            ),
            (
                "spanish.csv",
                "",
                "EUR",
                [
                    (date(2025, 1, 31), 1890_15, "Nómina"),
                    (date(2025, 2, 3), -3_20, "Panadería Ñandú"),
                ],
            ),
            (
                "british.csv",
                "",
                "",
                [
                    (date(2025, 1, 31), 1900_00, "Payroll"),
                    (date(2025, 2, 2), -4_20, "Tea & Toast"),
                ],
            ),
            (
                "american.csv",
                "",
                "",
                [(date(2025, 1, 31), 2100_00, "PAYROLL"), (date(2025, 2, 3), -12_40, "DINER")],
            ),
            (
                "spreadsheet.txt",
                "",
                "CHF",
                [
                    (date(2025, 1, 31), -1200_00, "Zażółć gęślą jaźń"),
                    (date(2025, 2, 1), -5_00, "007"),
                ],
            ),
        ],
    )
    def test_is_read_without_being_told_anything(
        self, name: str, account: str, currency: str, expected: list[tuple[date, int, str]]
    ) -> None:
        found = lines(OWN / name)

        assert [(line.posted, line.amount, line.description) for line in found] == expected
        assert [line.number for line in found] == [*range(1, len(found) + 1)]
        assert {line.currency for line in found} == {currency}
        assert read(OWN / name).accounts == (Account(account, currency),)

    @pytest.mark.parametrize(
        "content",
        [
            "Tarih;Aç\u0131klama;Tutar\n15.01.2025;Pay;5,00",
            "Ημερομηνία;Αιτιολογία;Ποσό\n15/01/2025;Pay;5,00",
            "日付,摘要,お支払金額,お預り金額,残高\n2025/01/15,Pay,,5.00,5.00",
            "Datum knjiženja;Opis;Isplata;Uplata;Stanje\n15.01.2025;Pay;;5,00;5,00",
            "Dato;Forklaring;Ut fra konto;Inn på konto\n15.01.2025;Pay;;5,00",
            "Date de début;Date de fin;Description;Montant\n14/01/2025;15/01/2025;Pay;5,00",
            "Data di inizio;Data di completamento;Descrizione;Importo;Valuta\n"
            "2025-01-14;2025-01-15;Pay;5,00;EUR",
            "Buchungsdatum;Zahlungspflichtige*r;Betrag (€)\n15.01.25;Pay;5,00",
        ],
    )
    def test_has_names_in_many_languages(self, tmp_path: Path, content: str) -> None:
        found = lines(put(tmp_path, content))

        assert [(line.posted, line.amount, line.description) for line in found] == [
            (date(2025, 1, 15), 5_00, "Pay")
        ]

    def test_keeps_the_banks_own_ids(self) -> None:
        assert [line.identity for line in lines(OWN / "british.csv")] == [
            "id:2025-01-31:190000:1:0::T-1",
            "id:2025-02-02:-420:1:0::T-2",
        ]


class TestColumns:
    def test_can_be_named_whatever_they_are_called(self, tmp_path: Path) -> None:
        path = put(tmp_path, "when,how much,who,what\n2025-01-31,1.50,Ann,tea\n")
        columns = {"date": "when", "amount": "HOW MUCH", "description": ["who", "what"]}

        (line,) = lines(path, columns=columns)

        assert (line.amount, line.description) == (1_50, "Ann tea")

    def test_that_were_named_make_a_line_the_header(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Account;Currency;Memo\nwhen;how much;x\n2025-01-31;1;y\n")

        assert amounts(path, columns={"date": "when", "amount": "how much"}) == [1_00]

    def test_that_nobody_knows_are_listed(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Export\nquando;quanto;cosa\n2025-01-31;1\n")

        assert refusal(path) == (
            "no column for the date; the file has: quando, quanto, cosa; say --date-column NAME"
        )

    def test_of_a_description_are_not_said_twice(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Payee;Memo\n2025-01-31;1;Ann;Ann\n")

        assert [line.description for line in lines(path)] == ["Ann"]

    def test_that_were_named_go_before_those_that_are_known(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Valuta;Amount;In;Out\n2025-01-31;2025-02-01;9;;1.50\n")

        (line,) = lines(path, columns={"date": "Valuta", "debit": "Out", "credit": "In"})

        assert (line.posted, line.amount) == (date(2025, 2, 1), -1_50)

    def test_can_be_left_alone(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Currency\n2025-01-31;1;euro\n")

        assert refusal(path) == (
            "line 1 (row 2 of the file): column 'Currency' 'euro' is not a currency code; "
            "say --currency-column '' to ignore the column"
        )
        assert amounts(path, columns={"currency": ""}) == [100]

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            (
                {"amount": "Betrag"},
                "no column 'Betrag'; the file has: Date, Amount, Text, Text; "
                "say --amount-column NAME",
            ),
            (
                {"description": ["Text", "Memo"]},
                "no column 'Text' or 'Memo'; the file has: Date, Amount, Text, Text; "
                "say --description-column NAME",
            ),
            (
                {"description": "Text"},
                "column 'Text' is there more than once; the file has: Date, Amount, Text, Text; "
                "say --description-column 3 or 4 for one by its place",
            ),
            (
                {"date": ""},
                "no column for the date; the file has: Date, Amount, Text, Text; "
                "say --date-column NAME",
            ),
            (
                {"amount": ""},
                "no column for the amount; the file has: Date, Amount, Text, Text; "
                "say --amount-column NAME",
            ),
        ],
    )
    def test_that_are_missing_are_named_beside_those_that_are_there(
        self, tmp_path: Path, columns: Mapping[str, str], reason: str
    ) -> None:
        path = put(tmp_path, "Export\n\nDate;Amount;Text;Text\n2025-01-31;1;a;b\n")

        assert refusal(path, columns=columns) == reason

    @pytest.mark.parametrize(
        ("hints", "reason"),
        [
            ({"columns": {"colour": "x"}}, "no such column role: 'colour'"),
            (
                {"columns": {"amount": "x", "credit": "y"}},
                "say --amount-column, or --credit-column",
            ),
            ({"decimal": "'"}, "--decimal is . or ,"),
            ({"delimiter": ";;"}, "--delimiter is one character"),
            ({"delimiter": "\n"}, "--delimiter is one character"),
            ({"encoding": "klingon"}, "no encoding 'klingon'"),
            ({"date_format": "%d.%m."}, "--date-format '%d.%m.' has no year"),
        ],
    )
    def test_and_other_hints_must_make_sense(self, hints: dict[str, Any], reason: str) -> None:
        assert refusal(SAMPLES / "bakery.csv", **hints).startswith(reason)

    def test_a_row_must_fill_and_only_empty_cells_may_be_too_many(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Text;\n2025-01-31;1;a\n\n2025-01-31;2;b;;\n")

        assert amounts(path) == [1_00, 2_00]
        for row, count in (("2025-01-31;1", 2), ("2025-01-31;1;a;b", 4)):
            path = put(tmp_path, f"Date;Amount;Text\n2025-01-31;1;a\n{row}\n")
            assert refusal(path) == of_row(2, 3, f"{count} columns where the header has 3")

    def test_a_header_alone_is_a_statement_without_lines(self, tmp_path: Path) -> None:
        assert lines(put(tmp_path, "Date;Amount\n")) == []

    def test_an_account_can_be_picked_or_given(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Account\n2025-01-31;1;a\n2025-01-31;2;b\n")

        assert [(line.number, line.amount) for line in lines(path, account="b")] == [(2, 2_00)]
        assert refusal(path, account="c") == "no account 'c' in the file: say --account a or b"
        (line,) = lines(put(tmp_path, table("1")), account="c")
        assert line.account == "c"


class TestTheFileItself:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_shows_its_delimiter(self, tmp_path: Path, delimiter: str) -> None:
        text = f'Date{delimiter}Amount{delimiter}Text\n2025-01-31{delimiter}1{delimiter}"a,b;c"\n'

        assert lines(put(tmp_path, text))[0].description == "a,b;c"

    def test_may_have_another_delimiter_if_one_says_so(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, "Date~Amount\n2025-01-31~1\n"), delimiter="~") == [100]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_shows_its_encoding(self, tmp_path: Path, encoding: str) -> None:
        path = put(tmp_path, "Date;Amount;Libellé\n2025-01-31;1;Crème\n".encode(encoding))

        assert lines(path)[0].description == "Crème"

    def test_may_have_another_encoding_if_one_says_so(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Text\n2025-01-31;1;Łódź\n".encode("cp1250"))

        assert lines(path, encoding="cp1250")[0].description == "Łódź"
        assert refusal(path, encoding="utf-8") == (
            "not text in utf-8: say --encoding of the file, such as cp1250"
        )

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", f"the file is empty: {EXPORT}"),
            (b"\n \n", f"the file is empty: {EXPORT}"),
            (b"a\0\0b", f"a binary file, which is not read: {EXPORT}"),
            (b"PK\x03\x04\0\0", f"the file is a ZIP archive; Sluice reads {READ}: {UNPACK}"),
            (
                b"%PDF-1.7\n%\xe2\xe3",
                f"the file is a PDF; Sluice reads {READ}: export one of these from the bank",
            ),
            (
                b"Date;Amount\n2025-01-31;1\n2025-",
                of_row(2, 3, "1 columns where the header has 2"),
            ),
            (
                b'Date;Amount;Text\n2025-01-31;1;"cut',
                of_row(1, 2, "the file is cut off inside quotes"),
            ),
            (b'Date;Amount;Text\n2025-01-31;1;"a"b\n', of_row(1, 2, "';' expected after '\"'")),
            (
                b'Date;Amount;Text\n2025-01-31;1;"' + b"x" * 200_000,
                of_row(1, 2, "field larger than field limit (131072)"),
            ),
            (
                b"Date;Amount;Text\n2025-01-31;1;" + b"x" * 1_100_000,
                "line 2 is longer than 1,048,576 characters: "
                "export the statement with one booking a line",
            ),
        ],
    )
    def test_is_refused_when_it_is_no_whole_table(
        self, tmp_path: Path, content: bytes, reason: str
    ) -> None:
        assert refusal(put(tmp_path, content)) == reason

    def test_counts_file_lines_even_over_quoted_line_breaks(self, tmp_path: Path) -> None:
        path = put(tmp_path, 'a\n\nDate;Amount;Text\n2025-01-31;1;"two\nlines"\n\nbad;1;x\n')

        assert refusal(path).startswith("line 2 (row 7 of the file): column 'Date' 'bad'")

    def test_brings_no_control_characters_to_a_screen(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Text\n2025-01-31;1;\x1b[2Ja\x0bb\u2028c\x9b\n")

        assert lines(path)[0].description == "[2Ja b c"
        assert refusal(put(tmp_path, "a;\x1bb\x85c\n")).startswith(
            "no column for the date; the file has: a, b c;"
        )

    def test_is_told_from_ofx_by_what_is_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "misnamed.ofx"
        path.write_text(table("1.50", "1.50"))

        assert read(path).format == "csv"
