"""Sums and dates in the many ways in which banks write them."""

from datetime import date
from pathlib import Path

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from budgets.statements.amounts import minor, point, written_currency
from budgets.statements.dates import Dates
from budgets.statements.monthnames import named_date
from tests.budgets.statement_files import (
    amounts,
    dated,
    lines,
    of_row,
    put,
    refusal,
    table,
)

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "nb", "da")
BEFORE = ("", "EUR ", "EUR", "\u20ac", "\u20ac ", "US$ ", "$", "R$ ", "kr ", "CHF ", "Rs. ")
BEHIND = ("", " EUR", "EUR", " \u20ac", " PLN", " z\u0142", " kr", " kr.", " K\u010d", " $", " Ft")
MINUSES = ("-", "\u2212", "\u2013")
SPACES = (" ", "\u00a0", "\u2009", "\u202f")
STYLES = (
    *((group, mark) for group in ("", *SPACES, "'", "\u2019") for mark in ".,"),
    *((",", "."), (".", ","), ("lakh", ".")),
)


def grouped(whole: str, by: str) -> str:
    """The digits with a thousands mark between them, or as lakhs."""
    if by == "lakh":
        head, tail = whole[:-3], whole[-3:]
        pairs = [head[max(at - 2, 0) : at] for at in range(len(head), 0, -2)]
        return ",".join([*reversed(pairs), tail])
    parts = [whole[max(at - 3, 0) : at] for at in range(len(whole), 0, -3)]
    return by.join(reversed(parts))


@given(
    units=st.integers(0, 10**12),
    style=st.sampled_from(STYLES),
    exponent=st.sampled_from([2, 3]),
    money_sign=st.sampled_from([(sign, "") for sign in BEFORE] + [("", sign) for sign in BEHIND]),
    form=st.sampled_from(["{b}{n}{a}", "{m}{b}{n}{a}", "{b}{m}{n}{a}", "({b}{n}{a})", "{b}({n}){a}",
        "{b}{n}{m}{a}", "{b}{n}{a}{m}"]),
    minus=st.sampled_from(MINUSES),
)  # fmt: skip
def test_any_sum_in_any_style_comes_back(
    units: int, style: tuple[str, str], exponent: int, money_sign: tuple[str, str], form: str,
    minus: str,
) -> None:  # fmt: skip
    whole, fraction = divmod(units, 10**exponent)
    number = f"{grouped(str(whole), style[0])}{style[1]}{fraction:0{exponent}}"
    text = form.format(b=money_sign[0], n=number, a=money_sign[1], m=minus)

    sign = 1 if form == "{b}{n}{a}" else -1
    assert minor(text, decimal=style[1], exponent=exponent) == sign * units
    assert point(text) in (style[1], None)
    if exponent == 2:
        assert point(text) == style[1]


class TestSums:
    @pytest.mark.parametrize(
        ("written", "currency", "expected"),
        [
            (["EUR 10,00", "\u20ac 3,00", "-3,00 EUR"], "EUR", [10_00, 3_00, -3_00]),
            (["10.00 \u20ac", "1.50"], "EUR", [10_00, 1_50]),
            (["US$ 5", "$5.25", "USD 1.00"], "USD", [5_00, 5_25, 1_00]),
            (["2 500,00 PLN", "-3,40 z\u0142"], "PLN", [2500_00, -3_40]),
            (["CHF 1'234.50", "1\u2019234.50"], "CHF", [1234_50, 1234_50]),
            (["R$ -5,00", "-R$ 5,00", "R$ 5,00-"], "BRL", [-5_00] * 3),
            (["kr 5,00", "5,00 kr", "5,00 kr."], "SEK", [5_00] * 3),
            (["1,25,000.00", "12,34,56,789.00"], "INR", [125_000_00, 123456789_00]),
            (["Rs.500.00", "Rs. 1,25,000.00"], "INR", [500_00, 125_000_00]),
            (["1\u00a0234,50", "1\u2009234,50", "1\u202f234,50"], "EUR", [1234_50] * 3),
            (["($0.02)", "$(0.02)", "-$0.02", "$-0.02", "0.02-"], "USD", [-2] * 5),
            (["\u22125,00", "\u20135,00"], "EUR", [-5_00] * 2),
            (['="12,50"', "'-12,50"], "EUR", [12_50, -12_50]),
            (["0.500", "377.000", "12.345"], "KWD", [500, 377_000, 12_345]),
            (["1,234.500", "BHD 5.000"], "BHD", [1_234_500, 5_000]),
            (["377.000", "1.50"], "USD", [377_00, 1_50]),
        ],
    )
    def test_are_read_with_their_currency(
        self, tmp_path: Path, written: list[str], currency: str, expected: list[int]
    ) -> None:
        assert amounts(put(tmp_path, table(*written)), currency) == expected

    def test_of_three_decimals_that_may_be_thousands_are_asked_about(self, tmp_path: Path) -> None:
        assert "'377.000' can be thousands" in refusal(put(tmp_path, table("377.000")), "KWD")
        assert "'377.000' can be thousands" in refusal(put(tmp_path, table("377.000")), "USD")

    @pytest.mark.parametrize(
        ("cell", "complaint"),
        [
            ("1,5E+3", "is in scientific notation, which drops digits: export it as a number"),
            ("5,-", "is not an amount"),
            ("EUR 5 USD", "is not an amount"),
            ("EUR", "is not an amount"),
            ("1,5,0", "is not an amount"),
            ("5 kr 3", "is not an amount"),
            ("--5,00", "is not an amount"),
            ("10,005", "has more decimals than the currency (2)"),
        ],
    )
    def test_in_doubt_are_refused(self, tmp_path: Path, cell: str, complaint: str) -> None:
        path = put(tmp_path, table("1,50", cell))

        assert refusal(path, decimal=",") == of_row(2, 3, f"column 'Amount' {cell!r} {complaint}")

    def test_name_the_currency_of_their_line(self, tmp_path: Path) -> None:
        path = put(tmp_path, table("EUR 1,50", "2,00 EUR"))

        assert [line.currency for line in lines(path)] == ["EUR", "EUR"]

    def test_of_another_currency_than_their_line_are_refused(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Amount;Currency\n2025-01-31;USD 5.00;EUR\n")

        assert refusal(path) == of_row(1, 2, "the sum 'USD 5.00' is not in 'EUR'")

    def test_of_two_currencies_leave_none_to_a_line_without(self, tmp_path: Path) -> None:
        path = put(tmp_path, table("EUR 1,50", "USD 2,00", "3,00"))

        assert refusal(path) == of_row(
            3, 4, "no currency is named, and other lines are in EUR and USD"
        )

    def test_that_are_a_dash_are_nothing_in_two_columns(self, tmp_path: Path) -> None:
        path = put(tmp_path, "Date;Credit;Debit\n2025-01-31;5.00;-\n2025-01-30;-;3.00\n")

        assert amounts(path) == [5_00, -3_00]

    @pytest.mark.parametrize(
        ("sign", "code"),
        [("5 z\u0142", "PLN"), ("R$5", "BRL"), ("\u20b95", "INR"), ("$5", ""), ("5 kr", ""),
         ("$5 CAD", "CAD"), ("5", ""), ("5 Foo Bar", "")],
    )  # fmt: skip
    def test_have_a_currency_where_their_sign_has_one(self, sign: str, code: str) -> None:
        assert written_currency(sign) == code


def _day(text: str) -> date:
    dates = Dates()
    dates.see(text, 1)
    dates.decide()
    return dates.day(text)


_MONTHS = [
    (language, width, name, month)
    for language in LANGUAGES
    for context in ("format", "stand-alone")
    for width in ("abbreviated", "wide")
    for month, name in Locale(language).months[context][width].items()
]


@given(
    day=st.dates(date(1970, 1, 1), date(2068, 12, 31)),
    month=st.sampled_from(LANGUAGES),
    width=st.sampled_from(["abbreviated", "wide"]),
    form=st.sampled_from(["{d}. {m} {y}", "{d} {m} {y}", "{d:02}-{m}-{y}", "{m} {d}, {y}",
        "{d:02}{m}{y}", "{y} {m} {d:02}", "{d:02}-{m}-{s:02}", "{d} de {m} de {y}"]),
    time=st.sampled_from(["", " 10:22", ", 10:22:03", " 11:59 PM", " 10:22 UTC"]),
)  # fmt: skip
def test_any_day_with_the_name_of_its_month_comes_back(
    day: date, month: str, width: str, form: str, time: str
) -> None:
    name = Locale(month).months["format"][width][day.month]

    text = form.format(d=day.day, m=name, y=day.year, s=day.year % 100) + time

    if "{s" not in form or day.year >= 1970:
        assert _day(text) == day


@given(
    day=st.dates(date(1970, 1, 1), date(2068, 12, 31)).filter(lambda day: day.day > 12),
    form=st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y",
        "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d %m %Y"]),
    time=st.sampled_from(["", " 10:22", "T00:00:00Z", "T10:22:03.123+01:00", " 11:59 PM",
        ", 10:22:03", " 10:22 a.m.", " um 9:05", " 23:59:59 America/New_York"]),
)  # fmt: skip
def test_any_day_in_any_form_comes_back_without_its_time(day: date, form: str, time: str) -> None:
    assert _day(day.strftime(form) + time) == day


class TestDates:
    @pytest.mark.parametrize(("language", "width", "name", "month"), _MONTHS)
    def test_know_every_month_of_the_languages(
        self, language: str, width: str, name: str, month: int
    ) -> None:
        assert named_date(f"15 {name} 2025") == date(2025, month, 15), (language, width)

    @pytest.mark.parametrize(
        "text",
        [
            "31. Jan. 2025", "31 janv. 2025", "Jan 31, 2025", "January 31st, 2025", "31-Jan-25",
            "Fri, 31 Jan 2025 10:00:00 GMT", "Freitag, 31. Januar 2025", "Fr 31.01.2025",
            "31JAN2025", "2025-01-31T00:00:00Z", "2025-01-31+01:00", "20250131103000",
            "1/31/2025 11:59 PM", "31. 1. 2025", "2025. 1. 31.", "2025\u5e741\u670831\u65e5",
            "31.01.2025 10.22", "31 stycznia 2025", "31 de enero de 2025", "31 Jan '25",
            "2025\u201101\u201131", "ven. 31 janv. 2025", '="2025-01-31"',
        ],
    )  # fmt: skip
    def test_are_read(self, tmp_path: Path, text: str) -> None:
        [line] = lines(put(tmp_path, f'Date;Amount\n"{text.replace(chr(34), chr(34) * 2)}";1\n'))

        assert line.posted == date(2025, 1, 31)

    @pytest.mark.parametrize(
        "text", ["Jan 2025", "31 Foo 2025", "202511", "31 Feb 2025", "today", "99-Jan-2025"]
    )
    def test_in_doubt_are_refused(self, tmp_path: Path, text: str) -> None:
        assert refusal(put(tmp_path, dated(text))) == of_row(
            1, 2, f"column 'Date' {text!r} is not a date"
        )

    def test_that_spreadsheets_count_are_asked_about(self, tmp_path: Path) -> None:
        path = put(tmp_path, dated("45688", "45689.5"))

        assert "2025-01-31 (excel) or 2029-02-01 (excel-1904): say --date-format excel" in (
            refusal(path)
        )
        days = [date(2025, 1, 31), date(2025, 2, 1)]
        assert [line.posted for line in lines(path, date_format="excel")] == days

    def test_with_the_year_first_are_asked_about(self, tmp_path: Path) -> None:
        path = put(tmp_path, dated("25-01-24", "25-01-26", "25-01-29"))

        assert refusal(path) == (
            "line 2: '25-01-24' can be 2024-01-25 or 2025-01-24: "
            "say --date-format %d-%m-%y or --date-format %y-%m-%d"
        )
        assert lines(path, date_format="%y-%m-%d")[2].posted == date(2025, 1, 29)
