"""What every statement comes down to: lines, and a key that keeps a line from coming in twice."""

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
    """One booking on a statement.

    `number` is its place among the file's lines, from 1. `amount` is signed minor
    units: positive came in, negative went out, 0 is what some banks write for a
    notice. `currency` is what the file says, "" when it says nothing. `occurrence`
    tells apart lines that agree in everything the bank wrote (see `numbered`).
    """

    number: int
    account: str
    posted: date
    amount: int
    currency: str
    description: str
    external_id: str
    occurrence: int = 1

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
