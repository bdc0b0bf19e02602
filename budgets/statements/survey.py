"""The validation of a whole file before anything is written; its lines are parsed here, once."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from budgets.errors import BadStatement
from budgets.statements.lines import Line
from budgets.statements.spool import Spool

LONGEST_ACCOUNT = 200  # characters


@dataclass(frozen=True, slots=True)
class Survey:
    """The content of a valid file.

    `total` counts its lines, `outgoing` those that bring no money in. `first` has the identity of
    each incoming line and the number of the first line with that identity.
    """

    total: int
    outgoing: int
    first: Mapping[str, int]
    _copy: Spool

    def lines(self) -> Iterator[Line]:
        """The lines as they were parsed, in the file's order. Can be called again."""
        with self._copy.reader() as rows:
            for row in rows:
                number, account, posted, *rest = json.loads(row)
                yield Line(number, account, date.fromisoformat(posted), *rest)


_COLUMNS = attrgetter(*Line.__slots__)


def survey(lines: Iterable[Line], tick: Callable[[], None] = lambda: None) -> Survey:
    """Parse and keep every line; `tick` is called for each. Raises BadStatement at a bad one."""
    total = outgoing = 0
    first: dict[str, int] = {}
    copy = Spool()
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
        copy.write(json.dumps(_COLUMNS(line), default=str).encode() + b"\n")
    return Survey(total, outgoing, first, copy)
