"""What a statement's own balances say against its lines, in words and for programs. Pure."""

from dataclasses import dataclass
from enum import StrEnum

LONGEST_MISFIT = 300
"""Characters of the longest text of a misfit, and some more."""


class Cause(StrEnum):
    """The likely reason why lines and balances do not fit."""

    SIGNS_REVERSED = "signs_reversed"
    FEE = "fee"
    PENDING = "pending"
    DROPPED_REPETITION = "dropped_repetition"
    REPEATED_LINE = "repeated_line"
    BALANCE_ROW = "balance_row"
    DEBIT_CREDIT_SWAPPED = "debit_credit_swapped"
    UNKNOWN = "unknown"


EXPLAINED = {
    Cause.SIGNS_REVERSED: "all amounts fit with reversed signs: try --sign reversed",
    Cause.FEE: "it fits when the column of fees is subtracted from the amounts",
    Cause.PENDING: "a line may be pending: either it or a skipped line counts otherwise",
    Cause.DROPPED_REPETITION: "an equal line may be missing in the file",
    Cause.REPEATED_LINE: "the line may be in the file once too often",
    Cause.BALANCE_ROW: "the row may be a balance and not a booking",
    Cause.DEBIT_CREDIT_SWAPPED: "it fits with the other sign: debit and credit may be swapped",
    Cause.UNKNOWN: "a line before it may be missing, or an amount may be read wrongly",
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first contradiction between the lines and the balances of a file.

    `line` is the number of the line, None for a statement without lines. `expected` is the balance
    that the lines lead to and `found` that of the file, in minor units with `decimals` decimals.
    """

    line: int | None
    expected: int
    found: int
    cause: Cause
    decimals: int

    def __str__(self) -> str:
        where = "" if self.line is None else f"line {self.line}: "
        expected, found = (plain(value, self.decimals) for value in (self.expected, self.found))
        return (
            f"{where}the lines lead to a balance of {expected}, the file says {found}; "
            f"{EXPLAINED[self.cause]}"
        )


def plain(minor: int, decimals: int) -> str:
    """An amount with a point and without grouping.

    >>> plain(-5, 2), plain(1234, 0), plain(123456, 3)
    ('-0.05', '1234', '123.456')
    """
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    return f"{'-' if minor < 0 else ''}{whole}{'.' if decimals else ''}{fraction}"
