"""The content of a statement: lines, their balances, and identities that repeat in other files."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b

LONGEST_IDENTITY = 120
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Account:
    """An account a file speaks of; "" for what the file does not say."""

    id: str
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement.

    `number` is its place among the file's lines, from 1; a line that is no booking counts too.
    `amount` is signed minor units: positive came in, negative went out, 0 is what some banks write
    for a notice. `currency` is what the file says, "" when it says nothing. `occurrence`
    tells apart lines that agree in everything the bank wrote (see `numbered`). `not_booked` is the
    reason why the line is not a booking, such as "pending", and "" for a booking. `balance` is the
    account's balance that the file writes beside the line, in minor units. `page` is the number of
    the statement within the file, from 1 (see `PageBalances`).
    """

    number: int
    account: str
    posted: date
    amount: int
    currency: str
    description: str
    external_id: str
    occurrence: int = 1
    not_booked: str = ""
    balance: int | None = None
    page: int = 1

    @property
    def incoming(self) -> bool:
        """Whether it is a booking that brings money in."""
        return self.amount > 0 and not self.not_booked

    @property
    def identity(self) -> str:
        """The line's key: equal for the same booking in any file, at most 120 characters.

        The bank's id within the account when there is one, else a digest of the
        content and the occurrence. The account's length stands before it, so that
        no account and id can be written to look like another pair.
        """
        if not self.external_id:
            return f"content:{self.content.hex()}:{self.occurrence}"
        plain = f"id:{len(self.account)}:{self.account}:{self.external_id}"
        if len(plain) <= LONGEST_IDENTITY:
            return plain
        return f"id#{_digest(self.account, self.external_id).hex()}"

    @property
    def content(self) -> bytes:
        """A digest of account, date, amount and description."""
        return _digest(self.account, self.posted.isoformat(), self.amount, self.description)


@dataclass(frozen=True, slots=True)
class PageBalances:
    """What a statement in the file says of its account's balances, in minor units.

    `opening` and `closing` are those before the first and after the last booking of the `page`,
    None where the file does not say. `first` and `last` are the days the statement covers, or of
    its balances, None if unknown. `currency` is that of the balances, "" for the account's own.
    """

    page: int
    account: str
    opening: int | None = None
    closing: int | None = None
    first: date | None = None
    last: date | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part of a file was understood, such as `subject` "column 'Betrag'", and why."""

    subject: str
    reading: str
    reason: str


def numbered(lines: Iterable[Line]) -> Iterator[Line]:
    """Count how often each content has come by, for lines the bank gave no id.

    Two equal coffees on one day are occurrences 1 and 2 whatever stands between
    them, so two files that both hold that day agree on both, in either order.
    Remembers one digest per line without an id.
    """
    seen: Counter[bytes] = Counter()
    for line in lines:
        if line.external_id:
            yield line
            continue
        content = line.content
        seen[content] += 1
        yield line if seen[content] == 1 else replace(line, occurrence=seen[content])


def one_line(text: str) -> str:
    """What a bank wrote, fit to be shown: white space collapsed, no control characters."""
    return _CONTROL.sub("", " ".join(text.split()))


def _digest(*parts: str | int) -> bytes:
    """20 bytes that stand for `parts`; JSON keeps ("a", "b") apart from ("ab", "")."""
    return blake2b(json.dumps(parts).encode(), digest_size=20).digest()
