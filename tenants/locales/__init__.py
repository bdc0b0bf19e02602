"""The formats of numbers and money by locale, from `locales.json`.

The file belongs to the project, so that printed sums do not change with the release of a library.
`scripts/locales.py` generates it. Its data is from the Unicode CLDR, (c) Unicode, Inc., under the
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
_PATTERN = re.compile(r"^([^#0]*)([#,0.]+)(.*)$")  # the prefix, the digits, the suffix


@dataclass(frozen=True, slots=True)
class Locale:
    """The format of a locale.

    `pattern` is that of the CLDR for money, such as `#,##0.00 ¤`, where `¤` is the currency symbol.
    `point` is the decimal separator, `group` the separator of groups of digits.
    """

    name: str
    pattern: str
    point: str
    group: str
    symbols: Mapping[str, str]

    def symbol(self, currency: str) -> str:
        """The symbol of the currency, or its code."""
        return self.symbols.get(currency) or _read()[""].get(currency, currency)

    def grouped(self, digits: str) -> str:
        """The digits of a whole number with group separators.

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
        """An unsigned number with those digits."""
        return self.grouped(whole) + (self.point + decimals if decimals else "")

    def money(self, number: str, currency: str, *, negative: bool = False) -> str:
        """A formatted number with its sign and the currency symbol."""
        positive, _, below = self.pattern.partition(";")
        before, _, after = _parts(below if negative and below else positive)
        sign = "-" if negative and not below else ""
        return f"{sign}{before}{number}{after}".replace("¤", self.symbol(currency))


@lru_cache(256)
def find(name: str) -> Locale | None:
    """The locale of a name such as de_CH or de-ch; for an unknown territory that of the language.

    >>> find("pt-br").name, find("de_BE").name, find("xx")
    ('pt_BR', 'de_BE', None)
    """
    language, *more = re.split("[-_]", name)
    spelled = (part.title() if len(part) == 4 else part.upper() for part in more)  # Hant, HK
    key = full = "_".join((language.lower(), *spelled))
    while key and key not in _read():
        key = key.rpartition("_")[0]
    return Locale(full, *_read()[key]) if key else None


@cache
def _parts(pattern: str) -> tuple[str, str, str]:
    """The prefix, the digits and the suffix of a pattern."""
    [(before, digits, after)] = _PATTERN.findall(pattern)
    return before, digits, after


@cache
def _read() -> dict[str, Any]:
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))
