"""The fields of a SWIFT message as banks put it into a file: `:61:` and what follows.

An envelope (`{1:...}{4:`), a line of the bank before the first field, and the ends of messages
("-" and "-}") are passed over.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import NamedTuple, TextIO

from budgets.errors import BadStatement
from budgets.statements.amounts import point

_KNOWN = "13 13D 20 21 25 25P 28 28C 34F 60 60F 60M 61 62 62F 62M 64 65 86 90C 90D NS"
TAGS = frozenset(re.findall(r"\w+", _KNOWN))
"""Other tags are text of the field before."""

_LONGEST_LINE = 1 << 16  # characters
_LONGEST_FIELD = 1 << 18  # characters
_TAG = re.compile(r"[\s\x01\ufeff]*:([0-9]{2}[A-Z]?|NS):")
_ENTRY = re.compile(r":61:(?=[0-9]{6})")
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})\s?([0-9.,]+)", re.IGNORECASE)
_WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}([.,])[0-9]{3}(?:\1[0-9]{3})*|")


class Field(NamedTuple):
    """A tag and its text, whose lines end with a line feed."""

    tag: str
    text: str


def fields(file: TextIO) -> Iterator[Field]:
    """The fields in the file's order.

    Raises BadStatement if not every `:61:` of the text begins a field, or for an endless field.
    """
    tag, text, size = "", [""], 0
    written = found = 0
    for line in _lines(file):
        written += len(_ENTRY.findall(line))
        body = _unwrapped(line)
        start = _TAG.match(body)
        if start and start[1] in TAGS:
            if tag:
                yield Field(tag, "\n".join(text))
            tag, text, size = start[1], [body[start.end() :]], 0
            found += tag == "61"
        elif not body or body.strip() == "-":
            if tag and line.strip():
                yield Field(tag, "\n".join(text))
                tag = ""
        elif tag:
            text.append(body)
            size += len(body)
            if size > _LONGEST_FIELD:
                raise BadStatement(
                    f"a field :{tag}: has more than {_LONGEST_FIELD:,} characters: export it again"
                )
    if tag:
        yield Field(tag, "\n".join(text))
    if written != found:
        raise BadStatement(
            f"the file has {written} entries (:61:), of which {found} begin a line: "
            "export the file again"
        )


def _lines(file: TextIO) -> Iterator[str]:
    for at, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), ""), 1):
        if len(line) == _LONGEST_LINE:
            raise BadStatement(
                f"line {at} is longer than {_LONGEST_LINE:,} characters: export it again"
            )
        yield line.rstrip("\r\n\x03")


def _unwrapped(line: str) -> str:
    """The line without envelope, "" for one of nothing else."""
    if not line.lstrip("\x01").startswith(("{", "-}")):
        return line
    return line.partition("{4:")[2]


def balance(text: str, decimal: str = "") -> tuple[str, str, str]:
    """The signed decimal text, the currency and the ISO date of a balance. Raises ValueError.

    >>> balance("D260131EUR1234,5")
    ('-1234.5', 'EUR', '2026-01-31')
    """
    found = _BALANCE.fullmatch(text.partition("\n")[0].strip())
    if not found:
        raise ValueError("is not a balance")
    mark, on, currency, amount = found.groups()
    try:
        posted = day(on).isoformat()
    except ValueError:
        posted = ""  # some banks write zeros
    sign = "-" if mark.upper() == "D" else ""
    return sign + decimal_text(amount, decimal), currency.upper(), posted


def decimal_text(text: str, decimal: str = "") -> str:
    """A sum with a decimal point. SWIFT has a comma there, some banks a point. Raises ValueError.

    >>> decimal_text("1234,50"), decimal_text("7"), decimal_text("1.234,5"), decimal_text("1.50")
    ('1234.50', '7', '1234.5', '1.50')
    """
    mark = decimal or point(text)
    if mark is None:
        if "." in text:
            raise ValueError("can be thousands or decimals: say --decimal . or --decimal ,")
        mark = ","
    whole, _, fraction = text.partition(mark) if mark else (text, "", "")
    if not (whole or fraction) or not _WHOLE.fullmatch(whole):
        raise ValueError("is not an amount")
    if fraction and not fraction.isdigit():
        raise ValueError("is not an amount")
    whole = re.sub("[.,]", "", whole) or "0"
    return f"{whole}.{fraction}" if fraction else whole


def day(text: str) -> date:
    """The day of YYMMDD, in this century. Raises ValueError.

    The 29th and 30th of February, which banks of months with 30 days write, are its last day.
    """
    year, month, number = 2000 + int(text[:2]), int(text[2:4]), int(text[4:])
    if month == 2 and number in (29, 30):
        number = 29 if year % 4 == 0 else 28
    return date(year, month, number)
