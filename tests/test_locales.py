"""The formats of money: locales and currencies are data of the project."""

import runpy
import subprocess
import sys
from decimal import Decimal

import babel
import pytest
from babel.numbers import parse_pattern

from budgets.money import parse, show
from tenants import locales
from tests.environments import ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "locales.py"))
AMOUNTS = [0, 5, -5, 1_234_50, -12_345_678_90, 92_233_720_368_547_758_07]


def of_babel(minor: int, currency: str, locale: babel.Locale) -> str:
    """What Babel makes of the amount, with two decimals."""
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (2, 2)
    return pattern.apply(Decimal(minor).scaleb(-2), locale, currency, currency_digits=False)


def test_the_files_are_what_the_script_makes_of_the_locked_babel():
    for path, content in SCRIPT["files"]().items():
        assert path.read_text() == content, f"run scripts/locales.py: {path.name} is out of date"


@pytest.mark.parametrize("minor", AMOUNTS)
def test_money_is_printed_as_the_locked_babel_prints_it_in_every_locale(minor):
    for name, locale in SCRIPT["_locales"]():
        for currency in ("EUR", "USD", "DEM", "XOF"):
            shown = show(minor, currency, locale=name, exponent=2)

            assert shown == of_babel(minor, currency, locale), name


def test_every_locale_reads_what_it_prints():
    for name, _ in SCRIPT["_locales"]():
        shown = show(-1_234_567_89, "EUR", locale=name)

        assert parse(shown, "EUR", locale=name, signed=True) == -1_234_567_89, (name, shown)


def test_money_is_read_and_printed_without_babel():
    program = (
        "import sys; sys.modules['babel'] = None\n"
        "from budgets.money import parse, show\n"
        "print(show(parse('1.250,50', 'EUR', locale='de'), 'EUR', locale='de-AT'))"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert ran.stdout.strip() == "€\u00a01.250,50", ran.stderr


@pytest.mark.parametrize(
    ("name", "like"),
    [("de-ch", "de_CH"), ("zh-tw", "zh_Hant"), ("de_XX", "de"), ("EN_us", "en"), ("sr-latn", "sr")],
)
def test_a_locale_is_found_by_any_spelling_and_else_by_its_language(name, like):
    found, known = locales.find(name), locales.find(like)

    assert found is not None
    assert known is not None
    assert (found.pattern, found.group) == (known.pattern, known.group)


@pytest.mark.parametrize("name", ["", "_", "xx", "xx_DE", "deutsch", "_DE", "e"])
def test_what_is_no_language_is_no_locale(name):
    assert locales.find(name) is None
