"""Money in and out: what people type becomes minor units, and minor units what they read.

`tenants.locales` knows how a locale writes numbers. Between `parse` and `show` money is an int of
minor units (cents); between `percent` and `show_percent` a share is an int of parts per million.
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

# What stands before the number, from its first digit to its last, and what stands after it.
_PARTS = re.compile(r"([^0-9]*?)([.,]?[0-9](?:.*[0-9])?)([^0-9]*)", re.DOTALL)
_PERCENT = re.compile(r"([0-9]{1,3})(?:([^0-9])([0-9]{1,4}))?")

# One spelling for the spaces, apostrophes and minus signs of different locales and keyboards;
# marks of writing direction are invisible and say nothing about the amount.
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
        raise BadAmount(f"an amount is more than zero, not {quoted(text)}")
    return -minor if signs == ["-"] else minor


def show(minor: int, currency: str, *, locale: str = "en", exponent: int | None = None) -> str:
    """Write minor units as people of `locale` read them, with every decimal the currency has.

    >>> show(123450, "EUR"), show(-1234, "JPY"), show(5, "USD", exponent=3)
    ('€1,234.50', '-¥1,234', '$0.005')

    Raises BadAmount for no locale, and UnknownCurrency unless the `exponent` is given.
    """
    notation = _Notation.of(currency, locale, exponent)
    return notation.locale.money(notation.number(minor), notation.code, negative=minor < 0)


def percent(text: str, *, locale: str = "en") -> int:
    """Read a percentage with at most four decimals, in parts per million.

    >>> percent("33.3333"), percent("30"), percent("2,5", locale="de")
    (333333, 300000, 25000)

    Raises BadRule unless it is from 0 to 100, and BadAmount for no locale.
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
    """Write parts per million as a percentage.

    >>> show_percent(333_333), show_percent(300_000), show_percent(25_000, locale="de")
    ('33.3333 %', '30 %', '2,5 %')
    """
    whole, decimals = divmod(ppm, 10_000)
    told = f"{whole}.{decimals:04}".rstrip("0").rstrip(".")
    return f"{told.replace('.', locale_named(locale).point)} %"


def locale_named(name: str) -> Locale:
    """The locale of that name, such as de_CH or de-ch. Raises BadAmount."""
    if (found := locales.find(name)) is None:
        raise BadAmount(f"there is no locale {quoted(name)}: say en, de, fr_CH ...")
    return found


@dataclass(frozen=True, slots=True)
class _Notation:
    """How one locale writes one currency."""

    code: str
    exponent: int
    locale: Locale

    @classmethod
    def of(cls, currency: str, locale: str, given: int | None) -> Self:
        """`given` is an exponent somebody kept; without it the currency must be in use."""
        places = exponent(currency) if given is None else given
        return cls(capitals(currency), places, locale_named(locale))

    def number(self, minor: int) -> str:
        """The digits of an amount, unsigned, with the currency's decimals."""
        whole, decimals = divmod(abs(minor), 10**self.exponent)
        return self.locale.number(str(whole), f"{decimals:0{self.exponent}}"[: self.exponent])

    def refusal(self, text: str) -> BadAmount:
        """The error for what is no amount at all; it shows how one is written."""
        example = self.number(12345 * 10**self.exponent // 10)
        if not text.strip():
            return BadAmount(f"the amount is missing: write one, such as {example}")
        return BadAmount(f"{quoted(text)} is not an amount: write it like {example}")

    def require_currency(self, beside: str, text: str) -> None:
        """Let pass what may stand beside the number: nothing, the code, the symbol."""
        symbol = self.locale.symbol(self.code).translate(_SPELLING)
        if not beside or capitals(beside) == self.code or beside == symbol:
            return
        if in_use(capitals(beside)) or any(category(char) == "Sc" for char in beside):
            raise WrongCurrency(f"{quoted(text)} is not in {self.code}")
        raise self.refusal(text)

    def minor(self, number: str, text: str) -> int:
        """The minor units of an unsigned number; `text` is all that was written."""
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
        return BadAmount(f"the amount is too large: the most is {most} {self.code}")
