"""The validation of a whole file before anything is written; its lines are parsed here, once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Protocol

from budgets.errors import BadStatement
from budgets.statements.lines import LEFT_OUT, Line, PageBalances
from budgets.statements.misfits import Misfit
from budgets.statements.spool import RowCopy
from budgets.statements.witness import Witness

LONGEST_ACCOUNT = 200  # characters


class Surveyed(Protocol):
    """A file to survey, such as a `StatementFile`."""

    def lines(self, decimals: int) -> Iterator[Line]:
        """The lines in the file's order."""
        ...

    def balances(self, decimals: int) -> Iterator[PageBalances]:
        """What the file says of balances before and after its lines."""
        ...


@dataclass(frozen=True, slots=True)
class Repetition:
    """An incoming line with account, id, day and amount of an earlier line, number `first`.

    It is `sure` if the text is the same, and the file uses the id for no other booking.
    """

    first: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """The content of a valid file.

    `total` counts its lines, `outgoing` those that bring no money in. `first` has the identity of
    each incoming line and its number, `repetitions` those that may be in the file twice.
    `balances` are those of the file, `misfit` is what they contradict, and `unchecked` has the
    numbers of lines that they do not check fully. `left_out` has the numbers of lines that cannot
    be read, and that somebody passes over.
    """

    total: int
    outgoing: int
    first: Mapping[str, int]
    _copy: RowCopy
    repetitions: Mapping[int, Repetition] = field(default_factory=dict)
    balances: tuple[PageBalances, ...] = ()
    misfit: Misfit | None = None
    unchecked: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()

    def lines(self) -> Iterator[Line]:
        """The lines as they were parsed, in the file's order. Can be called again."""
        return _parsed(self._copy)


def survey(
    file: Surveyed, decimals: int, currency: str = "", tick: Callable[[], None] = lambda: None
) -> Survey:
    """Parse and keep every line, and compare them with the file's balances.

    A line in another currency than `currency`, "" for any, is not booked. `tick` is called for
    each line. Raises BadStatement at a bad line.
    """
    balances = tuple(file.balances(decimals))
    witness = Witness(balances, currency, decimals)
    total = outgoing = 0
    first: dict[str, int] = {}
    repeated: list[Line] = []
    left_out: set[int] = set()
    copy = RowCopy()
    for line in file.lines(decimals):
        total += 1
        tick()
        if len(line.account) > LONGEST_ACCOUNT:
            raise _long_account(line)
        if currency and line.currency not in ("", currency):
            line = line._replace(not_booked=line.not_booked or f"in {line.currency}")
        else:
            witness.add(line)
        if line.incoming:
            first[line.identity] = line.number
            if line.occurrence > 1 and line.has_id:
                repeated.append(line)
        else:
            outgoing += 1
        if line.not_booked == LEFT_OUT:
            left_out.add(line.number)
        copy.add((line.number, line.account, line.posted.toordinal(), *line[3:]))
    verdict = witness.verdict(lambda: _parsed(copy))
    repetitions = _repetitions(repeated, first, lambda: _parsed(copy))
    found = (total, outgoing, first, copy, repetitions, balances)
    return Survey(*found, verdict.misfit, verdict.unchecked, frozenset(left_out))


def _long_account(line: Line) -> BadStatement:
    return BadStatement(
        f"line {line.number}: an account's name has at most {LONGEST_ACCOUNT} characters; "
        "say --account-column '' and --account NAME"
    )


def _parsed(copy: RowCopy) -> Iterator[Line]:
    day = lru_cache(1024)(date.fromordinal)
    for number, account, posted, *rest in copy:
        yield Line(number, account, day(posted), *rest)


def _repetitions(
    repeated: Iterable[Line], first: Mapping[str, int], lines: Callable[[], Iterator[Line]]
) -> dict[int, Repetition]:
    """Judge the repeated lines; only a file that has some is read again."""
    originals = {line.number: first[line._replace(occurrence=1).identity] for line in repeated}
    ids = {(line.account, line.external_id) for line in repeated}
    texts: dict[int, str] = {}
    bookings: dict[tuple[str, str], set[tuple[date, int]]] = defaultdict(set)
    wanted = set(originals.values())
    for line in lines() if originals else ():
        if line.incoming and (name := (line.account, line.external_id)) in ids:
            bookings[name].add((line.posted, line.amount))
            if line.number in wanted:
                texts[line.number] = line.description
    return {
        line.number: Repetition(
            original,
            texts[original] == line.description
            and len(bookings[line.account, line.external_id]) == 1,
        )
        for line in repeated
        for original in [originals[line.number]]
    }
