"""The matching of a statement's lines against the lines of earlier imports. Pure.

A line is a DUPLICATE when a line of its identity was imported before: the bank's id within the
account, or the content and its occurrence where the bank gives no id. It may be a duplicate
(HELD, until somebody decides) when another imported line has its account, day and amount and is
not in this file: a re-export has edited the text, or the bank has begun to give ids. A line of an
unlikely day, before 1970 or after the end of next year, is HELD too.

A file that names no account is of an unknown account of its budget. So its lines are duplicates
of lines of that budget only, and may be duplicates of any other line imported into it.
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
    from budgets.models import StatementLine

BATCH = 100
"""Incoming lines in one transaction: enough to be quick, few enough not to keep others waiting."""

_LONGEST_BATCH = 5_000  # lines of all kinds, so that a file of payments is not held whole

SKIP, INCLUDE = "skip", "include"


class LineStatus(models.TextChoices):
    """The result of importing a line."""

    NEW = "new"  # deposited, as the movement it names
    DUPLICATE = "duplicate"  # deposited before
    SKIPPED = "skipped"  # not an income, or skipped by somebody's choice
    HELD = "held"  # may be a duplicate or misdated: somebody must decide
    UNDONE = "undone"  # deposited, and reversed with the whole import


@dataclass(frozen=True, slots=True)
class Choices:
    """A person's decisions: about lines, by number, and whether to hold possible duplicates."""

    skip: frozenset[int] = frozenset()
    include: frozenset[int] = frozenset()
    hold: bool = True

    def decisions(self, surveyed: Survey) -> dict[str, str]:
        """As a Statement stores them. Raises BadChoice for a line that needs no decision."""
        chosen = self.skip | self.include
        if wrong := (chosen and chosen.difference(surveyed.first.values())):
            raise BadChoice(f"line {min(wrong)} brings nothing, is a repetition or is not there")
        if both := self.skip & self.include:
            raise BadChoice(f"line {min(both)} cannot be both skipped and included")
        return {
            str(number): verb
            for verb, numbers in ((SKIP, self.skip), (INCLUDE, self.include))
            for number in sorted(numbers)
        }


NO_CHOICES = Choices()


@dataclass(frozen=True, slots=True)
class Classified:
    """A line, its status and the reason; `attempt` counts how often it was imported, with this."""

    line: Line
    status: LineStatus
    why: str = ""
    attempt: int = 1

    @property
    def key(self) -> str:
        """The key of its deposit; an import after an undo has another key."""
        return movement_key(self.line.identity, self.attempt)


def movement_key(identity: str, attempt: int) -> str:
    """The attempt stands before the identity, so no identity can imitate another attempt."""
    return f"statement{'' if attempt == 1 else f'#{attempt}'}:{identity}"


@dataclass(frozen=True, slots=True)
class MatchContext:
    """All that is needed to classify lines.

    `past` has earlier lines by identity; `similar` has imported lines that may be lines of the
    file with another text; `keys` are keys of the budget's movements, `decisions` are by line
    number, and `today` is the day of the import.
    """

    budget: UUID
    surveyed: Survey
    decisions: Mapping[str, str]
    past: "Mapping[str, Sequence[StatementLine]]"
    keys: frozenset[str]
    today: date
    similar: "Sequence[StatementLine]" = field(default=())

    def classify(self, line: Line) -> Classified:
        """The status of the line, and the reason."""
        if line.amount <= 0:
            return Classified(line, LineStatus.SKIPPED, "brings nothing in")
        if why := self.duplicate_of(line):
            return Classified(line, LineStatus.DUPLICATE, why)
        decision = self.decisions.get(str(line.number))
        if decision == SKIP:
            return Classified(line, LineStatus.SKIPPED, "left out by choice")
        if decision is None and (earlier := self._skipped_before(line)):
            return Classified(
                line, LineStatus.SKIPPED, f"left out by choice as {self._named(earlier)}"
            )
        if why := self._misdated(line, included=decision == INCLUDE):
            return Classified(line, LineStatus.HELD, why)
        if decision is None and (earlier := self._similar_to(line)):
            why = f"like {self._named(earlier)}: {earlier.description}"
            return Classified(line, LineStatus.HELD, why)
        return Classified(line, LineStatus.NEW, attempt=self.attempt(line))

    def duplicate_of(self, line: Line) -> str:
        """The import it is a duplicate of, "" when it is new."""
        first = self.surveyed.first.get(line.identity, line.number)
        if first != line.number:
            return f"repeats line {first}"
        for earlier in self.past.get(line.identity, ()):
            if earlier.status == LineStatus.NEW and self._same_account(earlier, line):
                changed = ", of another amount" if earlier.amount != line.amount else ""
                return f"came in as {self._named(earlier)}{changed}"
        if movement_key(line.identity, self.attempt(line)) in self.keys:
            return "came in before"
        return ""

    def attempt(self, line: Line) -> int:
        """1, and one more for each undone import of the line into this budget."""
        undone = (
            earlier.status == LineStatus.UNDONE and earlier.budget_id == self.budget
            for earlier in self.past.get(line.identity, ())
        )
        return 1 + sum(undone)

    def _skipped_before(self, line: Line) -> "StatementLine | None":
        """The same line in an earlier file, if somebody chose to skip it."""
        for earlier in self.past.get(line.identity, ()):
            standing = earlier.statement.undone_at is None
            if (
                earlier.status == LineStatus.SKIPPED
                and standing
                and self._same_account(earlier, line)
            ):
                return earlier
        return None

    def _misdated(self, line: Line, *, included: bool) -> str:
        """What is wrong with its date, "" for nothing; some dates cannot be included either."""
        if not FIRST.date() <= line.posted < END.date():
            return f"its date is not from {FIRST:%Y} on and before {END:%Y}: skip it"
        latest = date(self.today.year + 1, 12, 31)
        return f"its date is after {latest}" if line.posted > latest and not included else ""

    def _similar_to(self, line: Line) -> "StatementLine | None":
        """An imported line that may be this one with another text."""
        return next((earlier for earlier in self.similar if self._resemble(earlier, line)), None)

    def _resemble(self, earlier: "StatementLine", line: Line) -> bool:
        if (earlier.posted, earlier.amount) != (line.posted, line.amount):
            return False
        if earlier.identity == line.identity:
            return True  # of an account without a name, in another budget
        if earlier.account == line.account:
            both = earlier.has_bank_id and line.external_id
            return self._same_account(earlier, line) and not both
        return earlier.budget_id == self.budget and "" in (earlier.account, line.account)

    def _same_account(self, earlier: "StatementLine", line: Line) -> bool:
        return line.account != "" or earlier.budget_id == self.budget

    def _named(self, earlier: "StatementLine") -> str:
        where = "" if earlier.budget_id == self.budget else f" in {earlier.budget.name}"
        return f"line {earlier.number} of {earlier.statement.name}{where}"


def batches(lines: Iterable[Line], most: int = BATCH) -> Iterator[list[Line]]:
    """The lines in order, cut into runs of at most `most` incoming ones."""
    batch: list[Line] = []
    incoming = 0
    for line in lines:
        batch.append(line)
        incoming += line.amount > 0
        if incoming == most or len(batch) == _LONGEST_BATCH:
            yield batch
            batch, incoming = [], 0
    if batch:
        yield batch
