"""The records of a QIF file, and the account that each belongs to.

QIF is Intuit's, from 1994: a header line such as "!Type:Bank" says what follows; each record has
one field a line, named by its first letter, and ends with "^". As documented in Quicken's help
("Quicken Interchange Format (QIF) files") and, with what programs write in practice, in GnuCash's
"QIF file format" (file-format.txt).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, TextIO

from budgets.errors import BadStatement

_LONGEST_LINE = 1 << 16  # characters
_MOST_FIELDS = 10_000  # of a record
_LISTS = frozenset({"cat", "class", "memorized", "security", "prices", "tag", "budget", "template"})
_FORMS = frozenset({"tax", "invitem", "bill", "invoice", "payee"})
_INVESTMENTS = frozenset(["invst", "port", "401(k)/403(b)"])


class Split(NamedTuple):
    """A part of a booking: its category, memo and amount, "" for what is not there."""

    category: str = ""
    memo: str = ""
    amount: str = ""


@dataclass(slots=True)
class Record:
    """A record of fields by letter, from file line `at`; texts as written, without spaces around.

    `kind` is that of its section in lower case, such as "bank" or "oth a". `twice` has the letters
    that came again with another text.
    """

    at: int
    account: str
    kind: str
    fields: dict[str, str] = field(default_factory=dict)
    address: list[str] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)
    twice: set[str] = field(default_factory=set)

    @property
    def is_list(self) -> bool:
        """Whether it is in a list of categories or the like, and no booking."""
        return self.kind in _LISTS | _FORMS

    @property
    def is_investment(self) -> bool:
        """Whether it is of an investment account."""
        return self.kind in _INVESTMENTS

    def take(self, letter: str, text: str) -> None:
        """Add a field."""
        if letter == "A":
            self.address.append(text)
        elif letter == "S":
            self.splits.append(Split(text))
        elif letter in ("E", "$", "%") and self.splits:
            last = self.splits[-1]
            if letter != "%":
                new = {"memo": text} if letter == "E" else {"amount": text}
                self.splits[-1] = last._replace(**new)
        elif text and self.fields.get(letter, text) != text:
            self.twice.add(letter)
        else:
            self.fields.setdefault(letter, text)

    @property
    def empty(self) -> bool:
        """Whether nothing was in it."""
        return not (self.fields or self.address or self.splits)


def records(file: TextIO) -> Iterator[Record]:
    """The records in the file's order, those of lists and investments too.

    Raises BadStatement for a line or a record that is too long.
    """
    section = _Section()
    record = section.record(1)
    count = 0
    for at, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), ""), 1):
        if len(line) == _LONGEST_LINE or count > _MOST_FIELDS:
            raise BadStatement(
                f"not QIF: line {at} of the file is too long, or its record; export it again"
            )
        text = line.strip(" \t\r\n\x1a\ufeff")
        if not text:
            continue
        if text[0] not in "!^":
            if not count:
                record.at = at
            record.take(text[0].upper(), text[1:].strip())
            count += 1
            continue
        if not record.empty:
            yield from section.finished(record)
        if text[0] == "!":
            section.start(text)
        record, count = section.record(at), 0
    if not record.empty:
        yield from section.finished(record)


class _Section:
    """What the header lines so far say."""

    def __init__(self) -> None:
        self._kind = "bank"
        self._account = ""
        self._listed: list[str] = []

    def start(self, header: str) -> None:
        """Read a header line; those of options change nothing."""
        name, _, kind = header[1:].partition(":")
        if name.strip().lower() == "type":
            self._kind = " ".join(kind.lower().split())
        elif name.strip().lower() == "account":
            self._kind, self._listed = "account", []

    def record(self, at: int) -> Record:
        """A new record of the section."""
        return Record(at, self._account, self._kind)

    def finished(self, record: Record) -> Iterator[Record]:
        """The record, unless it names the account of those that follow: one that is alone does."""
        if record.kind != "account":
            yield record
            return
        self._listed.append(record.fields.get("N", ""))
        self._account = self._listed[0] if len(self._listed) == 1 else ""
