"""Sums as banks write them, to minor units.

`budgets.money` reads what a person of a known locale types; a file has no locale, only the
marks it shows. What is costly is done once for each shape of sum: a sum with each digit as 0.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from budgets.cascade import MAX_MINOR
from budgets.errors import BadStatement
from budgets.statements.cells import classes, digits
from budgets.statements.moneysigns import MONEY_SIGN, currency_of

MINUS_SIGNS = "-\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d"
"""Each character that banks write for a minus."""
_GROUP = r"'\u2019\u2018`\u00b4\u02bc\s"
_BEFORE = re.compile(rf"(?:[{MINUS_SIGNS}+(\s]|{MONEY_SIGN})*+")
_BODY = re.compile(rf"[0-9.,{_GROUP}]*[0-9][.,]?")
_AFTER = re.compile(rf"(?:[{MINUS_SIGNS}+)\s]|{MONEY_SIGN})*+")
_GROUPED = re.compile(
    rf"[0-9]{{1,3}}(?P<by>[.,{_GROUP}])[0-9]{{3}}(?:(?P=by)[0-9]{{3}})*"
    r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"  # a lakh is 1,00,000
)
_PLAIN = re.compile(r"[0-9]*")
_SCIENTIFIC = re.compile(r"[-+0-9.,]+E[-+]?[0-9]+", re.IGNORECASE)
_LONGEST = 60  # characters; no sum is longer, and a regular expression may dwell on what is
_SHAPE = str.maketrans("123456789", "000000000")
_DIGITS = str.maketrans("", "", "".join(map(chr, range(1, 48))) + "".join(map(chr, range(58, 127))))
_NO_CURRENCY = f"0123456789.,'\u2019 +(){MINUS_SIGNS}"
_DIGIT = re.compile(r"[0-9]")
_NOT_DIGIT = re.compile(r"[^0-9]")


@dataclass(frozen=True, slots=True)
class _Parts:
    """A shape, taken apart: its digits and marks, its currency, and whether it is below 0."""

    body: str
    currency: str
    negative: bool


def point(text: str) -> str | None:
    """The decimal mark a sum shows: "." or ",", "" when it has neither, None when in doubt.

    In doubt is what "1.234" leaves us: one mark, one to three digits before it that
    do not start with 0, exactly three behind it.

    >>> [point(text) for text in ("1.234,5", "EUR 12,50", "1.234.567", "7", "1.234", "0.234")]
    [',', ',', ',', '', None, '.']
    """
    shape = text.translate(_SHAPE)
    parts = _parts(shape)
    body = parts.body if parts else shape
    mark = _shown(body)
    if mark is not None:
        return mark
    first = next(character for character in text if character.isdigit())
    return None if first != "0" else "." if "." in body else ","


def minor(text: str, *, decimal: str, exponent: int) -> int:
    """Signed minor units of a sum with `decimal` as its mark and `exponent` decimals.

    A minus may stand before or behind, or be a pair of parentheses; so may the sign or code of a
    currency. Zeros beyond the currency's decimals are allowed. Raises ValueError whose text
    completes the sentence "'1,005' ...".

    >>> minor("1.234,5-", decimal=",", exponent=2), minor("R$ -5", decimal=",", exponent=2)
    (-123450, -500)
    """
    if len(text) > _LONGEST:
        raise ValueError("is not an amount")
    negative, places = _form(text.translate(_SHAPE), decimal)
    digits = text.translate(_DIGITS) if text.isascii() else _NOT_DIGIT.sub("", text)
    if places > exponent:
        if digits[exponent - places :].strip("0"):
            raise ValueError(f"has more decimals than the currency ({exponent})")
        size = int(digits[: exponent - places] or "0")
    else:
        size = int(digits) * 10 ** (exponent - places)
    if size > MAX_MINOR:
        raise ValueError("is too large an amount")
    return -size if negative else size


def minors(texts: Sequence[str], *, decimal: str, exponent: int) -> list[int] | None:
    """`minor` of each text, or None if one of them needs a closer look.

    >>> minors(["-1,50", "2"], decimal=",", exponent=2), minors([""], decimal=",", exponent=2)
    ([-150, 200], None)
    """
    if max(map(len, texts)) > _LONGEST:
        return None
    shapes = classes(texts)
    forms = {shape: _fits(shape.translate(_SHAPE), decimal) for shape in set(shapes)}
    factors: dict[str, int] = {}
    for shape, form in forms.items():
        if form is None or form[1] > exponent:
            return None
        factors[shape] = (-1 if form[0] else 1) * 10 ** (exponent - form[1])
    sizes = [*map(int, digits(texts))]
    if max(sizes) * 10**exponent > MAX_MINOR:
        return None
    return [size * factors[shape] for size, shape in zip(sizes, shapes, strict=True)]


def written_currency(text: str) -> str:
    """The code of the currency that a sum names, "" if it names none or its sign has several.

    >>> [written_currency(text) for text in ("EUR 10,00", "2 500,00 z\u0142", "$5", "5 kr", "NaN")]
    ['EUR', 'PLN', '', '', '']
    """
    beside = text.strip(_NO_CURRENCY)
    if not beside or not _DIGIT.search(text):
        return ""
    if not _DIGIT.search(beside):
        return _currency_beside(beside)
    parts = _parts(text.translate(_SHAPE)) if len(text) <= _LONGEST else None
    return parts.currency if parts else ""


@lru_cache(1024)
def _currency_beside(text: str) -> str:
    is_money_sign = len(text) <= _LONGEST and _BEFORE.fullmatch(text)
    return currency_of(text, "") or "" if is_money_sign else ""


def is_sum(text: str) -> bool:
    """Whether the text is a sum with some decimal mark."""
    return len(text) <= _LONGEST and any(
        _fits(text.translate(_SHAPE), decimal) is not None for decimal in ".,"
    )


@lru_cache(8192)
def _parts(shape: str) -> _Parts | None:
    """A shape taken apart, None for what is no sum. Looks at signs, but not at groups."""
    text = shape.strip()
    if text.startswith("'"):  # keeps a spreadsheet from reading a formula
        text = text[1:]
    before = _BEFORE.match(text)
    body = _BODY.match(text, before.end()) if before else None
    after = _AFTER.fullmatch(text, body.end()) if body else None
    if not (before and body and after):
        return None
    currency = currency_of(before[0], after[0])
    signs = [character for character in before[0] + after[0] if character in MINUS_SIGNS + "+"]
    opened, closed = before[0].count("("), after[0].count(")")
    if currency is None or opened != closed or opened + len(signs) > 1:
        return None
    if body[0][-1] in ".," and after[0][:1] in tuple(MINUS_SIGNS):  # "5,-" may be 5 or -5
        return None
    return _Parts(body[0], currency, bool(opened) or ("+" not in signs and bool(signs)))


@lru_cache(8192)
def _fits(shape: str, decimal: str) -> tuple[bool, int] | None:
    """Whether it is below 0, and its decimals; None for what is no sum with that mark."""
    parts = _parts(shape)
    if not parts:
        return None
    whole, _, fraction = parts.body.partition(decimal)
    if not (_PLAIN.fullmatch(fraction) and (_PLAIN.fullmatch(whole) or _GROUPED.fullmatch(whole))):
        return None
    return parts.negative, len(fraction)


def _form(shape: str, decimal: str) -> tuple[bool, int]:
    found = _fits(shape, decimal)
    if found is not None:
        return found
    if _SCIENTIFIC.fullmatch(shape.strip()):
        raise ValueError("is in scientific notation, which drops digits: export it as a number")
    raise ValueError("is not an amount")


@lru_cache(8192)
def _shown(body: str) -> str | None:
    """The mark in digits and marks; None for one that can be of thousands as well."""
    marks = [character for character in body if character in ".,"]
    if not marks:
        return ""
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) > 1:
        return "," if marks[0] == "." else "."
    before, _, behind = body.strip("-+()\u2212 ").partition(marks[0])
    doubtful = re.fullmatch(r"[0-9]{1,3}", before) and re.fullmatch(r"[0-9]{3}", behind)
    return None if doubtful else marks[0]


class Marks:
    """The decimal marks a file's sums show."""

    def __init__(self, given: str = "") -> None:
        self._given = given
        self._first: dict[str | None, tuple[int, str]] = {}

    def see(self, text: str, at: int) -> None:
        """Take one sum, from file line `at`, into account; what is no sum says nothing."""
        if len(text) <= _LONGEST and _parts(text.translate(_SHAPE)):
            mark = point(text)
            if mark not in self._first:
                self._first[mark] = (at, text)

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
