"""What the words of bookings say about the signs of their sums.

Some cards write purchases positive, others negative, as banks write what went out. The words tell
which: what a card calls a payment received has come in.
"""

import re
from dataclasses import dataclass
from itertools import chain
from typing import NoReturn

from budgets.errors import BadStatement
from budgets.statements.cells import bare
from budgets.statements.clues import MINUS, PLUS, Clues, TableRow, shape
from budgets.statements.column_names import CARD_HEADERS, CARDS, normal
from budgets.statements.column_roles import Columns
from budgets.statements.words import (
    is_payment_of_a_card,
    is_refund,
    kind,
    text_kind,
)

_ENOUGH = 4  # rows that agree with their sign, for each one that contradicts it
_SPENDING = re.compile(
    r"\b(?:cards?|karten?\w*|cartes?|tarjetas?|cartao|kaart\w*|kort\w*|merchants?|handler"
    r"|commercants?|comercio|esercente|expenses?|spending|ausgaben|depenses?|gastos?|spese"
    r"|wydatk\w*|uitgaven|utgifter)\b"
)


@dataclass(slots=True)
class Evidence:
    """Rows of the sample whose words agree with their own sign, and those that contradict it.

    Of the `negative` rows, `paid` counts what are surely payments of a card, `refunded` these and
    refunds, and `settled` other payments. Of the `positive` ones, `bought` counts purchases.
    `example` is the first row that contradicts.
    """

    clues: Clues
    columns: Columns
    agreeing: int = 0
    contrary: int = 0
    positive: int = 0
    bought: int = 0
    negative: int = 0
    settled: int = 0
    refunded: int = 0
    paid: int = 0
    example: TableRow | None = None

    @classmethod
    def of(cls, clues: Clues, columns: Columns) -> "Evidence":
        """Weigh the rows."""
        evidence = cls(clues, columns)
        at = columns.roles["amount"][0]
        for row in clues.sample:
            own = shape(row.cells[at])
            if own in ("+", "-"):
                evidence._weigh(row, 1 if own == "+" else -1)
        return evidence

    def factor(self) -> tuple[int, str]:
        """1 if a minus went out, -1 if it came in, and why. Raises BadStatement if it is open."""
        bought = self.positive > 0 and self.bought == self.positive
        refunded = self.refunded + (self.settled if bought else 0)
        if refunded and refunded == self.negative and not self.agreeing:
            if self.paid or bought:
                return -1, "those with a minus are payments of a card and refunds"
            self._ask()
        card = not self.agreeing and (self._is_card() or self._may_be_spending())
        if self.contrary * _ENOUGH > self.agreeing or card:
            self._ask()
        return 1, "their own signs"

    def _weigh(self, row: TableRow, own: int) -> None:
        self.negative += own < 0
        self.positive += own > 0
        payment, way = self._way(row)
        self.bought += own > 0 > way
        text = self._text(row)
        if way == own or (not way and own > 0 and is_refund(text)):
            self.agreeing += 1
        elif way:
            self.contrary += 1
            self.example = self.example or row
        if own < 0 and (payment or is_refund(text) or way > 0):
            self.refunded += 1
            self.paid += payment
            self.example = self.example or row
        elif own < 0:
            kinds = (normal(row.cells[at]) for at in self.columns.roles.get("type", ()))
            self.settled += any(text in ("payment", "payments") for text in kinds)

    def _way(self, row: TableRow) -> tuple[bool, int]:
        """Whether it is a payment of a card, and the direction that its words say; 0 for none."""
        if is_payment_of_a_card("\n".join(row.cells)):
            return True, 1
        kinds = (kind(row.cells[at]) for at in self.columns.roles.get("type", ()))
        return False, next(filter(None, kinds), 0) or text_kind(self._text(row))

    def _text(self, row: TableRow) -> str:
        return " ".join(row.cells[at] for at in self.columns.roles.get("description", ()))

    def _is_card(self) -> bool:
        """Whether the header is that of a card and there is something to ask about."""
        names = [normal(name) for name in self.columns.header]
        card = not CARDS.isdisjoint(names) or tuple(names) in CARD_HEADERS
        plus = self.clues.count("amount", ("+",))
        return card and plus > 0 and "balance" not in self.columns.roles

    def _may_be_spending(self) -> bool:
        """Whether no sum has a sign, and a name or a value hints at money that went out."""
        signed = self.clues.count("amount", {*PLUS, *MINUS} - {"+"})
        if signed or not self.positive or "balance" in self.columns.roles:
            return False
        roles = self.columns.roles
        text = {at for role in ("description", "id", "account") for at in roles.get(role, ())}
        values = [each for at, each in self.clues.values.items() if at not in text]
        return any(map(_hints_at_spending, chain(self.columns.header, *values)))

    def _ask(self) -> NoReturn:
        row = self.example or self.clues.first("amount", ("+",)) or self.clues.sample[0]
        cell = row.cells[self.columns.roles["amount"][0]]
        came, went = "as-is", "reversed"
        if shape(cell) == "-":
            came, went = went, came
        text = bare(self._text(row))[:60]
        raise BadStatement(
            f"{row.place}: {bare(cell)!r} with the text {text!r}: did this money come in or "
            f"go out? say --sign {came} if it came in, --sign {went} if it went out"
        )


def _hints_at_spending(text: str) -> bool:
    """Whether the name of a column, or a value in it, is of cards or of money that went out."""
    return bool(_SPENDING.search(normal(text))) or kind(text) < 0
