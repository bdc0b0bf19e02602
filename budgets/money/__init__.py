"""Parse and format money and percentages in the notation of a locale.

`tenants.locales` has the notations. `parse` returns and `show` takes an int of minor units
(cents); `percent` returns and `show_percent` takes an int of parts per million.
"""

import re
from dataclasses import dataclass
from typing import Self
from unicodedata import category

from budgets.cascade import MAX_MINOR, WHOLE
from budgets.errors import BadAmount, BadRule, WrongCurrency
from budgets.money.currencies import capitals, exponent, in_use, quoted
from tenants import locales
from tenants.locales import Locale

# The text before the number, the number from its first digit to its last, the text after it.
_PARTS = re.compile(r"([^0-9]*?)([.,]?[0-9](?:.*[0-9])?)([^0-9]*)", re.DOTALL)
_PERCENT = re.compile(r"([0-9]{1,3})(?:([^0-9])([0-9]{1,4}))?")

# One spelling for the spaces, apostrophes and minus signs of different locales and keyboards,
# and none for the invisible marks of writing direction.
_SPELLING = str.maketrans(
    {"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\u2212": "-"}
    | dict.fromkeys("\u200e\u200f\u061c")
)


def parse(
    text: str,
    currency: str,
    *,
    locale: str = "en",
    signed: bool = False,
    exponent: int | None = None,
) -> int:
    """Parse an amount in the notation of `locale`; return minor units.

    The text may contain the code of the currency or its symbol in the locale. A sign and an
    amount of 0 need `signed`. With a stored `exponent` the currency may have ended.

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
        raise BadAmount(f"the amount must be more than zero, not {quoted(text)}")
    return -minor if signs == ["-"] else minor


def show(minor: int, currency: str, *, locale: str = "en", exponent: int | None = None) -> str:
    """Format minor units in the notation of `locale`, with all decimals of the currency.

    >>> show(123450, "EUR"), show(-1234, "JPY"), show(5, "USD", exponent=3)
    ('€1,234.50', '-¥1,234', '$0.005')

    Raises BadAmount for an unknown locale, and UnknownCurrency without an `exponent`.
    """
    notation = _Notation.of(currency, locale, exponent)
    return notation.locale.money(notation.number(minor), notation.code, negative=minor < 0)


def percent(text: str, *, locale: str = "en") -> int:
    """Parse a percentage with at most four decimals; return parts per million.

    >>> percent("33.3333"), percent("30"), percent("2,5", locale="de")
    (333333, 300000, 25000)

    Raises BadRule unless it is from 0 to 100, and BadAmount for an unknown locale.
    """
    point = locale_named(locale).point
    if (parts := _PERCENT.fullmatch(text)) and parts[2] in (None, point):
        ppm = int(parts[1]) * 10_000 + int((parts[3] or "").ljust(4, "0"))
        if ppm <= WHOLE:
            return ppm
    raise BadRule(
        "a percentage is a number from 0 to 100 with at most 4 decimals, such as "
        f"33{point}3333, not {quoted(text)}"
    )


def show_percent(ppm: int, *, locale: str = "en") -> str:
    """Format parts per million as a percentage.

    >>> show_percent(333_333), show_percent(300_000), show_percent(25_000, locale="de")
    ('33.3333 %', '30 %', '2,5 %')
    """
    whole, decimals = divmod(ppm, 10_000)
    text = f"{whole}.{decimals:04}".rstrip("0").rstrip(".")
    return f"{text.replace('.', locale_named(locale).point)} %"


def locale_named(name: str) -> Locale:
    """The locale with that name, such as de_CH or de-ch. Raises BadAmount."""
    if (locale := locales.find(name)) is None:
        raise BadAmount(f"unknown locale {quoted(name)}: use en, de, fr_CH ...")
    return locale


@dataclass(frozen=True, slots=True)
class _Notation:
    """The notation of one currency in one locale."""

    code: str
    exponent: int
    locale: Locale

    @classmethod
    def of(cls, currency: str, locale: str, stored: int | None) -> Self:
        """`stored` is the exponent of a budget; without it the currency must be in use."""
        places = exponent(currency) if stored is None else stored
        return cls(capitals(currency), places, locale_named(locale))

    def number(self, minor: int) -> str:
        """The absolute amount in digits, with the decimals of the currency."""
        whole, decimals = divmod(abs(minor), 10**self.exponent)
        return self.locale.number(str(whole), f"{decimals:0{self.exponent}}"[: self.exponent])

    def refusal(self, text: str) -> BadAmount:
        """The error for text that is not an amount, with an example of the notation."""
        example = self.number(12345 * 10**self.exponent // 10)
        if not text.strip():
            return BadAmount(f"the amount is missing: write one like {example}")
        return BadAmount(f"{quoted(text)} is not an amount: write it like {example}")

    def require_currency(self, beside: str, text: str) -> None:
        """Raise unless the text beside the number is empty, the code or the symbol."""
        symbol = self.locale.symbol(self.code).translate(_SPELLING)
        if not beside or capitals(beside) == self.code or beside == symbol:
            return
        if in_use(capitals(beside)) or any(category(char) == "Sc" for char in beside):
            raise WrongCurrency(f"{quoted(text)} is not in {self.code}")
        raise self.refusal(text)

    def minor(self, number: str, text: str) -> int:
        """The minor units of an unsigned number; `text` is the whole input, for errors."""
        group, point = (
            mark.translate(_SPELLING) for mark in (self.locale.group, self.locale.point)
        )
        whole, _, decimals = number.partition(point)
        digits = whole.replace(group, "")
        if not re.fullmatch("[0-9]*", digits + decimals):
            raise self.refusal(text)
        if len(digits := digits.lstrip("0")) > len(str(MAX_MINOR)):
            raise self._too_large()
        if group in whole and whole != self.locale.grouped(digits or "0").translate(_SPELLING):
            raise self.refusal(text)
        if len(decimals) > self.exponent:
            raise BadAmount(f"{quoted(text)} has too many decimals: {self._decimals()}")
        if (minor := int(f"0{digits}{decimals.ljust(self.exponent, '0')}")) > MAX_MINOR:
            raise self._too_large()
        return minor

    def _decimals(self) -> str:
        return f"{self.code} has {self.exponent or 'no'} decimals"

    def _too_large(self) -> BadAmount:
        most = self.number(MAX_MINOR)
        return BadAmount(f"the amount is too large: the maximum is {most} {self.code}")
