"""CSV: the file shows how it writes, or the refusal says which flag tells."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets.cascade import MAX_MINOR
from budgets.errors import BadStatement
from budgets.samples import make
from budgets.statements import Account, Header, Hints, Line, read, sniff
from budgets.statements.amounts import minor, point
from budgets.statements.lines import numbered

ROOT = Path(__file__).parents[2]
OWN = ROOT / "tests" / "data" / "statements"
SAMPLE = ROOT / "budgets" / "samples" / "bakery.csv"
FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

type Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put content into a file of its own."""
    names = itertools.count()

    def written(content: str | bytes) -> Path:
        path = tmp_path / f"{next(names)}.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def lines(path: Path, currency: str = "EUR", **hints: Any) -> list[Line]:
    return list(read(path, currency=currency, hints=Hints(**hints)).lines())


def refusal(path: Path, currency: str = "EUR", **hints: Any) -> str:
    with pytest.raises(BadStatement) as refused:
        lines(path, currency, **hints)
    return str(refused.value)


def amounts(path: Path, currency: str = "EUR", **hints: Any) -> list[int]:
    return [line.amount for line in lines(path, currency, **hints)]


def table(*cells: str, header: str = "Date;Amount;Text") -> str:
    """A CSV of one column, the others filled in."""
    column = header.split(";").index("Amount")
    rows = [["2025-01-31", "1.50", "x"] for _ in cells]
    for row, cell in zip(rows, cells, strict=True):
        row[column] = cell
    return "\n".join([header, *map(";".join, rows)])


def dated(*days: str) -> str:
    return "\n".join(["Date;Amount", *(f"{day};1" for day in days)])


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
        assert sniff(OWN / name) == Header("csv", (Account(account, currency),))

    def test_keeps_the_banks_own_ids(self) -> None:
        assert [line.identity for line in lines(OWN / "british.csv")] == ["id:0::T-1", "id:0::T-2"]


class TestColumns:
    def test_can_be_named_whatever_they_are_called(self, write: Write) -> None:
        path = write("when,how much,who,what\n2025-01-31,1.50,Ann,tea\n")
        columns = {"date": "when", "amount": "HOW MUCH", "description": ["who", "what"]}

        (line,) = lines(path, columns=columns)

        assert (line.amount, line.description) == (1_50, "Ann tea")

    def test_that_were_named_go_before_those_that_are_known(self, write: Write) -> None:
        path = write("Date;Valuta;Amount;In;Out\n2025-01-31;2025-02-01;9;;1.50\n")

        (line,) = lines(path, columns={"date": "Valuta", "debit": "Out", "credit": "In"})

        assert (line.posted, line.amount) == (date(2025, 2, 1), -1_50)

    def test_can_be_left_alone(self, write: Write) -> None:
        path = write("Date;Amount;Currency\n2025-01-31;1;euro\n")

        assert refusal(path) == "line 2: column 'Currency' 'euro' is not a currency code"
        assert amounts(path, columns={"currency": ""}) == [100]

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            (
                {"amount": "Betrag"},
                "no column 'Betrag'; the file has: Date, Amount, Text, Text",
            ),
            (
                {"description": ["Text", "Memo"]},
                "no column 'Text' or 'Memo'; the file has: Date, Amount, Text, Text",
            ),
            (
                {"description": "Text"},
                "column 'Text' is there more than once; the file has: Date, Amount, Text, Text",
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
        self, write: Write, columns: Mapping[str, str], reason: str
    ) -> None:
        path = write("Export\n\nDate;Amount;Text;Text\n2025-01-31;1;a;b\n")

        assert refusal(path, columns=columns) == reason

    @pytest.mark.parametrize(
        "hints",
        [
            {"columns": {"colour": "x"}},
            {"columns": {"amount": "x", "credit": "y"}},
            {"decimal": "'"},
            {"delimiter": ";;"},
            {"delimiter": "\n"},
            {"encoding": "klingon"},
            {"date_format": "%d.%m."},
        ],
    )
    def test_and_other_hints_must_make_sense(self, hints: dict[str, Any]) -> None:
        assert refusal(SAMPLE, **hints)

    def test_a_row_must_fill_and_only_empty_cells_may_be_too_many(self, write: Write) -> None:
        path = write("Date;Amount;Text;\n2025-01-31;1;a\n\n2025-01-31;2;b;;\n")

        assert amounts(path) == [1_00, 2_00]
        for row, count in (("2025-01-31;1", 2), ("2025-01-31;1;a;b", 4)):
            assert refusal(write(f"Date;Amount;Text\n2025-01-31;1;a\n{row}\n")) == (
                f"line 3: {count} columns where the header has 3"
            )

    def test_a_header_alone_is_a_statement_without_lines(self, write: Write) -> None:
        assert lines(write("Date;Amount\n")) == []

    def test_an_account_can_be_picked_or_given(self, write: Write) -> None:
        path = write("Date;Amount;Account\n2025-01-31;1;a\n2025-01-31;2;b\n")

        assert [(line.number, line.amount) for line in lines(path, account="b")] == [(2, 2_00)]
        assert refusal(path, account="c") == "no account 'c'; the file has: a, b"
        (line,) = lines(write(table("1")), account="c")
        assert line.account == "c"


class TestAmounts:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            (["1.234,50", "1.234"], [1234_50, 1234_00]),
            (["1,234.50", "1,234"], [1234_50, 1234_00]),
            (["1.234", "0,5"], [1234_00, 50]),
            (["1.234.567"], [1234567_00]),
            (["1234,5", "+7"], [1234_50, 7_00]),
            (["1 234,50", "1'234", "1\u202f234", "1\u2019234"], [1234_50] + [1234_00] * 3),
            (["-1.50", "1.50-", "\u22121.50", "(1.50)", "- 1.50"], [-1_50] * 5),
            (["12", "0", "-0"], [12_00, 0, 0]),
            (["1.5000"], [1_50]),
        ],
    )
    def test_follow_the_mark_the_file_shows(
        self, write: Write, written: list[str], expected: list[int]
    ) -> None:
        assert amounts(write(table(*written))) == expected

    def test_in_doubt_ask_for_the_mark(self, write: Write) -> None:
        path = write(table("100", "1.234"))

        assert refusal(path) == (
            "line 3: '1.234' can be thousands or decimals: say --decimal . or --decimal ,"
        )
        assert amounts(path, decimal=",") == [100_00, 1234_00]
        assert amounts(path, "KWD", decimal=".") == [100_000, 1_234]

    def test_are_not_in_doubt_in_a_currency_without_decimals(self, write: Write) -> None:
        assert amounts(write(table("1.234")), "JPY") == [1234]

    def test_with_two_marks_are_refused(self, write: Write) -> None:
        assert refusal(write(table("1,5", "1.5"))) == (
            "two decimal marks, '1.5' on line 3 and '1,5' on line 2: say --decimal . or --decimal ,"
        )

    @pytest.mark.parametrize(
        ("cell", "complaint"),
        [
            ("", "is empty"),
            ("abc", "'abc' is not an amount"),
            ("1.2.3", "'1.2.3' is not an amount"),
            ("12,34.5", "'12,34.5' is not an amount"),
            ("(-1.00)", "'(-1.00)' is not an amount"),
            ("-1.00-", "'-1.00-' is not an amount"),
            ("(1.00", "'(1.00' is not an amount"),
            ("1e3", "'1e3' is not an amount"),
            ("=1+1", "'=1+1' is not an amount"),
            ("NaN", "'NaN' is not an amount"),
            (".", "'.' is not an amount"),
            ("٣.50", "'٣.50' is not an amount"),
            ("1" * 100, f"'{'1' * 60}' is not an amount"),
            ("92233720368547758.08", "'92233720368547758.08' is too large an amount"),
            ("0.005", "'0.005' has more decimals than the currency (2)"),
        ],
    )
    def test_that_are_none_name_line_column_and_value(
        self, write: Write, cell: str, complaint: str
    ) -> None:
        path = write(table("1.50", cell))

        assert refusal(path, decimal=".") == f"line 3: column 'Amount' {complaint}"

    def test_largest_fits_the_database(self, write: Write) -> None:
        written = f"{MAX_MINOR // 100}.{MAX_MINOR % 100:02}"

        assert amounts(write(table(written, "-" + written))) == [MAX_MINOR, -MAX_MINOR]

    @pytest.mark.parametrize(
        ("money_in", "money_out", "expected"),
        [("5", "", 5_00), ("", "5", -5_00), ("", "-5", -5_00), ("0", "5", -5_00), ("5", "0", 5_00)],
    )
    def test_in_two_columns_are_signed_by_the_column(
        self, write: Write, money_in: str, money_out: str, expected: int
    ) -> None:
        path = write(f"Date;Credit;Debit\n2025-01-31;{money_in};{money_out}\n")

        assert amounts(path) == [expected]

    def test_in_two_columns_stand_in_one_of_them(self, write: Write) -> None:
        rows = "Date;Credit;Debit\n2025-01-31;{}\n".format

        assert refusal(write(rows("1;2"))) == "line 2: column 'Debit' '2' stands beside money in"
        assert refusal(write(rows(";"))) == "line 2: neither money in nor money out"

    @pytest.mark.parametrize(
        ("header", "sign", "expected"),
        [
            ("S/H", "S", -1_50),
            ("Dr/Cr", "CR", 1_50),
            ("Sens", "Crédit", 1_50),
            ("Af Bij", "Af", -1_50),
        ],
    )
    def test_take_their_sign_from_a_column_for_it(
        self, write: Write, header: str, sign: str, expected: int
    ) -> None:
        assert amounts(write(f"Datum;Amount;{header}\n2025-01-31;1.50;{sign}\n")) == [expected]

    def test_must_not_contradict_that_column(self, write: Write) -> None:
        rows = "Datum;Amount;Af Bij\n2025-01-31;{}\n".format

        assert amounts(write(rows("-1.50;Af"))) == [-1_50]
        assert "marked as money in" in refusal(write(rows("-1.50;Bij")))
        assert "'?' says neither in nor out" in refusal(write(rows("1.50;?")))

    @given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from([0, 2, 3]), st.sampled_from(".,"))
    def test_come_back_as_they_were_written(self, units: int, exponent: int, mark: str) -> None:
        whole, fraction = divmod(abs(units), 10**exponent)
        grouped = f"{whole:,}".replace(",", "." if mark == "," else ",")
        written = f"{grouped}{mark}{fraction:0{exponent}}" if exponent else grouped

        assert minor(f"-{written}", decimal=mark, exponent=exponent) == -abs(units)
        assert point(written) in (mark, None) or exponent == 0


class TestDates:
    @pytest.mark.parametrize(
        "written",
        [
            ["2025-01-31"],
            ["20250131"],
            ["2025/01/31"],
            ["31.01.2025"],
            ["31.1.25"],
            ["31/01/2025"],
            ["01/31/2025"],
            ["31-01-2025"],
            ["1/31/25"],
            ["2025-01-31T23:59:59+02:00"],
            ["31.01.2025 08:15"],
        ],
    )
    def test_are_understood(self, write: Write, written: list[str]) -> None:
        assert [line.posted for line in lines(write(dated(*written)))] == [date(2025, 1, 31)]

    def test_are_decided_by_the_whole_file(self, write: Write) -> None:
        american = lines(write(dated("01/02/2025", "12/31/2025")))
        british = lines(write(dated("01/02/2025", "31/12/2025")))

        assert american[0].posted == date(2025, 1, 2)
        assert british[0].posted == date(2025, 2, 1)

    def test_in_doubt_ask_for_the_form(self, write: Write) -> None:
        path = write(dated("02/02/2025", "03/04/2025"))

        assert refusal(path) == (
            "line 3: '03/04/2025' can be 2025-04-03 or 2025-03-04: "
            "say --date-format %d/%m/%Y or --date-format %m/%d/%Y"
        )
        assert lines(path, date_format="%m/%d/%Y")[1].posted == date(2025, 3, 4)

    def test_are_not_in_doubt_when_both_ways_mean_the_same(self, write: Write) -> None:
        assert lines(write(dated("02/02/2025")))[0].posted == date(2025, 2, 2)

    @pytest.mark.parametrize(
        ("written", "complaint"),
        [
            ("", "is empty"),
            ("2025-02-30", "'2025-02-30' is not a date"),
            ("soon", "'soon' is not a date"),
            ("31.01.2025", "'31.01.2025' does not fit the dates before it, written %Y-%m-%d"),
        ],
    )
    def test_that_are_none_name_line_column_and_value(
        self, write: Write, written: str, complaint: str
    ) -> None:
        path = write(dated("2025-01-31", written))

        assert refusal(path) == f"line 3: column 'Date' {complaint}"

    def test_of_a_given_form_are_held_to_it(self, write: Write) -> None:
        path = write(dated("31 Jan 2025, 10h", "1/2/2025"))

        assert refusal(path, date_format="%d %b %Y, %Hh") == (
            "line 3: column 'Date' '1/2/2025' is not a date like %d %b %Y, %Hh"
        )

    @given(day=st.dates(), form=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"]))
    @FUZZ
    def test_come_back_as_they_were_written(self, tmp_path: Path, day: date, form: str) -> None:
        written = form.replace("%Y", f"{day.year:04}")
        path = tmp_path / "one.csv"
        path.write_text(dated(day.strftime(written)))

        assert lines(path, date_format=form)[0].posted == day


class TestTheFileItself:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_shows_its_delimiter(self, write: Write, delimiter: str) -> None:
        text = f'Date{delimiter}Amount{delimiter}Text\n2025-01-31{delimiter}1{delimiter}"a,b;c"\n'

        assert lines(write(text))[0].description == "a,b;c"

    def test_may_have_another_delimiter_if_one_says_so(self, write: Write) -> None:
        assert amounts(write("Date~Amount\n2025-01-31~1\n"), delimiter="~") == [100]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_shows_its_encoding(self, write: Write, encoding: str) -> None:
        path = write("Date;Amount;Libellé\n2025-01-31;1;Crème\n".encode(encoding))

        assert lines(path)[0].description == "Crème"

    def test_may_have_another_encoding_if_one_says_so(self, write: Write) -> None:
        path = write("Date;Amount;Text\n2025-01-31;1;Łódź\n".encode("cp1250"))

        assert lines(path, encoding="cp1250")[0].description == "Łódź"
        assert refusal(path, encoding="utf-8") == "not text in utf-8: say --encoding"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "the file is empty"),
            (b"\n \n", "the file is empty"),
            (b"PK\x03\x04\0\0", "a binary file, not a bank statement"),
            (b"%PDF-1.7\n%\xe2\xe3", "no column for the date; the file has: %PDF-1.7; "
             "say --date-column NAME"),
            (b"Date;Amount\n2025-01-31;1\n2025-", "line 3: 1 columns where the header has 2"),
            (b'Date;Amount;Text\n2025-01-31;1;"cut', "line 2: the file is cut off inside quotes"),
            (b'Date;Amount;Text\n2025-01-31;1;"a"b\n', "line 2: ';' expected after '\"'"),
            (
                b'Date;Amount;Text\n2025-01-31;1;"' + b"x" * 200_000,
                "line 2: field larger than field limit (131072)",
            ),
            (
                b"Date;Amount;Text\n2025-01-31;1;" + b"x" * 1_100_000,
                "line 2 is longer than 1,048,576 characters",
            ),
        ],
    )  # fmt: skip
    def test_is_refused_when_it_is_no_whole_table(
        self, write: Write, content: bytes, reason: str
    ) -> None:
        assert refusal(write(content)) == reason

    def test_counts_file_lines_even_over_quoted_line_breaks(self, write: Write) -> None:
        path = write('a\n\nDate;Amount;Text\n2025-01-31;1;"two\nlines"\n\nbad;1;x\n')

        assert refusal(path).startswith("line 7: column 'Date' 'bad'")

    def test_is_told_from_ofx_by_what_is_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "misnamed.ofx"
        path.write_text(table("1.50", "1.50"))

        assert read(path, currency="EUR").format == "csv"


class TestIdentity:
    def test_of_equal_lines_counts_them(self, write: Write) -> None:
        one, two, other = (line.identity for line in lines(write(table("1", "1", "2"))))

        assert one.endswith(":1")
        assert two == one[:-1] + "2"
        assert other[:-1] != one[:-1]

    def test_agrees_between_files_that_overlap(self, write: Write) -> None:
        head, *rows = make.table(make.bakery()).split(b"Saldo\r\n")[1].splitlines(keepends=True)
        header = "Konto;Buchungsdatum;Valuta;A;Verwendungszweck;Betrag;Währung;Saldo\r\n"
        first, later = (
            lines(write(header.encode("cp1252") + b"".join(part)), "CHF")
            for part in ([head, *rows[:150]], rows[60:])
        )

        ids = [{line.identity for line in part} for part in (first, later)]

        assert len(ids[0] | ids[1]) == len(rows) + 1
        assert len(ids[0] & ids[1]) == 90

    @given(st.permutations([5, 5, 5, 7, 7]))
    def test_does_not_depend_on_the_order_of_lines(self, values: list[int]) -> None:
        found = numbered(Line(1, "a", date.min, value, "", "", "") for value in values)

        assert {line.identity for line in found} == {
            line.identity
            for line in numbered(
                Line(1, "a", date.min, value, "", "", "") for value in (5, 5, 5, 7, 7)
            )
        }


class TestTheSample:
    def test_is_what_its_generator_writes(self) -> None:
        assert SAMPLE.read_bytes() == make.table(make.bakery())

    def test_is_a_year_of_a_bakery_that_stays_solvent(self) -> None:
        found = lines(SAMPLE, "CHF")

        assert sniff(SAMPLE) == Header("csv", (Account("16-234567-8", "CHF"),))
        assert len(found) >= 130
        assert {line.posted.year for line in found} == {2025}
        assert len({line.identity for line in found}) == len(found)
        assert {line.occurrence for line in found} == {1, 2}
        assert min(itertools.accumulate(line.amount for line in found)) >= 0

    @given(st.integers(0, SAMPLE.stat().st_size))
    @FUZZ
    def test_cut_anywhere_gives_whole_lines_or_a_refusal(self, tmp_path: Path, cut: int) -> None:
        whole = lines(SAMPLE, "CHF")
        path = tmp_path / "cut.csv"
        path.write_bytes(SAMPLE.read_bytes()[:cut])

        try:
            found = lines(path, "CHF")
        except BadStatement:
            return

        assert found == whole[: len(found)]

    @given(st.data())
    @FUZZ
    def test_mangled_gives_lines_or_a_refusal_in_one_line(
        self, tmp_path: Path, data: st.DataObject
    ) -> None:
        content = bytearray(SAMPLE.read_bytes()[: data.draw(st.sampled_from([300, 2000, 20_000]))])
        for at, byte, length in data.draw(mangling(len(content))):
            content[at : at + length] = bytes(byte)
        path = tmp_path / "mangled.csv"
        path.write_bytes(content)

        try:
            found = lines(path, "CHF")
        except BadStatement as refused:
            assert "\n" not in str(refused)
            assert len(str(refused)) < 2000
        else:
            assert all(isinstance(line, Line) for line in found)


def mangling(size: int) -> st.SearchStrategy[list[tuple[int, list[int], int]]]:
    """Where, which bytes come, how many go."""
    there = st.integers(0, size)
    bytes_ = st.lists(st.sampled_from(b';,"\0\xff\x81.-19\r\n') | st.integers(0, 255), max_size=3)
    return st.lists(st.tuples(there, bytes_, st.integers(0, 40)), max_size=4)


@pytest.mark.slow
def test_200_000_rows_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.writelines(many())
    process = psutil.Process()
    before = peak = process.memory_info().rss

    for count, _line in enumerate(read(path, currency="EUR").lines(), 1):
        if count % 1000 == 0:
            peak = max(peak, process.memory_info().rss)

    assert count == 200_000
    assert peak - before < 100_000_000


def many() -> Iterator[str]:
    yield "Datum;Betrag;Verwendungszweck\n"
    for number in range(200_000):
        day = f"{number % 28 + 1:02}.{number % 12 + 1:02}.2025"
        yield f"{day};-{number // 100},{number % 100:02};Shop {number % 77} Karte {number}\n"
