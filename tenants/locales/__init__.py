"""How people of a locale write numbers and money, from `locales.json`.

That file is ours, so what is printed does not change with the release of a library;
`scripts/locales.py` writes it. Its data is the Unicode CLDR's, (c) Unicode, Inc., under the
Unicode License v3.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("locales.json")
_PATTERN = re.compile(r"^([^#0]*)([#,0.]+)(.*)$")  # before the digits, they, and after


@dataclass(frozen=True, slots=True)
class Locale:
    """`pattern` is CLDR's for money, such as `#,##0.00 ¤`: `¤` is the symbol's place.

    `point` stands before the decimals, `group` between groups of digits.
    """

    name: str
    pattern: str
    point: str
    group: str
    symbols: Mapping[str, str]

    def symbol(self, currency: str) -> str:
        """The currency's symbol; where there is none, its code."""
        return self.symbols.get(currency) or _read()[""].get(currency, currency)

    def grouped(self, digits: str) -> str:
        """The digits of a whole number, in groups.

        >>> find("en_IN").grouped("1234567"), find("de").grouped("1234567")
        ('12,34,567', '1.234.567')
        """
        _, *sizes = map(len, _parts(self.pattern)[1].partition(".")[0].split(","))
        if not sizes:
            return digits
        head, groups = digits[: -sizes[-1]], [digits[-sizes[-1] :]]
        while head:
            head, groups = head[: -sizes[0]], [head[-sizes[0] :], *groups]
        return self.group.join(groups)

    def number(self, whole: str, decimals: str) -> str:
        """An unsigned number of those digits."""
        return self.grouped(whole) + (self.point + decimals if decimals else "")

    def money(self, number: str, currency: str, *, negative: bool = False) -> str:
        """A number that is written already, with its sign and the symbol."""
        positive, _, below = self.pattern.partition(";")
        before, _, after = _parts(below if negative and below else positive)
        sign = "-" if negative and not below else ""
        return f"{sign}{before}{number}{after}".replace("¤", self.symbol(currency))


@lru_cache(256)
def find(name: str) -> Locale | None:
    """The locale of that name, such as de_CH or de-ch; of a place not known, its language's.

    >>> find("pt-br").name, find("de_BE").name, find("xx")
    ('pt_BR', 'de_BE', None)
    """
    language, *more = re.split("[-_]", name)
    spelled = (part.title() if len(part) == 4 else part.upper() for part in more)  # Hant, HK
    known = whole = "_".join((language.lower(), *spelled))
    while known and known not in _read():
        known = known.rpartition("_")[0]
    return Locale(whole, *_read()[known]) if known else None


@cache
def _parts(pattern: str) -> tuple[str, str, str]:
    """What is before the digits, the digits, and what is after them."""
    [(before, digits, after)] = _PATTERN.findall(pattern)
    return before, digits, after


@cache
def _read() -> dict[str, Any]:
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))
