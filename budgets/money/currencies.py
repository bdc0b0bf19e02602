"""Currencies of ISO 4217: those in use, their decimals, and those that ended, with the day.

`scripts/locales.py` writes the table `currencies.json`, which names its sources.
"""

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from budgets.errors import CurrencyEnded, UnknownCurrency

_FILE = Path(__file__).with_name("currencies.json")

# ISO 4217: the codes whose minor unit is not a hundredth. The digits of CLDR are for display:
# they omit minor units without coins (IQD, LBP, RSD and others).
_NOT_HUNDREDTHS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: n for n, codes in _NOT_HUNDREDTHS.items() for code in codes.split()}


def exponent(currency: str, *, on: date | None = None) -> int:
    """The number of decimals of a currency; the code is case-insensitive.

    >>> [exponent(currency) for currency in ("JPY", "eur", "KWD")]
    [0, 2, 3]

    Raises UnknownCurrency for an unknown code, and CurrencyEnded if the currency is not in use
    `on` that day (default: today, UTC).
    """
    code = capitals(currency)
    if not in_use(code, on):
        raise _refusal(currency, code)
    return _EXPONENTS.get(code, 2)


def in_use(code: str, on: date | None = None) -> bool:
    """Whether `code`, in capitals, is a currency in use on that day (default: today, UTC)."""
    if code in _ended():
        return (on or datetime.now(UTC).date()) < _ended()[code][0]
    return code in _lasting()


def _refusal(currency: str, code: str) -> UnknownCurrency:
    if code not in _ended():
        return UnknownCurrency(
            f"{quoted(currency)} is not a currency: use an ISO 4217 code such as EUR"
        )
    day, follows = _ended()[code]
    advice = f"such as {follows}, which replaced it" if follows else "of a currency in use"
    return CurrencyEnded(
        f"{code} ended on {day}: use an ISO 4217 code {advice}",
        currency=code,
        since=day,
        replaced_by=follows,
    )


def capitals(code: str) -> str:
    """The code in capitals; text with letters outside of ASCII stays as it is."""
    return code.upper() if code.isascii() else code


def quoted(text: str) -> str:
    """The text for an error message: at most 40 characters, on one line."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


@cache
def _lasting() -> frozenset[str]:
    """The codes of currencies without a last day."""
    return frozenset(json.loads(_FILE.read_text())["in_use"])


@cache
def _ended() -> dict[str, tuple[date, str | None]]:
    """Code -> the day from which it is not in use, and the code of its successor."""
    ended = json.loads(_FILE.read_text())["ended"]
    return {code: (date.fromisoformat(day), follows) for code, (day, follows) in ended.items()}
