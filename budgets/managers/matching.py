"""The matching of a statement's lines against the lines of earlier imports. Pure.

A line is a DUPLICATE when a line of its identity was imported before: the bank's id, the day and
the amount within the account, or the content where the bank gives no id, with the occurrence. So
is a line that repeats another of its file with the same id, day, amount and text.

A line is HELD, until somebody decides, when it may be a duplicate: another imported line has its
account, day and amount and is not in this file, as in an export with other texts or ids; or it
repeats id, day and amount of a line of its file with another text. A line of an unlikely day is
HELD too, and so are all lines that the balances in the file contradict, unless they are trusted.

A file that names no account is of an unknown account of its budget. So its lines are duplicates
of lines of that budget only, and may be duplicates of any other line imported into it.

Somebody can include a held line or a duplicate; a duplicate is imported as a copy, once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import models

from budgets.errors import BadChoice
from budgets.statements import Line, Survey
from tenants.schema.times import END, FIRST

if TYPE_CHECKING:
    from budgets.models import Statement, StatementLine

BATCH = 100
"""Incoming lines in one transaction: enough to be quick, few enough not to keep others waiting."""

_LONGEST_BATCH = 5_000  # lines of all kinds, so that a file of payments is not held whole

SKIP, INCLUDE = "skip", "include"

LONGEST_DESCRIPTION = 500
"""Characters of a line's text that are stored."""


class LineStatus(models.TextChoices):
    """The result of importing a line."""

    NEW = "new"  # deposited, as the movement it names
    DUPLICATE = "duplicate"  # deposited before
    SKIPPED = "skipped"  # not an income, or skipped by somebody's choice
    HELD = "held"  # may be a duplicate, misdated or misread: somebody must decide
    UNDONE = "undone"  # deposited, and reversed with the whole import


@dataclass(frozen=True, slots=True)
class Choices:
    """A person's decisions: about lines, by number, and whether to hold possible duplicates.

    `trust` imports the lines of a file although its own balances contradict them.
    """

    skip: frozenset[int] = frozenset()
    include: frozenset[int] = frozenset()
    hold: bool = True
    trust: bool = False

    def decisions(self, surveyed: Survey) -> dict[str, str]:
        """As a Statement stores them. Raises BadChoice for a line that needs no decision."""
        skip = self.skip - surveyed.left_out
        chosen = skip | self.include
        if wrong := (chosen and chosen.difference(surveyed.first.values())):
            raise BadChoice(f"line {min(wrong)} brings nothing or is not there")
        if both := skip & self.include:
            raise BadChoice(f"line {min(both)} cannot be both skipped and included")
        return {
            str(number): verb
            for verb, numbers in ((SKIP, skip), (INCLUDE, self.include))
            for number in sorted(numbers)
        }


NO_CHOICES = Choices()
READ_OTHERWISE = "was read with another day or amount before: undo the import, then import again"


def money_of(line: "Line | StatementLine") -> tuple[str, date, int]:
    """What of a line is money."""
    return line.account, line.posted, line.amount


def is_changed(kept: "StatementLine", line: "StatementLine") -> bool:
    """Whether a stored line without a deposit gets the status that the line has now."""
    return money_of(kept) == money_of(line) and kept.status not in (LineStatus.NEW, line.status)


@dataclass(frozen=True, slots=True)
class Classified:
    """A line, its status and the reason.

    `attempt` counts how often it was imported, with this one. `copy` is 0, or counts the bookings
    of the line beyond the first that somebody included.
    """

    line: Line
    status: LineStatus
    why: str = ""
    attempt: int = 1
    copy: int = 0

    @property
    def key(self) -> str:
        """The key of its deposit; an import after an undo, and a copy, have other keys."""
        return movement_key(self.line.identity, self.attempt, self.copy)


def movement_key(identity: str, attempt: int, copy: int = 0) -> str:
    """Copy and attempt stand before the identity, so no identity can imitate another attempt."""
    copied, again = f"+{copy}" if copy else "", f"#{attempt}" if attempt > 1 else ""
    return f"statement{copied}{again}:{identity}"


def former_key(line: Line) -> str:
    """The key that an import before identities had day and amount gave to a line with an id."""
    return movement_key(line.former_identity, 1)


type Moved = Mapping[str, tuple[int, date]]
"""Movements by key: the amount and the day (UTC) of each."""


@dataclass(frozen=True, slots=True)
class MatchContext:
    """All that is needed to classify lines.

    `past` has earlier lines by identity, `kept` those this import stored by number, `similar` those
    that may be lines of the file with another text or id, `moved` movements of the budget by key.
    `today` is the day of the import; `hold` says whether possible duplicates are held.
    """

    statement: "Statement"
    surveyed: Survey
    past: "Mapping[str, Sequence[StatementLine]]"
    today: date
    kept: "Mapping[int, StatementLine]" = field(default_factory=dict)
    moved: Moved = field(default_factory=dict)
    similar: "Sequence[StatementLine]" = field(default=())
    hold: bool = False

    def classify(self, line: Line) -> Classified:
        """The status of the line, and the reason."""
        if not line.incoming:
            return Classified(line, LineStatus.SKIPPED, line.not_booked or "brings nothing in")
        if (kept := self.kept.get(line.number)) and money_of(kept) != money_of(line):
            return Classified(line, LineStatus.HELD, READ_OTHERWISE)
        decision = self.statement.decisions.get(str(line.number))
        if mine := self._from_here(line):
            return Classified(line, LineStatus.DUPLICATE, f"came in as {self._named(mine)}")
        duplicate = self.duplicate_of(line)
        if decision != INCLUDE and (why := duplicate or self._repeats(line, sure=True)):
            return Classified(line, LineStatus.DUPLICATE, why)
        if why := self._skipped(line, decision):
            return Classified(line, LineStatus.SKIPPED, why)
        if why := self._misdated(line, included=decision == INCLUDE):
            return Classified(line, LineStatus.HELD, why)
        if decision is None and (why := self._doubtful(line)):
            return Classified(line, LineStatus.HELD, why)
        return self._new(line, copied=bool(duplicate))

    def _new(self, line: Line, *, copied: bool) -> Classified:
        """The line as one to deposit, and what the file's balances do not show of it."""
        edge = line.number in self.surveyed.unchecked
        why = "at the edge of the file's balances: not fully checked" if edge else ""
        copy = self._next_copy(line) if copied else 0
        return Classified(line, LineStatus.NEW, why, attempt=self.attempt(line), copy=copy)

    def duplicate_of(self, line: Line) -> str:
        """The import it is a duplicate of, "" when it is new."""
        for earlier in self._deposited(line):
            return f"came in as {self._named(earlier)}"
        attempt = self.attempt(line)
        former = self.moved.get(former_key(line)) if attempt == 1 else None
        moved = movement_key(line.identity, attempt) in self.moved
        return "came in before" if moved or former == (line.amount, line.posted) else ""

    def attempt(self, line: Line) -> int:
        """1, and one more for each undone import of the line into this budget."""
        undone = (
            earlier.status == LineStatus.UNDONE and earlier.budget_id == self._budget
            for earlier in self.past.get(line.identity, ())
        )
        return 1 + sum(undone)

    @property
    def _budget(self) -> UUID:
        return self.statement.budget_id

    def _deposited(self, line: Line) -> "Iterator[StatementLine]":
        """The imported lines of its identity; a former placeholder id counts with its text."""
        for earlier in self.past.get(line.identity, ()):
            if earlier.status == LineStatus.NEW and self._same_account(earlier, line):
                yield earlier
        if line.external_id and not line.has_id:
            for earlier in self.past.get(line.identity_by_id, ()):
                same = earlier.description == line.description[:LONGEST_DESCRIPTION]
                if same and earlier.status == LineStatus.NEW and self._same_account(earlier, line):
                    yield earlier

    def _from_here(self, line: Line) -> "StatementLine | None":
        """The line as this import of the file deposited it, in an earlier run."""
        mine = (
            earlier
            for earlier in self._deposited(line)
            if (earlier.statement_id, earlier.number) == (self.statement.pk, line.number)
        )
        return next(mine, None)

    def _next_copy(self, line: Line) -> int:
        return 1 + max((earlier.copy for earlier in self._deposited(line)), default=0)

    def _repeats(self, line: Line, *, sure: bool) -> str:
        """The line of the file that it repeats, surely or only perhaps; "" for none."""
        repetition = self.surveyed.repetitions.get(line.number)
        if repetition is None or repetition.sure != sure:
            return ""
        return f"repeats line {repetition.first}" + ("" if sure else ", or is another booking")

    def _skipped(self, line: Line, decision: str | None) -> str:
        """Whose choice leaves it out: that about this file, or about the line in an earlier one."""
        if decision == SKIP:
            return "left out by choice"
        if decision is None and (earlier := self._left_out(line, LineStatus.SKIPPED)):
            return f"left out by choice as {self._named(earlier)}"
        return ""

    def _doubtful(self, line: Line) -> str:
        """Why somebody must decide about it, "" for a line that is surely new."""
        if self.surveyed.misfit and not self.statement.trusted:
            return f"the file contradicts itself: {self.surveyed.misfit}"
        if not self.hold:
            return ""
        if why := self._repeats(line, sure=False):
            return why
        if earlier := self._similar_to(line):
            return f"like {self._named(earlier)}: {earlier.description}"
        if earlier := self._left_out(line, LineStatus.DUPLICATE):
            return f"was taken for a duplicate as {self._named(earlier)}"
        return ""

    def _left_out(self, line: Line, status: LineStatus) -> "StatementLine | None":
        """The same line in an earlier file with that status, if it never came in."""
        past = [
            earlier
            for name in {line.identity, line.identity_by_id}
            for earlier in self.past.get(name, ())
            if self._same_account(earlier, line)
        ]
        if status == LineStatus.DUPLICATE and any(row.status == LineStatus.UNDONE for row in past):
            return None
        standing = (row for row in past if row.status == status and row.statement.undone_at is None)
        return next(standing, None)

    def _misdated(self, line: Line, *, included: bool) -> str:
        """What is wrong with its date, "" for nothing; some dates cannot be included either."""
        if not FIRST.date() <= line.posted < END.date():
            return f"its date is not from {FIRST:%Y} on and before {END:%Y}: skip it"
        latest = date(self.today.year + 1, 12, 31)
        return f"its date is after {latest}" if line.posted > latest and not included else ""

    def _similar_to(self, line: Line) -> "StatementLine | None":
        """An imported line that may be this one with another text or id."""
        return next((earlier for earlier in self.similar if self._resemble(earlier, line)), None)

    def _resemble(self, earlier: "StatementLine", line: Line) -> bool:
        if (earlier.posted, earlier.amount) != (line.posted, line.amount):
            return False
        if earlier.identity == line.identity:
            return True  # of an account without a name, in another budget
        if earlier.account == line.account:
            return self._same_account(earlier, line)
        return earlier.budget_id == self._budget and "" in (earlier.account, line.account)

    def _same_account(self, earlier: "StatementLine", line: Line) -> bool:
        return line.account != "" or earlier.budget_id == self._budget

    def _named(self, earlier: "StatementLine") -> str:
        where = "" if earlier.budget_id == self._budget else f" in {earlier.budget.name}"
        return f"line {earlier.number} of {earlier.statement.name}{where}"


def batches(lines: Iterable[Line], most: int = BATCH) -> Iterator[list[Line]]:
    """The lines in order, cut into runs of at most `most` incoming ones."""
    batch: list[Line] = []
    incoming = 0
    for line in lines:
        batch.append(line)
        incoming += line.incoming
        if incoming == most or len(batch) == _LONGEST_BATCH:
            yield batch
            batch, incoming = [], 0
    if batch:
        yield batch
