"""Money and percentages, as people write them and as they read them."""

import json
from datetime import date
from decimal import localcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.cascade import MAX_MINOR, WHOLE
from budgets.errors import BadAmount, BadRule, CurrencyEnded, UnknownCurrency, WrongCurrency
from budgets.money import parse, percent, show, show_percent
from budgets.money.currencies import exponent

ROOT = Path(__file__).parents[2]
LOCALES = ["en", "en_IN", "de", "de_CH", "de-at", "fr", "es", "sv", "pl", "ja", "pt_BR", "ar", "he"]


class TestTheExponentOfACurrency:
    @pytest.mark.parametrize(
        ("currency", "decimals"),
        [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("eur", 2), ("SVC", 2)],
    )
    def test_is_what_iso_4217_says(self, currency: str, decimals: int) -> None:
        assert exponent(currency) == decimals

    @pytest.mark.parametrize(("currency", "decimals"), [("IQD", 3), ("LBP", 2), ("RSD", 2)])
    def test_is_not_the_number_of_decimals_worth_printing(
        self, currency: str, decimals: int
    ) -> None:
        assert exponent(currency) == decimals

    @pytest.mark.parametrize(
        "currency",
        [
            *("EU", "EURO", "XYZ", "XXX", "XTS", "XAU", "DEM", "CNH"),
            *("", "EUR ", "€", "\u0131nr", "\u017fek"),
        ],
    )
    def test_is_refused_for_what_is_no_money_in_use(self, currency: str) -> None:
        with pytest.raises(UnknownCurrency, match="ISO 4217"):
            exponent(currency)


class TestACurrencyThatEnded:
    @pytest.mark.parametrize(
        ("currency", "since", "instead"),
        [
            ("BGN", date(2026, 1, 1), "EUR"),
            ("hrk", date(2023, 1, 14), "EUR"),
            ("BYB", date(2000, 12, 31), "BYN"),  # BYR came between
            ("SUR", date(1991, 12, 25), None),
        ],
    )
    def test_is_refused_with_its_day_and_what_replaced_it(self, currency, since, instead):
        with pytest.raises(CurrencyEnded, match=f"ended on {since}") as caught:
            exponent(currency)

        assert caught.value.code == "currency_ended"
        assert (caught.value.figures["since"], caught.value.figures["replaced_by"]) == (
            since, instead,
        )  # fmt: skip
        assert instead is None or f"such as {instead}" in str(caught.value)

    def test_was_in_use_before_its_day(self):
        assert exponent("BGN", on=date(2025, 12, 31)) == 2
        with pytest.raises(CurrencyEnded):
            exponent("BGN", on=date(2026, 1, 1))

    def test_goes_on_where_a_budget_keeps_its_decimals(self):
        assert parse("5,50 лв.", "BGN", exponent=2, locale="bg") == 550
        assert show(550, "BGN", exponent=2) == "BGN5.50"

    def test_comes_from_a_table_that_names_its_sources(self):
        table = json.loads((ROOT / "budgets" / "money" / "currencies.json").read_text())

        assert any(source.startswith("BGN: ") for source in table["source"])
        assert not set(table["in_use"]) & set(table["ended"])


class TestParsing:
    @pytest.mark.parametrize(
        ("text", "locale", "minor"),
        [
            ("1234.50", "en", 123450),
            ("1,234.50", "en", 123450),
            ("1,234,567.8", "en", 123456780),
            ("12,34,567.80", "en_IN", 123456780),
            ("1.234,50", "de", 123450),
            ("1.234", "de", 123400),
            ("1 234,50", "fr", 123450),
            ("1\u202f234,50", "fr", 123450),
            ("1\u00a0234,50", "sv", 123450),
            ("1\u2019234.50", "de_CH", 123450),
            ("1'234.50", "de-CH", 123450),
            (".5", "en", 50),
            (",5", "de", 50),
            ("007", "en", 700),
            ("  12 \n", "en", 1200),
        ],
    )
    def test_reads_a_number_as_the_locale_writes_it(
        self, text: str, locale: str, minor: int
    ) -> None:
        assert parse(text, "EUR", locale=locale) == minor

    @pytest.mark.parametrize(
        ("text", "locale"),
        [
            ("1,23", "en"),
            ("12,34", "en"),
            ("1,2345.00", "en"),
            ("0,123.00", "en"),
            ("12,34,567", "en"),
            ("1,,234", "en"),
            (",123", "en"),
            ("1.234.56", "en"),
            ("1 234", "en"),
            ("1.23", "de"),
            ("12.34,5", "de"),
            ("1,234.50", "de"),
            ("1.5,0", "de"),
        ],
    )
    def test_refuses_grouping_the_locale_would_not_write(self, text: str, locale: str) -> None:
        with pytest.raises(BadAmount, match=r"write it like 1.234.50"):
            parse(text, "EUR", locale=locale)

    @pytest.mark.parametrize(
        "text",
        ["12.50 EUR", "EUR 12.50", "EUR12.50", "12.50EUR", "12.50 eur", "€12.50", "€12.50 EUR"],
    )
    def test_lets_the_currency_stand_beside_the_number(self, text: str) -> None:
        assert parse(text, "EUR") == 1250

    @pytest.mark.parametrize("text", ["12.50 USD", "USD 12.50", "$12.50", "12.50 usd", "€1 USD"])
    def test_refuses_another_currency_than_the_one_wanted(self, text: str) -> None:
        with pytest.raises(WrongCurrency, match="is not in EUR"):
            parse(text, "EUR")

    @pytest.mark.parametrize(
        "text",
        [
            *("NaN", "nan", "inf", "-inf", "Infinity", "1e5", "1E5", "1e-2", "0x10", "1_000"),
            *(".", ",", "-", "+", "EUR", "abc", "5.", "5,", "1.2.3", "(5)", "5;6", "5€5"),
            *("5xyz", "5%", "½", "5²", "١٢", "1٢", "+5", "--5", "+-5", "-5-", "1 2", "5 %"),
            *("5 DEM", "EUR EUR", "five EUR", "1\u06623", "5\x00", "\uff15", "1\u066b5"),
        ],
    )
    def test_refuses_what_is_no_number_and_says_what_one_looks_like(self, text: str) -> None:
        with pytest.raises(BadAmount, match=r"is not an amount: write it like 1,234\.50$"):
            parse(text, "EUR")

    @pytest.mark.parametrize("text", ["", " ", "\u00a0", "\n\t"])
    def test_asks_for_an_amount_when_there_is_none(self, text: str) -> None:
        with pytest.raises(BadAmount, match=r"is missing: write one like 1,234\.50"):
            parse(text, "EUR")

    @pytest.mark.parametrize(
        ("text", "currency", "advice"),
        [
            ("1.234", "EUR", "EUR has 2 decimals"),
            ("1.230", "EUR", "EUR has 2 decimals"),
            ("1.0", "JPY", "JPY has no decimals"),
            ("0.0001", "KWD", "KWD has 3 decimals"),
        ],
    )
    def test_refuses_more_decimals_than_the_currency_has(
        self, text: str, currency: str, advice: str
    ) -> None:
        with pytest.raises(BadAmount, match=f"too many decimals: {advice}"):
            parse(text, currency)

    @pytest.mark.parametrize(
        ("text", "currency", "minor"), [("12", "JPY", 12), ("1.5", "KWD", 1500), ("1", "EUR", 100)]
    )
    def test_gives_minor_units_of_the_currency(self, text: str, currency: str, minor: int) -> None:
        assert parse(text, currency) == minor

    def test_stops_at_what_64_bits_can_hold(self) -> None:
        assert parse("92233720368547758.07", "EUR") == MAX_MINOR
        for text in ("92233720368547758.08", "1" + "0" * 19, "9" * 9999, "1,000" + ",000" * 9):
            with pytest.raises(BadAmount, match=r"the maximum is 92,233,720,368,547,758\.07 EUR"):
                parse(text, "EUR")

    def test_is_not_confused_by_thousands_of_zeros(self) -> None:
        assert parse("0" * 9999 + "5", "EUR") == 500

    @pytest.mark.parametrize("text", ["0", "0.00", "-5", "-0", "5-", "EUR -5"])
    def test_refuses_what_is_not_more_than_zero(self, text: str) -> None:
        with pytest.raises(BadAmount, match="the amount must be more than zero"):
            parse(text, "EUR")

    @pytest.mark.parametrize(
        ("text", "minor"),
        [("-12.50", -1250), ("+12.50", 1250), ("12.50-", -1250), ("\u2212€12.50", -1250), ("0", 0)],
    )
    def test_reads_signs_and_zero_when_asked_to(self, text: str, minor: int) -> None:
        assert parse(text, "EUR", signed=True) == minor

    @pytest.mark.parametrize("text", ["--5", "-5-", "+-5", "1-2"])
    def test_reads_one_sign_at_most(self, text: str) -> None:
        with pytest.raises(BadAmount, match="is not an amount"):
            parse(text, "EUR", signed=True)

    def test_refuses_an_unknown_currency(self) -> None:
        with pytest.raises(UnknownCurrency):
            parse("5", "XYZ")

    def test_goes_by_the_exponent_a_budget_keeps_when_its_currency_is_withdrawn(self) -> None:
        assert parse("5.5 DEM", "DEM", exponent=2) == 550
        with pytest.raises(WrongCurrency):
            parse("5.5 EUR", "DEM", exponent=2)

    def test_quotes_no_more_of_a_long_text_than_helps(self) -> None:
        with pytest.raises(BadAmount) as caught:
            parse("x\n" * 5000, "EUR")

        assert len(str(caught.value)) < 150
        assert "\n" not in str(caught.value)


class TestShowing:
    @pytest.mark.parametrize(
        ("minor", "currency", "locale", "text"),
        [
            (123450, "EUR", "en", "€1,234.50"),
            (-123450, "EUR", "en", "-€1,234.50"),
            (0, "EUR", "en", "€0.00"),
            (5, "eur", "en", "€0.05"),
            (123450, "EUR", "de", "1.234,50\u00a0€"),
            (1234567, "INR", "en_IN", "₹12,345.67"),
            (1234, "JPY", "en", "¥1,234"),
            (1234567, "IQD", "en", "IQD1,234.567"),
            (MAX_MINOR, "EUR", "en", "€92,233,720,368,547,758.07"),
            (-MAX_MINOR - 1, "EUR", "en", "-€92,233,720,368,547,758.08"),
            (MAX_MINOR, "CLF", "en", "CLF922,337,203,685,477.5807"),
        ],
    )
    def test_writes_every_decimal_as_the_locale_does(
        self, minor: int, currency: str, locale: str, text: str
    ) -> None:
        assert show(minor, currency, locale=locale) == text

    def test_goes_by_the_exponent_of_the_caller(self) -> None:
        assert show(1234, "EUR", exponent=3) == "€1.234"
        assert show(1234, "DEM", exponent=0) == "DEM1,234"

    def test_refuses_an_unknown_currency(self) -> None:
        with pytest.raises(UnknownCurrency):
            show(1, "XYZ")

    def test_refuses_an_unknown_locale(self) -> None:
        with pytest.raises(BadAmount, match="unknown locale 'xx'"):
            show(1, "EUR", locale="xx")

    def test_is_exact_even_where_the_caller_computes_with_few_digits(self) -> None:
        with localcontext(prec=3):
            assert show(MAX_MINOR, "JPY") == "¥9,223,372,036,854,775,807"


@settings(max_examples=1000, deadline=None)
@given(
    st.integers(-MAX_MINOR, MAX_MINOR) | st.integers(-2000, 2000),
    st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF", "SEK", "INR", "CHF"]),
    st.sampled_from(LOCALES),
)
def test_what_is_shown_reads_back_as_the_same_money(minor: int, currency: str, locale: str) -> None:
    text = show(minor, currency, locale=locale)

    assert parse(text, currency, locale=locale, signed=True) == minor


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=12) | st.text("0123456789.,+-' €EUReNa", max_size=12))
def test_any_text_is_an_amount_or_a_refusal(text: str) -> None:
    try:
        minor = parse(text, "EUR")
    except (BadAmount, WrongCurrency):
        return

    assert 0 < minor <= MAX_MINOR


class TestAPercentage:
    @pytest.mark.parametrize(
        ("text", "ppm"),
        [("0", 0), ("0.0001", 1), ("33.3333", 333_333), ("30", 300_000), ("100.0000", WHOLE)],
    )
    def test_is_read_in_parts_per_million(self, text: str, ppm: int) -> None:
        assert percent(text) == ppm

    @pytest.mark.parametrize(
        "text",
        [
            *("33.33333", "33.33330", "100.0001", "101", "-1", "+1", "1e1", "NaN", "inf", ".5"),
            *("5.", "1,5", "5%", "5_0", "٣", "x"),
            *("", " 5", "5\n", pytest.param("0" * 9999, id="zeros")),
        ],
    )
    def test_is_refused_unless_it_is_0_to_100_with_four_decimals(self, text: str) -> None:
        with pytest.raises(BadRule, match="from 0 to 100 with at most 4 decimals"):
            percent(text)

    @pytest.mark.parametrize(
        ("ppm", "text"),
        [(0, "0 %"), (1, "0.0001 %"), (333_333, "33.3333 %"), (300_000, "30 %"), (WHOLE, "100 %")],
    )
    def test_is_shown_without_needless_zeros(self, ppm: int, text: str) -> None:
        assert show_percent(ppm) == text

    @pytest.mark.parametrize(("text", "locale"), [("33,3", "en"), ("33.3", "de"), ("33;3", "de")])
    def test_is_refused_with_another_decimal_mark(self, text: str, locale: str) -> None:
        with pytest.raises(BadRule):
            percent(text, locale=locale)

    @pytest.mark.parametrize("locale", LOCALES)
    def test_is_written_with_the_decimal_mark_of_the_locale(self, locale: str) -> None:
        shown = show_percent(333_333, locale=locale)

        assert percent(shown.removesuffix(" %"), locale=locale) == 333_333

    @given(st.integers(0, WHOLE))
    def test_shown_reads_back_as_the_same_share(self, ppm: int) -> None:
        assert percent(show_percent(ppm).removesuffix(" %")) == ppm
