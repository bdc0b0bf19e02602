"""The content of a statement: lines, their balances, and identities that repeat in other files."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

LONGEST_IDENTITY = 160
_LONGEST_OWNER = 117  # characters; a longer account and id are a digest
_NO_ID = frozenset(
    ["", "nonref", "noref", "notprovided", "none", "null", "nil", "na", "nan", "unknown"]
)
"""What banks write in place of an id, without case, punctuation and leading or trailing zeros."""
LEFT_OUT = "left out by choice"
"""Why a line is not booked that cannot be read, and that somebody passes over."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Account:
    """An account a file speaks of; "" for what the file does not say."""

    id: str
    currency: str


class Line(NamedTuple):
    """One line of a statement.

    `number` is its place among the file's lines, from 1; a line that is no booking counts too.
    `amount` is signed minor units: positive came in, negative went out, 0 is what some banks write
    for a notice. `currency` is what the file says, "" when it says nothing. `occurrence`
    tells apart lines that agree in everything the bank wrote (see `numbered`). `not_booked` is the
    reason why the line is not a booking, such as "pending", and "" for a booking. `balance` is the
    account's balance that the file writes beside the line, in minor units. `page` is the number of
    the statement within the file, from 1 (see `PageBalances`). `fee` is what the file writes in a
    column of fees and `amount` does not contain, in minor units, 0 for nothing.
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
    fee: int = 0

    @property
    def incoming(self) -> bool:
        """Whether it is a booking that brings money in."""
        return self.amount > 0 and not self.not_booked

    @property
    def has_id(self) -> bool:
        """Whether the bank gave it an id; "0", "-" and "NONREF" are not ids."""
        plain = "".join(filter(str.isalnum, self.external_id.casefold()))
        return plain.strip("0") not in _NO_ID

    @property
    def identity(self) -> str:
        """The line's key: equal for the same booking in any file, at most 160 characters.

        Banks repeat ids, so the key of a line with an id has the day, the amount and the
        occurrence too; see `former_identity` for the rest of it. That of a line without an id is
        a digest of the content, and the occurrence.
        """
        if self.has_id:
            return self.identity_by_id
        return f"content:{self.content.hex()}:{self.occurrence}"

    @property
    def identity_by_id(self) -> str:
        """The key with whatever the bank wrote in place of an id, as earlier imports stored it."""
        return f"id:{self.posted}:{self.amount}:{self.occurrence}:{self._owner}"

    @property
    def former_identity(self) -> str:
        """The key that imports before the day and the amount were in it gave to a line with an id.

        The account's length stands before the account and the id, so that no two can be written
        to look like another pair.
        """
        owner = self._owner
        return f"id{owner}" if owner.startswith("#") else f"id:{owner}"

    @property
    def _owner(self) -> str:
        plain = f"{len(self.account)}:{self.account}:{self.external_id}"
        if len(plain) <= _LONGEST_OWNER:
            return plain
        return f"#{_digest(self.account, self.external_id).hex()}"

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
    """Count how often each incoming line came that the bank does not tell apart.

    Two equal gifts on one day are occurrences 1 and 2 whatever stands between them, so two files
    that both hold that day agree on both, in either order. Lines with an id agree when account,
    id, day and amount do. A line that is not booked is not counted: it comes again, booked.
    Remembers one digest per incoming line.
    """
    seen: Counter[bytes] = Counter()
    for line in lines:
        if not line.incoming:
            yield line
            continue
        key = _digest(line.identity_by_id) if line.has_id else line.content
        seen[key] += 1
        yield line if seen[key] == 1 else line._replace(occurrence=seen[key])


def one_line(text: str) -> str:
    """What a bank wrote, fit to be shown: white space collapsed, no control characters."""
    return _CONTROL.sub("", " ".join(text.split()))


@lru_cache(4)  # the key and then the identity of a line need the same one
def _digest(*parts: str | int) -> bytes:
    """20 bytes that stand for `parts`; JSON keeps ("a", "b") apart from ("ab", "")."""
    return blake2b(json.dumps(parts).encode(), digest_size=20).digest()
