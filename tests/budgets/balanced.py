"""A format of statements with balances, for tests: it says exactly what a test wants it to say.

    balanced OPENING CLOSING FIRST LAST
    DAY AMOUNT BALANCE TEXT

Sums are in cents, and "-" stands for nothing; a text that begins with "pending" is not booked.
"""

from collections.abc import Iterator
from datetime import date
from typing import ClassVar

import pytest

from budgets import statements
from budgets.statements import Account, Finding, Hints, Line, PageBalances
from budgets.statements.source import Source

CURRENCY = "EUR"


class BalancedFile:
    """A reader of the format; each header begins another page."""

    format: ClassVar[str] = "mt940"

    def __init__(self, source: Source, hints: Hints) -> None:
        self._source = source
        self.accounts = (Account("7", CURRENCY),)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return source.head(8) == "balanced"

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        page = 0
        with self._source.text() as file:
            for row in file:
                page += row.startswith("balanced")
                yield page, row.strip().split(" ", 4 if row.startswith("balanced") else 3)

    def lines(self, decimals: int) -> Iterator[Line]:
        rows = [(page, row) for page, row in self._rows() if row[0] != "balanced"]
        for number, (page, (day, amount, balance, text)) in enumerate(rows, 1):
            pending = "pending" if text.startswith("pending") else ""
            yield Line(
                number, "7", date.fromisoformat(day), int(amount), CURRENCY, text, "",
                not_booked=pending, balance=_known(balance), page=page,
            )  # fmt: skip

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        for page, row in self._rows():
            if row[0] == "balanced":
                first, last = (None if day == "-" else date.fromisoformat(day) for day in row[3:])
                yield PageBalances(page, "7", _known(row[1]), _known(row[2]), first, last)

    def findings(self) -> Iterator[Finding]:
        yield from ()


def _known(text: str) -> int | None:
    return None if text == "-" else int(text)


def balanced(*rows: str, opening: object = "-", closing: object = "-", days: str = "- -") -> str:
    """A file of one page; a row is "day amount balance text", the day one of May 2026."""
    lines = [f"2026-05-{row.split()[0]:0>2} {row.split(' ', 1)[1]}" for row in rows]
    return "\n".join([f"balanced {opening} {closing} {days}", *lines])


@pytest.fixture
def balanced_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `read` recognise the format."""
    monkeypatch.setattr(statements, "READERS", (BalancedFile, *statements.READERS))
