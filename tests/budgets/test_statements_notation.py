"""How a CSV writes sums and days is decided by the whole file, or asked about."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.cascade import MAX_MINOR
from budgets.statements.amounts import minor, point
from tests.budgets.statement_files import FUZZ, amounts, dated, lines, of_row, put, refusal, table


class TestAmounts:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            (["1.234,50", "1.234"], [1234_50, 1234_00]),
            (["1,234.50", "1,234"], [1234_50, 1234_00]),
            (["1.234", "0,5"], [1234_00, 50]),
            (["1.234.567"], [1234567_00]),
            (["1 234 567,50"], [1234567_50]),
            (["+1234,5", "+7"], [1234_50, 7_00]),
            (["1 234,50", "1'234", "1\u202f234", "1\u2019234"], [1234_50] + [1234_00] * 3),
            (["-1.50", "1.50-", "\u22121.50", "(1.50)", "- 1.50"], [-1_50] * 5),
            (["12", "0", "-0"], [12_00, 0, 0]),
            (["1.5000"], [1_50]),
        ],
    )
    def test_follow_the_mark_the_file_shows(
        self, tmp_path: Path, written: list[str], expected: list[int]
    ) -> None:
        assert amounts(put(tmp_path, table(*written))) == expected

    def test_in_doubt_ask_for_the_mark(self, tmp_path: Path) -> None:
        path = put(tmp_path, table("100", "1.234"))

        assert refusal(path) == (
            "line 3: '1.234' can be thousands or decimals: say --decimal . or --decimal ,"
        )
        assert amounts(path, decimal=",") == [100_00, 1234_00]
        assert amounts(path, "KWD", decimal=".") == [100_000, 1_234]

    def test_are_not_in_doubt_after_a_lone_zero(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, table("0.234")), "KWD") == [234]

    def test_are_not_in_doubt_in_a_currency_without_decimals(self, tmp_path: Path) -> None:
        assert amounts(put(tmp_path, table("1.234")), "JPY") == [1234]

    def test_with_two_marks_are_refused(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, table("1,5", "1.5"))) == (
            "two decimal marks, '1.5' on line 3 and '1,5' on line 2: say --decimal . or --decimal ,"
        )

    @pytest.mark.parametrize(
        ("cell", "complaint"),
        [
            ("", "is empty"),
            ("abc", "'abc' is not an amount"),
            ("1.2.3", "'1.2.3' is not an amount"),
            ("12,34.5", "'12,34.5' is not an amount"),
            ("1'234 567.00", '"1\'234 567.00" is not an amount'),
            ("(-1.00)", "'(-1.00)' is not an amount"),
            ("-1.00-", "'-1.00-' is not an amount"),
            ("(1.00", "'(1.00' is not an amount"),
            (
                "1e3",
                "'1e3' is in scientific notation, which drops digits: export it as a number",
            ),
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
        self, tmp_path: Path, cell: str, complaint: str
    ) -> None:
        path = put(tmp_path, table("1.50", cell))

        assert refusal(path, decimal=".") == of_row(2, 3, f"column 'Amount' {complaint}")

    def test_largest_fits_the_database(self, tmp_path: Path) -> None:
        written = f"{MAX_MINOR // 100}.{MAX_MINOR % 100:02}"

        assert amounts(put(tmp_path, table(written, "-" + written))) == [MAX_MINOR, -MAX_MINOR]

    @pytest.mark.parametrize(
        ("money_in", "money_out", "expected"),
        [("5", "", 5_00), ("", "5", -5_00), ("", "-5", -5_00), ("0", "5", -5_00), ("5", "0", 5_00)],
    )
    def test_in_two_columns_are_signed_by_the_column(
        self, tmp_path: Path, money_in: str, money_out: str, expected: int
    ) -> None:
        path = put(tmp_path, f"Date;Credit;Debit\n2025-01-31;{money_in};{money_out}\n")

        assert amounts(path) == [expected]

    def test_in_two_columns_stand_in_one_of_them(self, tmp_path: Path) -> None:
        rows = "Date;Credit;Debit\n2025-01-31;{}\n".format

        assert refusal(put(tmp_path, rows("1;2"))) == of_row(
            1, 2, "column 'Debit' '2' stands beside money in"
        )
        assert refusal(put(tmp_path, rows(";"))) == of_row(1, 2, "neither money in nor money out")

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
        self, tmp_path: Path, header: str, sign: str, expected: int
    ) -> None:
        assert amounts(put(tmp_path, f"Datum;Amount;{header}\n2025-01-31;1.50;{sign}\n")) == [
            expected
        ]

    def test_must_not_contradict_that_column(self, tmp_path: Path) -> None:
        rows = "Datum;Amount;Af Bij\n2025-01-31;{}\n".format

        assert amounts(put(tmp_path, rows("-1.50;Af"))) == [-1_50]
        assert "marked as money in" in refusal(put(tmp_path, rows("-1.50;Bij")))
        assert "'?' says neither in nor out" in refusal(put(tmp_path, rows("1.50;?")))

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
    def test_are_understood(self, tmp_path: Path, written: list[str]) -> None:
        assert [line.posted for line in lines(put(tmp_path, dated(*written)))] == [
            date(2025, 1, 31)
        ]

    def test_are_decided_by_the_whole_file(self, tmp_path: Path) -> None:
        american = lines(put(tmp_path, dated("01/02/2025", "12/31/2025")))
        british = lines(put(tmp_path, dated("01/02/2025", "31/12/2025")))

        assert american[0].posted == date(2025, 1, 2)
        assert british[0].posted == date(2025, 2, 1)

    def test_in_doubt_ask_for_the_form(self, tmp_path: Path) -> None:
        path = put(tmp_path, dated("02/02/2025", "03/04/2025"))

        assert refusal(path) == (
            "line 3: '03/04/2025' can be 2025-04-03 or 2025-03-04: "
            "say --date-format %d/%m/%Y or --date-format %m/%d/%Y"
        )
        assert lines(path, date_format="%m/%d/%Y")[1].posted == date(2025, 3, 4)

    def test_are_not_in_doubt_when_both_ways_mean_the_same(self, tmp_path: Path) -> None:
        assert lines(put(tmp_path, dated("02/02/2025")))[0].posted == date(2025, 2, 2)

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
        self, tmp_path: Path, written: str, complaint: str
    ) -> None:
        path = put(tmp_path, dated("2025-01-31", written))

        assert refusal(path) == of_row(2, 3, f"column 'Date' {complaint}")

    def test_of_a_given_form_are_held_to_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, dated("31 Jan 2025, 10h", "1/2/2025"))

        assert refusal(path, date_format="%d %b %Y, %Hh") == of_row(
            2, 3, "column 'Date' '1/2/2025' is not a date like %d %b %Y, %Hh"
        )

    def test_of_a_given_form_may_have_a_time_in_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, dated("2025-01-31 23:59"))

        assert lines(path, date_format="%Y-%m-%d %H:%M")[0].posted == date(2025, 1, 31)

    @given(day=st.dates(), form=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d"]))
    @FUZZ
    def test_come_back_as_they_were_written(self, tmp_path: Path, day: date, form: str) -> None:
        written = form.replace("%Y", f"{day.year:04}")
        path = tmp_path / "one.csv"
        path.write_text(dated(day.strftime(written)))

        assert lines(path, date_format=form)[0].posted == day
