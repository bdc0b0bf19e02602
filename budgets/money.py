"""Money in and out: what people type becomes minor units, and minor units what they read.

Babel knows how a locale writes numbers. Between `parse` and `show` money is an int of minor
units (cents); between `percent` and `show_percent` a share is an int of parts per million.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache
from typing import Self
from unicodedata import category

from babel import Locale
from babel.core import get_global
from babel.numbers import (
    format_decimal,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
    parse_pattern,
)

from budgets.cascade import MAX_MINOR, WHOLE
from budgets.errors import BadAmount, BadRule, UnknownCurrency, WrongCurrency

# ISO 4217: the codes whose minor unit is not a hundredth. Babel's own figures are CLDR's advice
# for display, which hides minor units that nobody mints any more (IQD, LBP, RSD and others).
_NOT_HUNDREDTHS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: n for n, codes in _NOT_HUNDREDTHS.items() for code in codes.split()}

# What stands before the number, from its first digit to its last, and what stands after it.
_PARTS = re.compile(r"([^0-9]*?)([.,]?[0-9](?:.*[0-9])?)([^0-9]*)", re.DOTALL)
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?")

# One spelling for the spaces, apostrophes and minus signs of different locales and keyboards;
# marks of writing direction are invisible and say nothing about the amount.
_SPELLING = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"}
    | dict.fromkeys("\u200e\u200f\u061c")
)


def exponent(currency: str) -> int:
    """The decimals of a currency's minor unit, by ISO 4217; upper and lower case are the same.

    >>> [exponent(currency) for currency in ("JPY", "eur", "KWD")]
    [0, 2, 3]

    Raises UnknownCurrency for all but the codes of money in use.
    """
    if (code := _upper(currency)) not in _in_use():
        raise UnknownCurrency(
            f"{_quoted(currency)} is not a currency: give an ISO 4217 code such as EUR"
        )
    return _EXPONENTS.get(code, 2)


def parse(
    text: str,
    currency: str,
    *,
    locale: str | Locale = "en",
    signed: bool = False,
    exponent: int | None = None,
) -> int:
    """Read an amount as people of `locale` write it, in minor units.

    The currency may stand beside it, as its code or as the locale's symbol. Only with `signed`
    may there be a sign, or an amount of zero. A budget passes the `exponent` it keeps, and so
    goes on when its currency is withdrawn.

    >>> parse("1,234.5", "EUR"), parse("1.234,50 EUR", "EUR", locale="de")
    (123450, 123450)
    >>> parse("-12.50", "EUR", signed=True)
    -1250

    Raises BadAmount, WrongCurrency or UnknownCurrency.
    """
    notation = _Notation.of(currency, locale, exponent)
    parts = _PARTS.fullmatch(text.strip().translate(_SPELLING))
    if parts is None:
        raise notation.refusal(text)
    before, number, after = parts.groups()
    signs = re.findall("[+-]", before + after)
    if len(signs) > 1 or (signs == ["+"] and not signed):
        raise notation.refusal(text)
    for beside in (before, after):
        notation.require_currency(re.sub("[+-]", "", beside).strip(), text)
    minor = notation.minor(number, text)
    if not signed and (signs or not minor):
        raise BadAmount(f"an amount is more than zero, not {_quoted(text)}")
    return -minor if signs == ["-"] else minor


def show(
    minor: int, currency: str, *, locale: str | Locale = "en", exponent: int | None = None
) -> str:
    """Write minor units as people of `locale` read them, with every decimal the currency has.

    >>> show(123450, "EUR"), show(-1234, "JPY"), show(5, "USD", exponent=3)
    ('€1,234.50', '-¥1,234', '$0.005')

    Raises UnknownCurrency unless the `exponent` is given.
    """
    notation = _Notation.of(currency, locale, exponent)
    return notation.written(minor, notation.locale.currency_formats["standard"].pattern)


def percent(text: str) -> int:
    """Read a percentage with at most four decimals, in parts per million.

    >>> percent("33.3333"), percent("30")
    (333333, 300000)

    Raises BadRule unless it is from 0 to 100.
    """
    if parts := _PERCENT.fullmatch(text):
        ppm = int(parts[1]) * 10_000 + int((parts[2] or "").ljust(4, "0"))
        if ppm <= WHOLE:
            return ppm
    raise BadRule(
        "a percentage is a number from 0 to 100 with at most 4 decimals, such as 33.3333, "
        f"not {_quoted(text)}"
    )


def show_percent(ppm: int) -> str:
    """Write parts per million as a percentage.

    >>> show_percent(333_333), show_percent(300_000)
    ('33.3333 %', '30 %')
    """
    whole, decimals = divmod(ppm, 10_000)
    return f"{whole}.{decimals:04}".rstrip("0").rstrip(".") + " %"


@dataclass(frozen=True, slots=True)
class _Notation:
    """How one locale writes one currency."""

    code: str
    exponent: int
    locale: Locale

    @classmethod
    def of(cls, currency: str, locale: str | Locale, given: int | None) -> Self:
        """`given` is an exponent somebody kept; without it the currency must be in use."""
        tag = str(locale).replace("-", "_")
        return cls(
            _upper(currency), exponent(currency) if given is None else given, Locale.parse(tag)
        )

    def written(self, minor: int, pattern: str) -> str:
        """`minor` in one of the locale's patterns, with the currency's decimals."""
        wanted = parse_pattern(pattern)
        wanted.frac_prec = (self.exponent, self.exponent)
        value = Decimal(f"{minor}E-{self.exponent}")
        with localcontext(prec=40):  # a caller's narrower context would round the amount
            return str(wanted.apply(value, self.locale, self.code, currency_digits=False))

    def refusal(self, text: str) -> BadAmount:
        """The error for what is no amount at all; it shows how one is written."""
        example = self.written(12345 * 10**self.exponent // 10, "#,##0.0")
        if not text.strip():
            return BadAmount(f"the amount is missing: write one, such as {example}")
        return BadAmount(f"{_quoted(text)} is not an amount: write it like {example}")

    def require_currency(self, beside: str, text: str) -> None:
        """Let pass what may stand beside the number: nothing, the code, the symbol."""
        symbol = get_currency_symbol(self.code, self.locale).translate(_SPELLING)
        if not beside or _upper(beside) == self.code or beside == symbol:
            return
        if _upper(beside) in _in_use() or any(category(char) == "Sc" for char in beside):
            raise WrongCurrency(f"{_quoted(text)} is not in {self.code}")
        raise self.refusal(text)

    def minor(self, number: str, text: str) -> int:
        """The minor units of an unsigned number; `text` is all that was written."""
        group, point = (
            symbol(self.locale).translate(_SPELLING)
            for symbol in (get_group_symbol, get_decimal_symbol)
        )
        whole, _, decimals = number.partition(point)
        digits = whole.replace(group, "")
        if not re.fullmatch("[0-9]*", digits + decimals):
            raise self.refusal(text)
        if len(digits := digits.lstrip("0")) > len(str(MAX_MINOR)):
            raise self._too_large()
        if group in whole and whole != self._grouped(digits):
            raise self.refusal(text)
        if len(decimals) > self.exponent:
            raise BadAmount(f"{_quoted(text)} has too many decimals: {self._decimals()}")
        if (minor := int(f"0{digits}{decimals.ljust(self.exponent, '0')}")) > MAX_MINOR:
            raise self._too_large()
        return minor

    def _grouped(self, digits: str) -> str:
        """The digits as the locale groups them."""
        return format_decimal(int(f"0{digits}"), locale=self.locale).translate(_SPELLING)

    def _decimals(self) -> str:
        return f"{self.code} has {self.exponent or 'no'} decimals"

    def _too_large(self) -> BadAmount:
        most = self.written(MAX_MINOR, "#,##0.0")
        return BadAmount(f"the amount is too large: the most is {most} {self.code}")


@cache
def _in_use() -> frozenset[str]:
    """The ISO 4217 codes of money in use, by CLDR: no withdrawn money, no metals, no test codes.

    Read without a clock: a currency counts until CLDR knows the day it ends.
    """
    places = get_global("territory_currencies")
    codes = {
        code
        for place, history in places.items()
        if place != "ZZ"  # gold, special drawing rights and the like
        for code, _start, end, _tender in history
        if end is None
    }
    # Where CLDR differs: no money at all, the offshore yuan, and a colon ISO 4217 still lists.
    return frozenset(codes - {"XXX", "CNH"} | {"SVC"})


def _upper(code: str) -> str:
    """The code in capitals; letters outside ASCII stay, lest one turn into a code's."""
    return code.upper() if code.isascii() else code


def _quoted(text: str) -> str:
    """The text as an error may quote it: short and on one line."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
