"""What becomes of each line of a statement: pure, given what came in before.

A line has come in before when a line of its identity did: the bank's id within the account,
or the content and its occurrence where the bank gives no id. It may have come in before
(HELD, unless somebody decides) when another line of its account, day and amount did that this
file does not have: a re-export has edited the text, or the bank has begun to give ids. A day that
a bank seldom means, before 1970 or after the end of next year, is HELD too.

A file that names no account speaks of an account of its budget's, nobody knows which. So its
lines are duplicates of that budget's only, and may be those of any other that came in.
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


class Fate(models.TextChoices):
    """What becomes of a line."""

    NEW = "new"  # came in, as the movement it names
    DUPLICATE = "duplicate"  # came in before
    SKIPPED = "skipped"  # brings nothing, or somebody said to leave it
    HELD = "held"  # may have come in before, or on another day: somebody must say
    UNDONE = "undone"  # came in, and went back with the whole import


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody decided: on lines by number, and whether to hold what may be a duplicate."""

    skip: frozenset[int] = frozenset()
    include: frozenset[int] = frozenset()
    hold: bool = True

    def decisions(self, surveyed: Survey) -> dict[str, str]:
        """As a Statement keeps them. Raises BadChoice for a line there is nothing to say about."""
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


ASK_NOTHING = Choices()


@dataclass(frozen=True, slots=True)
class Judged:
    """A line, what becomes of it and why; `attempt` counts how often it has been new."""

    line: Line
    fate: Fate
    why: str = ""
    attempt: int = 1

    @property
    def key(self) -> str:
        """The key of the movement it becomes: another one after each undo."""
        return movement_key(self.line.identity, self.attempt)


def movement_key(identity: str, attempt: int) -> str:
    """No identity can be written so that one attempt looks like another: the number comes first."""
    return f"statement{'' if attempt == 1 else f'#{attempt}'}:{identity}"


@dataclass(frozen=True, slots=True)
class Bench:
    """All that a verdict needs.

    `past` has earlier lines by identity; `alike` those that came in and may be lines of the
    file in other words; `keys` are of the budget's movements, `decisions` by line number, and
    `today` is the day of the import.
    """

    budget: UUID
    surveyed: Survey
    decisions: Mapping[str, str]
    past: "Mapping[str, Sequence[StatementLine]]"
    keys: frozenset[str]
    today: date
    alike: "Sequence[StatementLine]" = field(default=())

    def verdict(self, line: Line) -> Judged:
        """What becomes of the line."""
        if line.amount <= 0:
            return Judged(line, Fate.SKIPPED, "brings nothing in")
        if why := self.repeated(line):
            return Judged(line, Fate.DUPLICATE, why)
        said = self.decisions.get(str(line.number))
        if said == SKIP:
            return Judged(line, Fate.SKIPPED, "left out by choice")
        if said is None and (earlier := self._left_out(line)):
            return Judged(line, Fate.SKIPPED, f"left out by choice as {self._named(earlier)}")
        if why := self._misdated(line, included=said == INCLUDE):
            return Judged(line, Fate.HELD, why)
        if said is None and (earlier := self._twin(line)):
            why = f"like {self._named(earlier)}: {earlier.description}"
            return Judged(line, Fate.HELD, why)
        return Judged(line, Fate.NEW, attempt=self.attempt(line))

    def repeated(self, line: Line) -> str:
        """How it came in before, "" when it did not."""
        first = self.surveyed.first.get(line.identity, line.number)
        if first != line.number:
            return f"repeats line {first}"
        for earlier in self.past.get(line.identity, ()):
            if earlier.fate == Fate.NEW and self._same_account(earlier, line):
                changed = ", of another amount" if earlier.amount != line.amount else ""
                return f"came in as {self._named(earlier)}{changed}"
        if movement_key(line.identity, self.attempt(line)) in self.keys:
            return "came in before"
        return ""

    def attempt(self, line: Line) -> int:
        """1, and one more for each time it came into this budget and went back."""
        undone = (
            earlier.fate == Fate.UNDONE and earlier.budget_id == self.budget
            for earlier in self.past.get(line.identity, ())
        )
        return 1 + sum(undone)

    def _left_out(self, line: Line) -> "StatementLine | None":
        """The same line, where somebody decided to skip it."""
        for earlier in self.past.get(line.identity, ()):
            standing = earlier.statement.undone_at is None
            if earlier.fate == Fate.SKIPPED and standing and self._same_account(earlier, line):
                return earlier
        return None

    def _misdated(self, line: Line, *, included: bool) -> str:
        """What is odd about its day, "" for nothing; some days cannot be included either."""
        if not FIRST.date() <= line.posted < END.date():
            return f"its date is not from {FIRST:%Y} on and before {END:%Y}: skip it"
        latest = date(self.today.year + 1, 12, 31)
        return f"its date is after {latest}" if line.posted > latest and not included else ""

    def _twin(self, line: Line) -> "StatementLine | None":
        """A line that came in, and may be this one in other words."""
        return next((earlier for earlier in self.alike if self._resemble(earlier, line)), None)

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
