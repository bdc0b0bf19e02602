"""One pass over a whole file, before anything is written: is it good, and what is in it?"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from budgets.errors import BadStatement
from budgets.statements.lines import Line

LONGEST_ACCOUNT = 200  # characters


@dataclass(frozen=True, slots=True)
class Survey:
    """What a good file holds.

    `total` counts its lines, `outgoing` those that bring nothing. `first` has the identity of
    each incoming line and the number of the first that bears it.
    """

    total: int
    outgoing: int
    first: Mapping[str, int]


def survey(lines: Iterable[Line], tick: Callable[[], None] = lambda: None) -> Survey:
    """Read every line once. Raises BadStatement at the first bad one."""
    total = outgoing = 0
    first: dict[str, int] = {}
    for line in lines:
        total += 1
        tick()
        if len(line.account) > LONGEST_ACCOUNT:
            raise BadStatement(
                f"line {line.number}: an account's name has at most {LONGEST_ACCOUNT} characters"
            )
        if line.amount > 0:
            first.setdefault(line.identity, line.number)
        else:
            outgoing += 1
    return Survey(total, outgoing, first)
