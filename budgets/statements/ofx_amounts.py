"""Amounts of OFX, which has a decimal mark and no marks between thousands.

OFX 1.6 and 2.2, section 3.2.9.1: a period or a comma is the decimal mark, digits are not grouped.
Banks that group them are known, so "1.000" counts as a thousandth only if the file shows its mark.
"""

import re
from dataclasses import dataclass, field

from budgets.statements.amounts import minor, point

_PLAIN = re.compile(r"-?[0-9]{1,15}[.,][0-9]{2}")
_FORM = re.compile(r"[-+0-9.,()\s'\u2019\u2212]*")  # a currency stands elsewhere
SPECIFIED = "OFX has no marks between thousands (section 3.2.9.1)"


@dataclass(slots=True)
class Amounts:
    """The decimal marks of a file's amounts. `given` is what somebody said, "" for nothing."""

    given: str
    _marks: set[str] = field(default_factory=set)

    def see(self, text: str) -> None:
        """Take an amount as it is written into account."""
        if mark := text[-3:-2] if _PLAIN.fullmatch(text) else point(text):
            self._marks.add(mark)

    def minor(self, text: str, decimals: int) -> int:
        """The amount in minor units. Raises ValueError."""
        whole, _, fraction = text.partition(".")
        digits = whole[1:] if whole[:1] == "-" else whole
        plain = digits.isdecimal() and fraction.isdecimal() and text.isascii()
        if plain and len(fraction) == decimals and len(text) < 16:
            return int(whole + fraction)
        if not _FORM.fullmatch(text):
            raise ValueError("is not an amount")
        mark = point(text)
        if mark is None:
            mark = self._decided(text)
        try:
            return minor(text, decimal=mark or ".", exponent=decimals)
        except ValueError as error:
            spec = f"; {SPECIFIED}" if "decimals" in str(error) else ""
            raise ValueError(f"{error}{spec}") from None

    def _decided(self, text: str) -> str:
        """The decimal mark of an amount such as "1.000"."""
        own = "." if "." in text else ","
        if self.given or self._marks == {own}:
            return self.given or own
        raise ValueError(
            f"may be a decimal or thousands; {SPECIFIED}; "
            f"say --decimal {own} if {own!r} is the decimal mark, else --decimal {'.,'.strip(own)}"
        )
