"""Signs and codes of currencies, as they stand beside a sum."""

import re
import sys
import unicodedata

_SIGNS = {
    "\u20ac": "EUR", "\u00a3": "GBP", "\u20b9": "INR", "\u20ba": "TRY", "\u20bd": "RUB",
    "\u20b4": "UAH", "\u20aa": "ILS", "\u20a9": "KRW", "\u0e3f": "THB", "\u20ab": "VND",
    "\u20b1": "PHP", "\u20a6": "NGN", "\u20b8": "KZT", "\u20be": "GEL", "R$": "BRL", "US$": "USD",
    "U$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD",
    "HK$": "HKD", "S$": "SGD", "NT$": "TWD", "MX$": "MXN",
}  # fmt: skip
_WORDS = {
    "Z\u0141": "PLN", "ZL": "PLN", "K\u010c": "CZK", "FT": "HUF", "LEI": "RON", "SFR": "CHF",
    "RM": "MYR", "RP": "IDR", "TL": "TRY", "\u041b\u0412": "BGN", "\u0420\u0423\u0411": "RUB",
    "\u5143": "CNY", "\u5186": "JPY", "\uc6d0": "KRW", "KR": "", "FR": "", "RS": "", "R": "",
}  # fmt: skip
"""In capitals, "" for those of several currencies."""

_CURRENCY_SIGN = "".join(
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.category(character) == "Sc"
)
_WORD = "|".join(sorted((f"{word}\\b" for word in _WORDS), key=len, reverse=True))
MONEY_SIGN = (
    rf"(?:(?i:[A-Z]{{1,3}}\$|(?:{_WORD})\.?|[A-Z]{{3}}(?![A-Z]))|[{re.escape(_CURRENCY_SIGN)}])"
)
"""A pattern without groups: "US$", "kr.", "EUR" or any currency sign."""
_MONEY_SIGN = re.compile(MONEY_SIGN)


def currency_of(before: str, after: str) -> str | None:
    """The currency that stands around a sum: "" for none or an open one, None for nonsense.

    >>> currency_of("$ ", " CAD"), currency_of("", " kr."), currency_of("EUR", "USD")
    ('CAD', '', None)
    """
    signs = _MONEY_SIGN.findall(before) + _MONEY_SIGN.findall(after)
    codes = {code for sign in signs if (code := _code(sign.upper()))}
    if len(signs) > 2 or len(codes) > 1:
        return None
    return next(iter(codes), "")


def _code(sign: str) -> str:
    word = sign.rstrip(".")
    if word in _WORDS:
        return _WORDS[word]
    return _SIGNS.get(sign) or (sign if len(sign) == 3 and sign.isalpha() else "")
