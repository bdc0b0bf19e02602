"""Generate the tables of locales and currencies from the installed Babel, which is locked.

The tables are tenants/locales/locales.json and budgets/money/currencies.json.

    .venv/bin/python scripts/locales.py

The printed sums depend on these files and not on the release of Babel. tests/test_locales.py
compares them with Babel.
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
    # The first day of the euro; the CLDR has the end of double circulation, 2026-01-31.
    "BGN": ("2026-01-01", "EUR", "Council Decision (EU) 2025/1407: Bulgaria adopts the euro"),
}
"""Ended currencies that Babel lacks or dates otherwise: the day, the successor, the source."""

PLACES: dict[str, Any] = get_global("territory_currencies")
NO_CURRENCIES = {"XXX", "CNH"}  # "no currency"; the offshore yuan, which ISO 4217 does not list
STILL_LISTED = {"SVC"}  # by ISO 4217, but ended in the CLDR


def currencies() -> dict[str, Any]:
    """The codes of currencies in use, and for ended ones the day of the end and the successor."""
    uses = [
        (code, place, end and date(*end))
        for place, past in PLACES.items()
        if place != "ZZ"  # gold, special drawing rights and others
        for code, _, end, _ in past
    ]
    in_use = {code for code, _, end in uses if end is None}
    in_use = in_use - NO_CURRENCIES - set(SINCE) | STILL_LISTED
    ended: dict[str, tuple[str, str | None]] = {}
    # The last use of a code wins: that of the country in the code, else the longest one.
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
    """The currency of the same place that begins nearest to the end of this one."""
    [began, *_] = [start for each, start, *_ in past if each == code]
    later = [
        (abs(end - date(*start)), each)
        for each, start, _, tender in past
        if each != code and tender and start and start >= (began or start)
    ]
    return min(later, default=(None, None))[1]


def _current(code: str, ended: dict[str, tuple[str, str | None]], in_use: set[str]) -> str | None:
    """The last successor that is in use today, or None."""
    seen, follows = {code}, ended[code][1]
    while follows in ended and follows not in seen:
        seen.add(follows)
        follows = ended[follows][1]
    return follows if follows in in_use else None


def locales() -> dict[str, Any]:
    """The money format of each locale: the pattern, the two separators, and its symbols.

    A locale is left out if it equals its parent, the name without the last part. The key "" has
    the most common symbols; a locale lists only those that differ.
    """
    codes = [*(table := currencies())["in_use"], *table["ended"]]
    formats = {name: _format(locale, codes) for name, locale in _locales()}
    common = _common([each[3] for each in formats.values()])
    result: dict[str, Any] = {"": common}
    for name in sorted(formats, key=lambda name: (name.count("_"), name)):
        *marks, symbols = formats[name]
        others = {code: s for code, s in symbols.items() if s != common.get(code, code)}
        if (entry := [*marks, others]) != _inherited(result, name):
            result[name] = entry
    return result


def _locales() -> Iterator[tuple[str, Locale]]:
    """The locales by the names in use, each once; zh_TW is zh_Hant_TW."""
    names = set(locale_identifiers()) | {
        alias for alias in get_global("language_aliases") if len(alias) == 2
    }
    names |= {f"{part[0]}_{part[2]}" for name in names if len(part := name.split("_")) == 3}
    for name in sorted(names):
        try:
            yield name, Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue


def _format(locale: Locale, codes: list[str]) -> tuple[str, str, str, dict[str, str]]:
    symbols = {code: get_currency_symbol(code, locale) for code in codes}
    pattern = locale.currency_formats["standard"].pattern
    return pattern, get_decimal_symbol(locale), get_group_symbol(locale), symbols


def _common(symbols: list[dict[str, str]]) -> dict[str, str]:
    """The symbols that more than half of the locales have."""
    counts = Counter(pair for each in symbols for pair in each.items())
    return {
        code: symbol
        for (code, symbol), number in sorted(counts.items())
        if number > len(symbols) / 2 and symbol != code
    }


def _inherited(entries: dict[str, Any], name: str) -> Any:
    while name := name.rpartition("_")[0]:
        if name in entries:
            return entries[name]
    return None


def text(document: dict[str, Any]) -> str:
    """The text of the file, with a line for each key."""
    lines = (f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def files() -> dict[Path, str]:
    """The content of each file."""
    return {LOCALES: text(locales()), CURRENCIES: text(currencies())}


if __name__ == "__main__":
    for path, content in files().items():
        path.write_text(content, encoding="utf-8")
