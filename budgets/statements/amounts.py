"""Sums as banks write them, to minor units.

`budgets.money` reads what a person of a known locale types; a file has no locale, only the
marks it shows.
"""

import re

from budgets.cascade import MAX_MINOR
from budgets.errors import BadStatement

_SUM = re.compile(
    r"(?P<open>\()?\s*(?P<before>[-+\u2212])?\s*(?P<body>[0-9.,'\u2019\s]*[0-9][.,]?)"
    r"\s*(?P<after>[-+\u2212])?\s*(?P<close>\))?"
)
_GROUPED = re.compile(r"[0-9]{1,3}(?P<by>[.,'\u2019\s])[0-9]{3}(?:(?P=by)[0-9]{3})*")
_PLAIN = re.compile(r"[0-9]*")
_LONGEST = 60  # characters; no sum is longer, and a regular expression may dwell on what is


def point(text: str) -> str | None:
    """The decimal mark a sum shows: "." or ",", "" when it has neither, None when in doubt.

    In doubt is what "1.234" leaves us: one mark, one to three digits before it that
    do not start with 0, exactly three behind it.

    >>> [point(text) for text in ("1.234,5", "12,50", "1.234.567", "7", "1.234", "0.234")]
    [',', ',', ',', '', None, '.']
    """
    marks = [character for character in text if character in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    before, _, behind = text.strip("-+()\u2212 ").partition(marks[0])
    doubtful = re.fullmatch(r"[1-9][0-9]{0,2}", before) and re.fullmatch(r"[0-9]{3}", behind)
    return None if doubtful else marks[0]


def minor(text: str, *, decimal: str, exponent: int) -> int:
    """Signed minor units of a sum with `decimal` as its mark and `exponent` decimals.

    A minus may stand before or behind, or be a pair of parentheses. Zeros beyond the
    currency's decimals are allowed. Raises ValueError whose text completes the
    sentence "'1,005' ...".

    >>> minor("1.234,5-", decimal=",", exponent=2)
    -123450
    """
    found = _SUM.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if not found or not _one_sign(found):
        raise ValueError("is not an amount")
    whole, _, fraction = found["body"].partition(decimal)
    if not (_PLAIN.fullmatch(fraction) and (_PLAIN.fullmatch(whole) or _GROUPED.fullmatch(whole))):
        raise ValueError("is not an amount")
    if fraction[exponent:].strip("0"):
        raise ValueError(f"has more decimals than the currency ({exponent})")
    digits = re.sub(r"[^0-9]", "", whole) + fraction[:exponent].ljust(exponent, "0")
    size = int(digits or "0")
    if size > MAX_MINOR:
        raise ValueError("is too large an amount")
    return -size if _negative(found) else size


def _one_sign(found: re.Match[str]) -> bool:
    signs = [found["before"], found["after"], found["open"]]
    return sum(map(bool, signs)) <= 1 and bool(found["open"]) == bool(found["close"])


def _negative(found: re.Match[str]) -> bool:
    return bool(found["open"]) or (found["before"] or found["after"] or "+") != "+"


class Marks:
    """The decimal marks a file's sums show."""

    def __init__(self, given: str = "") -> None:
        self._given = given
        self._first: dict[str | None, tuple[int, str]] = {}

    def see(self, text: str, at: int) -> None:
        """Take one sum, from file line `at`, into account; what is no sum says nothing."""
        if len(text) <= _LONGEST and _SUM.fullmatch(text):
            self._first.setdefault(point(text), (at, text))

    def mark(self, exponent: int) -> str:
        """The file's decimal mark. Raises BadStatement when it shows two, or leaves it open."""
        sure = [mark for mark in ".," if mark in self._first]
        if self._given or len(sure) == 1:
            return self._given or sure[0]
        if sure:
            (at, text), (other_at, other) = (self._first[mark] for mark in sure)
            raise BadStatement(
                f"two decimal marks, {text!r} on line {at} and {other!r} on line {other_at}: "
                "say --decimal . or --decimal ,"
            )
        if None not in self._first:
            return "."
        at, text = self._first[None]
        if exponent == 0:  # nothing but thousands can follow the mark
            return "," if "." in text else "."
        raise BadStatement(
            f"line {at}: {text!r} can be thousands or decimals: say --decimal . or --decimal ,"
        )
