"""Currencies by ISO 4217: those in use, their decimals, and those that ended, each with its day.

The table is `currencies.json`, which names its sources; `scripts/locales.py` writes it.
"""

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from budgets.errors import CurrencyEnded, UnknownCurrency

_FILE = Path(__file__).with_name("currencies.json")

# ISO 4217: the codes whose minor unit is not a hundredth. CLDR's own figures are advice for
# display, which hides minor units that nobody mints any more (IQD, LBP, RSD and others).
_NOT_HUNDREDTHS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: n for n, codes in _NOT_HUNDREDTHS.items() for code in codes.split()}


def exponent(currency: str, *, on: date | None = None) -> int:
    """The decimals of a currency's minor unit; upper and lower case are the same.

    >>> [exponent(currency) for currency in ("JPY", "eur", "KWD")]
    [0, 2, 3]

    Raises UnknownCurrency for all but the codes of money, and CurrencyEnded for money that is no
    longer in use `on` that day (default: today, UTC).
    """
    code = capitals(currency)
    if not in_use(code, on):
        raise _refusal(currency, code)
    return _EXPONENTS.get(code, 2)


def in_use(code: str, on: date | None = None) -> bool:
    """Whether it is the code, in capitals, of money in use on that day (default: today, UTC)."""
    if code in _ended():
        return (on or datetime.now(UTC).date()) < _ended()[code][0]
    return code in _lasting()


def _refusal(currency: str, code: str) -> UnknownCurrency:
    if code not in _ended():
        return UnknownCurrency(
            f"{quoted(currency)} is not a currency: give an ISO 4217 code such as EUR"
        )
    day, follows = _ended()[code]
    such = f"such as {follows}, which replaced it" if follows else "of money in use"
    return CurrencyEnded(
        f"{code} is not in use since {day}: give an ISO 4217 code {such}",
        currency=code,
        since=day,
        replaced_by=follows,
    )


def capitals(code: str) -> str:
    """The code in capitals; letters outside ASCII stay, lest one turn into a code's."""
    return code.upper() if code.isascii() else code


def quoted(text: str) -> str:
    """The text as an error may quote it: short and on one line."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


@cache
def _lasting() -> frozenset[str]:
    """The codes of money that has no end."""
    return frozenset(json.loads(_FILE.read_text())["in_use"])


@cache
def _ended() -> dict[str, tuple[date, str | None]]:
    """From which day each is no longer in use, and what is used instead."""
    ended = json.loads(_FILE.read_text())["ended"]
    return {code: (date.fromisoformat(day), follows) for code, (day, follows) in ended.items()}
