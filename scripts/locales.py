"""Write the tables of locales and currencies from the installed Babel, which is locked.

They are tenants/locales/locales.json and budgets/money/currencies.json.

    .venv/bin/python scripts/locales.py

What is printed then changes when these files do, and not when Babel does. tests/test_locales.py
compares them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import babel
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.localedata import locale_identifiers
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

ROOT = Path(__file__).parents[1]
LOCALES = ROOT / "tenants" / "locales" / "locales.json"
CURRENCIES = ROOT / "budgets" / "money" / "currencies.json"

SINCE = {
    # The last day of double circulation (CLDR: 2026-01-31) is not that of new accounts.
    "BGN": ("2026-01-01", "EUR", "Council Decision (EU) 2025/1407: Bulgaria adopts the euro"),
}
"""What Babel's release does not know yet, or tells otherwise: the day, what follows, the source."""

PLACES: dict[str, Any] = get_global("territory_currencies")
NO_MONEY = {"XXX", "CNH"}  # none at all; the offshore yuan, which is no code of ISO 4217
STILL_LISTED = {"SVC"}  # by ISO 4217, whatever CLDR says


def currencies() -> dict[str, Any]:
    """The codes of money in use, and of those that ended the day and what is used instead."""
    uses = [
        (code, place, end and date(*end))
        for place, past in PLACES.items()
        if place != "ZZ"  # gold, special drawing rights and the like
        for code, _, end, _ in past
    ]
    in_use = {code for code, _, end in uses if end is None}
    in_use = in_use - NO_MONEY - set(SINCE) | STILL_LISTED
    ended: dict[str, tuple[str, str | None]] = {}
    # Last comes the country that a code names, and before it the one that used it longest.
    for code, place, end in sorted(
        (use for use in uses if use[2]), key=lambda use: (use[1] == use[0][:2], use[2], use[1])
    ):
        if code not in in_use:
            ended[code] = (end.isoformat(), _successor(PLACES[place], code, end))
    ended |= {code: (day, follows) for code, (day, follows, _) in SINCE.items()}
    return {
        "source": [
            f"Unicode CLDR, as Babel {babel.__version__} has it",
            *(f"{code}: {source}" for code, (_, _, source) in SINCE.items()),
        ],
        "in_use": sorted(in_use),
        "ended": {code: [ended[code][0], _current(code, ended, in_use)] for code in sorted(ended)},
    }


def _successor(past: Iterable[Any], code: str, end: date) -> str | None:
    """The money of the same place whose beginning is nearest to the end of this one's."""
    [began, *_] = [start for each, start, *_ in past if each == code]
    later = [
        (abs(end - date(*start)), each)
        for each, start, _, tender in past
        if each != code and tender and start and start >= (began or start)
    ]
    return min(later, default=(None, None))[1]


def _current(code: str, ended: dict[str, tuple[str, str | None]], in_use: set[str]) -> str | None:
    """What is used today of those that followed each other."""
    seen, follows = {code}, ended[code][1]
    while follows in ended and follows not in seen:
        seen.add(follows)
        follows = ended[follows][1]
    return follows if follows in in_use else None


def locales() -> dict[str, Any]:
    """How each locale writes money: the pattern, the two marks, and its symbols.

    Left out is what follows from the name without its last part; "" has the symbols that most
    have, of which a locale says only the others.
    """
    codes = [*(known := currencies())["in_use"], *known["ended"]]
    whole = {name: _written(locale, codes) for name, locale in _named()}
    common = _common([each[3] for each in whole.values()])
    told: dict[str, Any] = {"": common}
    for name in sorted(whole, key=lambda name: (name.count("_"), name)):
        *marks, symbols = whole[name]
        others = {code: s for code, s in symbols.items() if s != common.get(code, code)}
        if (written := [*marks, others]) != _inherited(told, name):
            told[name] = written
    return told


def _named() -> Iterator[tuple[str, Locale]]:
    """The names people use for locales, each once; zh_TW is zh_Hant_TW."""
    names = set(locale_identifiers()) | {
        alias for alias in get_global("language_aliases") if len(alias) == 2
    }
    names |= {f"{part[0]}_{part[2]}" for name in names if len(part := name.split("_")) == 3}
    for name in sorted(names):
        try:
            yield name, Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue


def _written(locale: Locale, codes: list[str]) -> tuple[str, str, str, dict[str, str]]:
    symbols = {code: get_currency_symbol(code, locale) for code in codes}
    pattern = locale.currency_formats["standard"].pattern
    return pattern, get_decimal_symbol(locale), get_group_symbol(locale), symbols


def _common(symbols: list[dict[str, str]]) -> dict[str, str]:
    """The symbols that more than half of the locales have."""
    many = Counter(pair for each in symbols for pair in each.items())
    return {
        code: symbol
        for (code, symbol), number in sorted(many.items())
        if number > len(symbols) / 2 and symbol != code
    }


def _inherited(told: dict[str, Any], name: str) -> Any:
    while name := name.rpartition("_")[0]:
        if name in told:
            return told[name]
    return None


def text(document: dict[str, Any]) -> str:
    """The document as its file has it: a line for each key."""
    lines = (f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def files() -> dict[Path, str]:
    """What is to be in each file."""
    return {LOCALES: text(locales()), CURRENCIES: text(currencies())}


if __name__ == "__main__":
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")
