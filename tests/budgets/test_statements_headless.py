"""CSV files without a header, or with one of unknown names, and rows that are passed over."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tenants.models import Tenant
from tests.budgets.importing import Importer
from tests.budgets.statement_files import amounts, lines, put, refusal

TWO_SUMS = "16/08/2025,Ann,12.80,83.96\n15/08/2025,Ben,500.00,99.00\n"
BALANCED = "16/08/2025,Ann,12.80,83.96\n15/08/2025,Ben,500.00,71.16\n"


def following(sentence: str) -> dict[str, Any]:
    """The hints of a refusal that is followed word by word."""
    words = shlex.split(re.search(r"say (.*?)(?: if that is right|$)", sentence)[1])  # type: ignore[index]
    pairs = zip(words[::2], words[1::2], strict=True)
    return {"columns": {option[2:].removesuffix("-column"): value for option, value in pairs}}


class TestWithoutAHeader:
    def test_the_first_line_is_a_line(self, tmp_path: Path) -> None:
        path = put(
            tmp_path, '"01/31/2025","-12.00","*","","SHOP 7"\n"01/30/2025","5.00","*","","ACME"\n'
        )

        assert [(line.number, line.amount, line.description) for line in lines(path)] == [
            (1, -12_00, "SHOP 7"),
            (2, 5_00, "ACME"),
        ]

    @pytest.mark.parametrize(
        "row", ["27 Feb 2018,UMC-, 7.80, ,SHOP,", "2025-01-31,SHOP,Visa,20.59"]
    )
    def test_sums_without_any_sign_are_asked_about(self, tmp_path: Path, row: str) -> None:
        path = put(tmp_path, f"{row}\n")

        sentence = refusal(path)

        assert "come in or go out? say --sign as-is" in sentence
        assert amounts(path, sign="reversed")[0] < 0 < amounts(path, sign="as-is")[0]

    def test_letters_beside_sums_say_which_came_in(self, tmp_path: Path) -> None:
        path = put(tmp_path, "18.09.2017;SHOP;33,87;O\n19.09.2017;ACME;5,00;I\n")

        assert amounts(path) == [-33_87, 5_00]

    def test_a_balance_is_found_by_what_it_adds_up_to(self, tmp_path: Path) -> None:
        found = lines(put(tmp_path, BALANCED))

        assert [(line.amount, line.balance) for line in found] == [(12_80, 83_96), (500_00, 71_16)]

    def test_oldest_first_is_found_as_well(self, tmp_path: Path) -> None:
        path = put(tmp_path, "15.01.2025;A;-1,00;9,00\n16.01.2025;B;5,00;14,00\n")

        assert amounts(path) == [-1_00, 5_00]

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (TWO_SUMS, [12_80, 500_00]),
            ("2025-01-31;1\n2025-02-01;2\n", [1_00, 2_00]),
            ("2025-01-31;5,00;\n2025-02-01;;2,00\n", [-5_00, 2_00]),
            ("31.01.2025\t1.000,00\tA\t5,00\n30.01.2025\t2,00\tB\t9,00\n", [1000_00, 2_00]),
            ('"31.01.2025";"a \'b\' c";"1,00";"9,00"\n', [1_00]),
        ],
    )
    def test_the_refusal_can_be_followed_word_by_word(
        self, tmp_path: Path, content: str, expected: list[int]
    ) -> None:
        path = put(tmp_path, content)

        assert amounts(path, **following(refusal(path))) == expected

    def test_the_refusal_shows_every_column(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, TWO_SUMS)) == (
            "line 1 is a booking, and no header stands above it; its columns are "
            "1 '16/08/2025', 2 'Ann', 3 '12.80', 4 '83.96'; "
            "say --amount-column 3 --balance-column 4 if that is right, or other numbers"
        )

    @pytest.mark.parametrize(
        "columns",
        [
            {"date": "1", "amount": "3", "description": "2"},
            {"date": "A", "amount": "C", "description": "B"},
            {"date": "16/08/2025", "amount": "12.80", "description": "Ann"},
            {"amount": "3"},
        ],
    )
    def test_columns_go_by_number_letter_or_first_cell(
        self, tmp_path: Path, columns: dict[str, str]
    ) -> None:
        found = lines(put(tmp_path, TWO_SUMS), columns=columns)

        assert [(line.amount, line.description) for line in found] == [
            (12_80, "Ann"),
            (500_00, "Ben"),
        ]

    @pytest.mark.parametrize("name", ["9", "0", "ZZ", "Betrag"])
    def test_a_column_that_is_not_there_is_refused(self, tmp_path: Path, name: str) -> None:
        sentence = refusal(put(tmp_path, TWO_SUMS), columns={"amount": name})

        assert sentence.startswith("no column ")
        assert sentence.endswith("; the file has: 1, 2, 3, 4; say --amount-column NAME")

    def test_a_refused_row_names_the_column_by_number(self, tmp_path: Path) -> None:
        path = put(tmp_path, "31.01.2025;-1,00;A\n30.01.2025;x,00;B\n")

        assert "line 2 (row 2 of the file): column '2' 'x,00' is not" in refusal(path)

    def test_lines_above_the_first_booking_are_no_lines(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Konto 7\n\n31.01.2025;-1,00;A\n30.01.2025;2,00;B\n")

        assert amounts(path) == [-1_00, 2_00]


class TestAHeader:
    def test_of_unknown_names_is_a_header(self, tmp_path: Path) -> None:
        path = put(tmp_path, "quando;quanto;cosa\n2025-01-31;1,00;A\n")

        assert refusal(path) == (
            "no column for the date; the file has: quando, quanto, cosa; say --date-column NAME"
        )
        assert amounts(path, columns={"date": "quando", "amount": "quanto"}) == [1_00]

    def test_has_columns_by_number_too(self, tmp_path: Path) -> None:
        path = put(tmp_path, "quando;quanto;cosa\n2025-01-31;1,00;A\n")

        assert amounts(path, columns={"date": "1", "amount": "2"}) == [1_00]

    def test_with_one_name_twice_is_read_by_number(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Amount\n2025-01-31;1,00;2,00\n")

        assert "--amount-column 2 or 3 for one by its place" in refusal(
            path, columns={"amount": "Amount"}
        )
        assert amounts(path, columns={"amount": "3"}) == [2_00]

    @pytest.mark.parametrize("first", ["sep=^", '"sep=^"', "SEP=^"])
    def test_may_stand_below_the_separator(self, tmp_path: Path, first: str) -> None:
        path = put(tmp_path, f"{first}\r\nDate^Text^Amount\r\n2025-01-31^a;b^1.50\r\n")

        assert amounts(path) == [1_50]


class TestPassingOver:
    @pytest.mark.parametrize(
        "row", ["soon;5;y", "2025-01-30;x", "2025-01-30;x;y;z", '2025-01-30;"x"y;3', "2025-01-30;;"]
    )
    def test_a_refused_row_by_its_number(self, tmp_path: Path, row: str) -> None:
        path = put(tmp_path, f"Date;Amount;Text\n2025-01-31;1;A\n{row}\n2025-01-29;3;C\n")

        assert refusal(path).endswith("say --skip-line 2 to pass over it")
        found = lines(path, skip_lines=frozenset({2}))
        assert [line.amount for line in found if not line.not_booked] == [1_00, 3_00]

    def test_an_open_quote_gives_the_lines_behind_it_back(self, tmp_path: Path) -> None:
        path = put(tmp_path, 'Date;Amount;Text\n2025-01-31;1;"A\n2025-01-30;2;B\n2025-01-29;3;C\n')

        assert refusal(path).endswith("say --skip-line 1 to pass over it")
        found = lines(path, skip_lines=frozenset({1}))
        assert [(line.number, line.amount) for line in found if not line.not_booked] == [
            (2, 2_00),
            (3, 3_00),
        ]

    def test_a_row_that_can_be_read_is_left_to_who_imports_it(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;1\n2025-01-30;2\n2025-01-29;x1\n")

        found = lines(path, skip_lines=frozenset({2, 3}))

        assert [line.not_booked for line in found] == ["", "", "left out by choice"]

    def test_a_row_whose_date_fits_no_other_is_not_looked_at(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount\n12/31/2025;1\n31/01/2025;2\n13/01/2025;3\n")

        assert "does not fit the dates before it" in refusal(path)
        found = lines(path, skip_lines=frozenset({1}))
        assert [line.amount for line in found if not line.not_booked] == [2_00, 3_00]

    @pytest.mark.parametrize("footer", ["x;y;z", "x;y;z;1;2;3", "only", "2025-01-28;9;9"])
    def test_a_footer_by_its_length(self, tmp_path: Path, footer: str) -> None:
        path = put(
            tmp_path, f"Date;Amount;Text\n2025-01-31;1;A\n2025-01-30;2;B\n\n{footer}\n{footer}\n"
        )

        found = lines(path, skip_footer=2)

        assert [line.amount for line in found if not line.not_booked] == [1_00, 2_00]

    def test_a_footer_longer_than_the_file_leaves_no_booking(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;1\n")

        assert [line.not_booked for line in lines(path, skip_footer=5)] in (
            [],
            ["left out by choice"],
        )

    def test_are_options_of_the_command(self, tenant: Tenant, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount\n2025-01-31;1\nsoon;2\n2025-01-29;4\nend;3\n")
        importer = Importer.of(tenant, "EUR")

        importer.run(path).assert_refused("bad_statement", "--skip-line 2")
        ran = importer.run(path, "--json", "--skip-line", "2", "--skip-footer", "1")

        new = [line["amount_minor"] for line in ran.json["lines"] if line["status"] == "new"]
        assert new == [1_00, 4_00]
